"""`segjob backfill`: the past of a history table, date by date: one fit, and an assignment for every other date."""

from __future__ import annotations

import calendar
import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal, get_args

from segjob.commands.outputs.snapshot import refresh
from segjob.commands.setup.check import check_all
from segjob.commands.write.assign import assign_one, requested_settings
from segjob.commands.write.publish_each import RunResult, patiently
from segjob.commands.write.run import fit_one
from segjob.config import Config
from segjob.errors import ConfigError, DataError, WarehouseBusy
from segjob.pipeline.progress import Progress
from segjob.registry.movements import broken_links, relink
from segjob.registry.registry import Registry
from segjob.registry.relations import ResolvedSegmentation
from segjob.registry.runs import Record, settings_of
from segjob.statements.relation import rows_by_date

Step = Literal["day", "week", "month", "quarter"]
_MONTHS = {"month": 1, "quarter": 3}
_DAYS = {"day": 1, "week": 7}


@dataclass(frozen=True)
class Dates:
    """The dates to fill: from the first to the last, both included, in steps; a month's end stays one.

    fit_on : the date whose rows the model is fitted on; None: the last one.
    """

    first: date
    last: date
    step: str
    fit_on: date | None = None

    def each(self) -> list[date]:
        """All of them, in order.

        Raises
        ------
        ConfigError : there is no such step, or the last date is before the first.
        """
        if self.step not in get_args(Step):
            raise ConfigError(f"--every is {', '.join(get_args(Step))}, not {self.step!r}")
        if self.last < self.first:
            raise ConfigError(f"--to {self.last} is before --from {self.first}")
        days: list[date] = []
        while (day := self._after(len(days))) <= self.last:
            days.append(day)
        return days

    def _after(self, steps: int) -> date:
        if self.step in _DAYS:
            return self.first + timedelta(days=steps * _DAYS[self.step])
        months = self.first.year * 12 + self.first.month - 1 + steps * _MONTHS[self.step]
        year, month = months // 12, months % 12 + 1
        return date(year, month, min(self.first.day, calendar.monthrange(year, month)[1]))


@dataclass(frozen=True)
class Backfilled:
    """What was published, in that order, and the dates that were there already.

    fit_run_id : the run whose model all of them have.
    """

    segmentation: str
    fit_run_id: int
    results: Sequence[RunResult]
    already_there: Sequence[date]

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        columns = ("run_id", "as_of", "kind", "rows_segmented")
        return {
            "segmentation": self.segmentation,
            "fit_run_id": self.fit_run_id,
            "published": [{name: result.published.run[name] for name in columns} for result in self.results],
            "already_there": [day.isoformat() for day in self.already_there],
        }


def backfill(
    registry: Registry, config: Config, segmentation: str, dates: Dates, progress: Progress
) -> Backfilled:
    """Publish a run for each date that has none of the one model, each in a transaction of its own.

    So a backfill that was interrupted goes on where it was, and one that is repeated does nothing.

    Raises
    ------
    ConfigError : the segmentation's relation has no column of dates.
    DataError : dates without rows; nothing was published.
    """
    days = dates.each()
    settings = requested_settings(registry, config, segmentation)[segmentation]
    if not settings.as_of_columns:
        raise ConfigError(
            f"{segmentation!r} has no as_of_column, so every date would have the same rows",
            hint="name the relation's column of dates with as_of_column; without one, `segjob assign --as-of DATE` "
            "publishes the rows as they are now",
        )
    (source,) = check_all(registry, {segmentation: settings}, progress)
    fit_on = dates.fit_on or days[-1]
    _refuse_empty(registry, source, sorted({*days, fit_on}))
    if (keep := config.publish.keep_runs) is not None and keep < len(days):
        progress.warn(
            f"keep_runs is {keep:,}: the assignments of the newest {keep:,} runs are kept, of all the counts"
        )
    job = _Backfill(registry, config, source, progress)
    base, results = job.fit(fit_on)
    there = [day for day in days if job.has(day, base)]
    results += [job.assign(day, base) for day in days if day not in there]
    _mend_links(registry, source)
    refresh(registry, config, progress)
    fitted = {result.published.run["as_of"].date() for result in results}
    return Backfilled(segmentation, base["fit_run_id"], results, [day for day in there if day not in fitted])


def _refuse_empty(registry: Registry, source: ResolvedSegmentation, days: Sequence[date]) -> None:
    """Raises a DataError if the history has no rows of some of the dates."""
    column, *until = source.settings.as_of_columns
    if until:
        return
    relation = dataclasses.replace(source.relation, dates=None)
    with registry.warehouse.reading():
        known = {row["day"] for row in registry.warehouse.records(rows_by_date(relation, column))}
    if lacking := [str(day) for day in days if day not in known]:
        few = ", ".join(lacking[:3]) + (f" and {len(lacking) - 3:,} more" if len(lacking) > 3 else "")
        there = sorted(day for day in known if day is not None)
        raise DataError(
            f"{source.settings.relation} has no rows of {few}",
            hint=f"{column} goes from {there[0]} to {there[-1]}" if there else f"{column} holds no date",
        )


def _mend_links(registry: Registry, source: ResolvedSegmentation) -> None:
    """Compare runs anew that an interrupted job has left without a link to the run before."""
    with registry.warehouse.reading():
        broken = broken_links(registry, source.name, source.key)
        if broken:
            with registry.warehouse.writing():
                for before, after in broken:
                    relink(registry, source.key, before, after)


@dataclass(frozen=True)
class _Backfill:
    registry: Registry
    config: Config
    source: ResolvedSegmentation
    progress: Progress

    def fit(self, day: date) -> tuple[Record, list[RunResult]]:
        """A run by the model that was fitted on the rows of that date; and what was published if there was none."""
        results: list[RunResult] = []
        if (base := self._fitted_on(day)) is None:
            fit = functools.partial(fit_one, self.registry, self.config, self.progress)
            results = [patiently(self.registry, self._as_of(day), fit, self.progress)]
            base = self._fitted_on(day)
        if base is None:
            raise WarehouseBusy("another job took the fit out of use", hint="run again")
        return base, results

    def _fitted_on(self, day: date) -> Record | None:
        with self.registry.warehouse.reading():
            for run in self._published(day):
                earlier = settings_of(run)
                is_of_the_day = self.registry.fit_of(run)["as_of"] == run["as_of"]
                if is_of_the_day and not self.source.settings.changed_since(earlier):
                    return run
        return None

    def has(self, day: date, base: Record) -> bool:
        """Whether a run of this model stands for the date."""
        with self.registry.warehouse.reading():
            return any(run["fit_run_id"] == base["fit_run_id"] for run in self._published(day))

    def assign(self, day: date, base: Record) -> RunResult:
        """Publish the date's rows by the model of that run."""

        def assign(source: ResolvedSegmentation) -> RunResult:
            return assign_one(self.registry, self.config, self.progress, source, base)

        return patiently(self.registry, self._as_of(day), assign, self.progress)

    def _published(self, day: date) -> list[Record]:
        runs = self.registry.runs(self.source.name)
        at = datetime.combine(day, time())
        return [run for run in runs if run["as_of"] == at and run["status"] == "published"]

    def _as_of(self, day: date) -> ResolvedSegmentation:
        self.progress.turn_to(f"{self.source.name} as of {day}")
        with self.registry.warehouse.reading():
            return self.registry.resolve(
                self.source.name, self.source.settings, datetime.combine(day, time())
            )
