"""A run as the rows that are published about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from pydantic import ValidationError

from segjob.config import Segmentation
from segjob.errors import WarehouseError

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
    )
    """The shared tables that hold it, beside `runs`."""
    EVIDENCE: ClassVar[tuple[str, ...]] = ("sweeps", "k_votes")
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
            sweep=sorted(rows["sweeps"], key=lambda row: row["k"]),
            votes=sorted(rows["k_votes"], key=lambda row: row["rule"]),
            exclusions=sorted(rows["exclusions"], key=lambda row: (row["column_name"], row["reason"])),
            transforms=sorted(rows["transforms"], key=lambda row: row["position"]),
            segments=sorted(rows["segments"], key=lambda row: row["segment_id"]),
            profiles=sorted(rows["profiles"], key=place),
            lineage=sorted(rows["lineage"], key=lambda row: row["segment_id"]),
        )

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        parts = ("sweep", "votes", "exclusions", "transforms", "segments", "profiles", "lineage")
        return {
            "run": dict(self.run),
            "is_current": self.is_current,
            **{part: [dict(row) for row in getattr(self, part)] for part in parts},
        }


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
