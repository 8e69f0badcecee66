"""A run as the rows that are published about it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from pydantic import ValidationError

from segjob.config import Segmentation
from segjob.errors import ConfigError, DataError, WarehouseError

REFUSED = "refused"
"""The status of a run that published nothing, whose evidence is kept."""
FIT, ASSIGNMENT = "fit", "assignment"
"""The kinds of runs: one that fitted a model, and one that gave rows segments by the model of an earlier fit."""

Record = dict[str, Any]
"""A row of a published table, column -> value."""


def settings_of(run: Record) -> Segmentation:
    """The settings that a run was made with.

    Raises
    ------
    WarehouseError : they are not as segjob wrote them.
    """
    try:
        return Segmentation.model_validate_json(run["config"])
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(["config", *map(str, first["loc"])])
        raise WarehouseError(
            f"the settings of run {run['run_id']} in table runs cannot be read: {place}: {first['msg']}",
            hint="somebody or a newer segjob wrote them; publish a new run with `segjob run`",
        ) from error


@dataclass(frozen=True)
class PublishedRun:
    """One run's evidence; every list is in the order to show it."""

    TABLES: ClassVar[tuple[str, ...]] = (
        "sweeps",
        "k_votes",
        "exclusions",
        "transforms",
        "segments",
        "profiles",
        "lineage",
        "partitions",
    )
    """The shared tables that hold it, beside `runs`."""
    EVIDENCE: ClassVar[tuple[str, ...]] = ("sweeps", "k_votes", "partitions")
    """Those of them that only a fit writes."""

    run: Record
    is_current: bool
    sweep: Sequence[Record]
    votes: Sequence[Record]
    exclusions: Sequence[Record]
    transforms: Sequence[Record]
    segments: Sequence[Record]
    profiles: Sequence[Record]
    lineage: Sequence[Record]
    partitions: Sequence[Record]
    partition: str | None = None
    """The value of the column of partitions whose rows alone this is about."""

    @classmethod
    def of(cls, run: Record, rows: Mapping[str, Sequence[Record]]) -> PublishedRun:
        """A run from its rows in any order.

        Parameters
        ----------
        run : its row of `runs`, with `is_current`.
        rows : those of each of `TABLES`.
        """
        position = {row["feature"]: row["position"] for row in rows["transforms"]}

        def place(row: Record) -> tuple[int, int]:
            return row["segment_id"], position.get(row["feature"], -1)

        return cls(
            run={name: value for name, value in run.items() if name != "is_current"},
            is_current=run["is_current"],
            sweep=sorted(rows["sweeps"], key=lambda row: (row["partition"] or "", row["k"])),
            votes=sorted(rows["k_votes"], key=lambda row: (row["partition"] or "", row["rule"])),
            exclusions=sorted(
                rows["exclusions"],
                key=lambda row: (row["column_name"], row["reason"], row["partition"] or ""),
            ),
            transforms=sorted(rows["transforms"], key=lambda row: (row["partition"] or "", row["position"])),
            segments=sorted(rows["segments"], key=lambda row: row["segment_id"]),
            profiles=sorted(rows["profiles"], key=place),
            lineage=sorted(rows["lineage"], key=lambda row: row["segment_id"]),
            partitions=sorted(rows["partitions"], key=lambda row: str(row["partition"])),
        )

    def of_partition(self, value: str) -> PublishedRun:
        """What the run says of one value of its column of partitions, as if that were all of its rows.

        Raises
        ------
        ConfigError : the run has one model for all rows.
        DataError : there is no such value in the run, or it was refused.
        """
        column = self.run["partition_by"]
        if column is None:
            raise ConfigError(
                f"run {self.run['run_id']} has one model for all rows, and no partitions",
                hint="leave --partition out",
            )
        own = next((row for row in self.partitions if row["partition"] == value), None)
        if own is None:
            known = ", ".join(repr(row["partition"]) for row in self.partitions[:10])
            raise DataError(f"run {self.run['run_id']} has no {column} {value!r}", hint=f"it has {known}")
        if own["k"] is None:
            raise DataError(
                f"run {self.run['run_id']} has no segments for {column} {value!r}: {own['reason']}"
            )
        segments = [row for row in self.segments if row["partition"] == value]
        rows = sum(row["rows"] for row in segments)
        ids = {row["segment_id"] for row in segments}
        told = {name: own[name] for name in self.run if name in own and name not in ("run_id", "rows")}
        counts = {"rows_read": rows, "rows_segmented": rows, "rows_excluded": 0}
        settings = json.loads(self.run["config"])
        condition = value_condition(column, value, settings["where"])
        told |= {
            "partition": value,
            "config": json.dumps({**settings, "where": condition}),
            "rows_outside": self.run["rows_read"] - rows + (self.run["rows_outside"] or 0),
        }

        def those(records: Sequence[Record]) -> list[Record]:
            return [row for row in records if row["partition"] == value]

        return PublishedRun(
            run={**self.run, **told, **counts},
            is_current=self.is_current,
            sweep=[{**row, "is_chosen": row["k"] == own["k"]} for row in those(self.sweep)],
            votes=those(self.votes),
            exclusions=[],
            transforms=those(self.transforms),
            segments=[{**row, "share": row["rows"] / rows if rows else 0.0} for row in segments],
            profiles=those(self.profiles),
            lineage=[row for row in self.lineage if row["segment_id"] in ids],
            partitions=[],
            partition=value,
        )

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        parts = (
            *("sweep", "votes", "exclusions", "transforms", "segments", "profiles", "lineage"),
            "partitions",
        )
        return {
            "run": dict(self.run),
            "is_current": self.is_current,
            **{part: [dict(row) for row in getattr(self, part)] for part in parts},
        }


def value_condition(column: str, value: str, where: str | None) -> str:
    """The condition of the rows with one value in a column, within another condition."""
    name, text = column.replace('"', '""'), value.replace("'", "''")
    one = f"\"{name}\" = '{text}'"
    return one if where is None else f"({where}) and {one}"


def newest_first(runs: Iterable[Record]) -> list[Record]:
    """The runs in the order of the moments that their rows stand for, each with `is_current`.

    A segmentation's current run is its newest that was neither rolled back nor refused. Rows of an older layout are
    completed: such a run is a fit, and its rows stand for the moment of its publication.
    """
    completed = [
        {
            **run,
            "kind": run["kind"] or FIT,
            "fit_run_id": run["fit_run_id"] or run["run_id"],
            "as_of": run["as_of"] or run["published_at"],
        }
        for run in runs
    ]
    records, seen = [], set()
    for run in sorted(completed, key=place_in_time, reverse=True):
        is_current = run["status"] == "published" and run["segmentation"] not in seen
        if is_current:
            seen.add(run["segmentation"])
        records.append({**run, "is_current": is_current})
    return records


def place_in_time(run: Record) -> tuple[datetime, int]:
    """What orders runs: the moment that the rows stand for; of the same moment, the later run is the newer."""
    return run["as_of"], run["run_id"]
