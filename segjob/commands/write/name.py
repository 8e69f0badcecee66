"""`segjob name`: an analyst's name for a segment; it wins over the automatic one and survives retrains."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from segjob.errors import ConfigError, DataError
from segjob.registry.models import PublishedModel
from segjob.registry.registry import Registry
from segjob.registry.runs import Record
from segjob.registry.schema import ensure_layout
from segjob.registry.views import point_at

LONGEST_NAME, LONGEST_TEXT = 100, 2_000
"""Characters of a segment's name, which stands in tables and figures, and of its description."""


def name_segment(
    registry: Registry, segmentation: str | None, segment_id: int, name: str, description: str | None
) -> str:
    """Name a segment of the current run, now and in the runs to come; the segmentation's name.

    Raises
    ------
    ConfigError : the name is empty or too long, or another segment has it.
    DataError : the current run has no such segment.
    """
    name = name.strip()
    if not name:
        raise ConfigError("a segment's name cannot be empty")
    for text, what, most in ((name, "name", LONGEST_NAME), (description or "", "description", LONGEST_TEXT)):
        if len(text) > most:
            raise ConfigError(
                f"a segment's {what} has at most {most:,} characters, this one {len(text):,}",
                hint="shorten it" + ("; --description takes more" if what == "name" else ""),
            )
    with registry.warehouse.writing():
        ensure_layout(registry)
        run = registry.pick_run(segmentation=segmentation)
        _refuse(registry.load_model(run), segment_id, name)
        _write(registry, run, segment_id, {"name": name, "description": description})
        point_at(registry, registry.load_model(run), registry.key_column(run))
    return str(run["segmentation"])


def _refuse(published: PublishedModel, segment_id: int, name: str) -> None:
    """Raises an error if there is no such segment, or if another one has the name."""
    if segment_id not in published.names:
        numbers = ", ".join(str(number) for number in published.names)
        raise DataError(
            f"{published.run['segmentation']} has no segment {segment_id}", hint=f"it has {numbers}"
        )
    for number, other in published.names.items():
        if other == name and number != segment_id:
            raise ConfigError(
                f"segment {number} is called {name!r} already", hint="names are unique within a run"
            )


def _write(registry: Registry, run: Record, segment_id: int, values: Record) -> None:
    warehouse, names, segments = registry.warehouse, registry.table("names"), registry.table("segments")
    named_at = datetime.now(UTC).replace(tzinfo=None)
    warehouse.execute(
        sa.insert(names).values(
            segmentation=run["segmentation"], segment_id=segment_id, named_at=named_at, **values
        )
    )
    # After the new one: on an engine without transactions, a name is never gone.
    own = sa.and_(names.c.segmentation == run["segmentation"], names.c.segment_id == segment_id)
    warehouse.execute(sa.delete(names).where(own, names.c.named_at < named_at))
    warehouse.execute(
        sa.update(segments)
        .where(segments.c.run_id == run["run_id"], segments.c.segment_id == segment_id)
        .values(named_by="analyst", **values)
    )
