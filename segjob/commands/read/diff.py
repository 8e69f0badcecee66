"""`segjob diff`: what moved between two runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segjob.core.segments.row_label import RowLabel, row_label_of
from segjob.errors import DataError
from segjob.registry.movements import flows_between
from segjob.registry.registry import Registry


@dataclass(frozen=True)
class Diff:
    """The flows from one run's segments to another's; None stands for not being in the run, `noun` for a row."""

    segmentation: str
    from_run: int
    to_run: int
    from_names: Mapping[int, str]
    to_names: Mapping[int, str]
    flows: Sequence[Mapping[str, Any]]
    noun: RowLabel

    def as_json(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "segmentation": self.segmentation,
            "from_run": self.from_run,
            "to_run": self.to_run,
            "flows": list(self.flows),
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
    return Diff(names[0], from_run, to_run, then.names, now.names, flows, row_label_of(key.name))
