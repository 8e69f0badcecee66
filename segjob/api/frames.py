"""Rows of a warehouse as pandas data frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from segjob.registry.runs import Record


def frame(records: Sequence[Record], columns: Sequence[str] = ()) -> pd.DataFrame:
    """Records as a data frame; columns : its columns if there is no record."""
    import pandas as pd

    return pd.DataFrame.from_records(list(records), columns=None if records else list(columns))
