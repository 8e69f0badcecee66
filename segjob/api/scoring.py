"""A data frame scored in memory with a published model: the same as the warehouse's statements do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from segjob.core.model import Model
from segjob.core.segments.score import score
from segjob.errors import ConfigError
from segjob.registry.models import PublishedModel

if TYPE_CHECKING:
    import pandas as pd


def source_values(frame: pd.DataFrame, model: Model) -> dict[str, Any]:
    """By source column, the values as `score` takes them.

    Raises
    ------
    ConfigError : the frame lacks columns, or one holds no numbers.
    """
    kinds: dict[str, str] = {} if model.partitions is None else {model.partitions.column: "one_hot"}
    kinds |= {t.source_column: t.function for t in model.transforms}
    if lacking := [name for name in kinds if name not in frame.columns]:
        raise ConfigError(
            f"the data frame has no column {', '.join(map(repr, lacking))}",
            hint=f"the model needs {', '.join(kinds)}",
        )
    return {
        name: text_values(frame[name]) if kind == "one_hot" else number_values(frame[name], name)
        for name, kind in kinds.items()
    }


def text_values(column: Any) -> np.ndarray[Any, Any]:
    """Categories as the warehouse casts them to text; None where there is none."""
    values = [
        None
        if _is_missing(value)
        else str(value).lower()
        if isinstance(value, (bool, np.bool_))
        else str(value)
        for value in np.asarray(column, dtype=object)
    ]
    return np.array([*values, None], dtype=object)[:-1]


def number_values(column: Any, name: str = "") -> np.ndarray[Any, Any]:
    """Numbers as float64, NaN where there is none."""
    try:
        values = [
            np.nan if _is_missing(value) else float(value) for value in np.asarray(column, dtype=object)
        ]
    except (TypeError, ValueError):
        raise ConfigError(f"column {name!r} of the data frame does not hold numbers") from None
    return np.array(values, dtype=np.float64)


def _is_missing(value: Any) -> bool:
    return value is None or value != value or type(value).__name__ in ("NAType", "NaTType")


def score_frame(published: PublishedModel, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of `<s>_scores` for a data frame, without the key."""
    import pandas as pd

    found = score(source_values(frame, published.model), published.model)
    ids = pd.array(np.where(found.segment_id == 0, -1, found.segment_id), dtype="Int64")
    others = pd.array(np.where(found.next_segment_id == 0, -1, found.next_segment_id), dtype="Int64")
    ids[found.segment_id == 0] = pd.NA
    others[found.next_segment_id == 0] = pd.NA
    return pd.DataFrame(
        {
            "segment_id": ids,
            "segment_name": [published.names.get(int(i)) for i in found.segment_id],
            "distance": found.distance,
            "next_segment_id": others,
            "margin": found.margin,
            "is_outlier": found.is_outlier,
        },
        index=frame.index,
    )
