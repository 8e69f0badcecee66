"""`segjob history`: all runs, newest first."""

from __future__ import annotations

from segjob.registry.registry import Registry
from segjob.registry.runs import Record


def history(registry: Registry, segmentation: str | None) -> list[Record]:
    """The runs of one segmentation, or of all, refused ones too, each with `is_current`."""
    with registry.warehouse.reading():
        return registry.runs(segmentation, with_refused=True)
