"""The code of docs/python.md runs as it stands, from top to bottom."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd


def test_the_pages_code_runs(root: Path, after: Callable[..., Path]) -> None:
    file = after()
    with duckdb.connect(str(file), read_only=True) as connection:
        names: dict[str, object] = {"customers": connection.execute("from customers").df()}
    blocks = re.findall(
        r"```python\n(.*?)```", (root / "docs" / "python.md").read_text(encoding="utf-8"), re.DOTALL
    )
    assert len(blocks) == 3
    for block in blocks:
        exec(compile(block, "docs/python.md", "exec"), names)
    assert isinstance(names["run"].segments, pd.DataFrame)
    assert names["w"].history()["segmentation"].tolist() == ["own", "value", "value"]
