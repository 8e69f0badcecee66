"""`segjob diff`: what moved between two runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segjob.core.segments.row_label import RowLabel, row_label_of
from segjob.errors import DataError
from segjob.registry.movements import flows_between, moved_by
from segjob.registry.registry import Registry
from segjob.registry.runs import place_in_time


@dataclass(frozen=True)
class Diff:
    """The flows from one run's segments to another's; None stands for not being in the run, `noun` for a row.

    moved_by : how many of who moved did so by themselves (`itself`), were moved by the `model`, or `unknown`. None if
        both runs have one model, or no line of runs leads from the one to the other.
    """

    segmentation: str
    from_run: int
    to_run: int
    from_names: Mapping[int, str]
    to_names: Mapping[int, str]
    flows: Sequence[Mapping[str, Any]]
    noun: RowLabel
    moved_by: Mapping[str, int] | None = None

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "segmentation": self.segmentation,
            "from_run": self.from_run,
            "to_run": self.to_run,
            "flows": list(self.flows),
            "moved_by": None if self.moved_by is None else dict(self.moved_by),
        }


def diff(registry: Registry, from_run: int, to_run: int) -> Diff:
    """Compare two runs of one segmentation.

    Raises
    ------
    DataError : there is no such run, they are of two segmentations, or of two keys.
    """
    with registry.warehouse.reading():
        then, now = (
            registry.load_model(registry.pick_run(run_id=run), for_scoring=False)
            for run in (from_run, to_run)
        )
        names = [str(published.run["segmentation"]) for published in (then, now)]
        if names[0] != names[1]:
            raise DataError(f"run {from_run} is of {names[0]!r} and run {to_run} of {names[1]!r}")
        key = registry.key_column(now.run)
        flows = flows_between(registry, names[0], key, from_run, to_run)
        older, newer = sorted((then.run, now.run), key=place_in_time)
        other_model = older["fit_run_id"] != newer["fit_run_id"]
        causes = moved_by(registry, key, older, newer) if other_model else None
    return Diff(names[0], from_run, to_run, then.names, now.names, flows, row_label_of(key.name), causes)
