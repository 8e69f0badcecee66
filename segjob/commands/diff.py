"""`segjob diff`: what moved between two runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segjob.core.segments.row_label import RowLabel, row_label_of
from segjob.errors import DataError
from segjob.pipeline.movements import flows_between
from segjob.registry.models import load
from segjob.registry.runs import pick_run
from segjob.registry.views import key_column
from segjob.statements.published.tables import PublishedTables
from segjob.warehouse.base import Warehouse


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


def diff(warehouse: Warehouse, contract: PublishedTables, from_run: int, to_run: int) -> Diff:
    """Compare two runs of one segmentation.

    Raises
    ------
    DataError : there is no such run, they are of two segmentations, or of two keys.
    """
    then, now = (
        load(warehouse, contract, pick_run(warehouse, contract, run_id=run)) for run in (from_run, to_run)
    )
    names = [str(published.run["segmentation"]) for published in (then, now)]
    if names[0] != names[1]:
        raise DataError(f"run {from_run} is of {names[0]!r} and run {to_run} of {names[1]!r}")
    key = key_column(warehouse, contract, now.run)
    flows = flows_between(warehouse, contract, names[0], (key.name, key.type), from_run, to_run)
    return Diff(names[0], from_run, to_run, then.names, now.names, flows, row_label_of(key.name))
