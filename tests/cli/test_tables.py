"""Tables on terminals of any width: nothing is wider than they are, and no word is broken."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from segjob.cli import tables
from segjob.cli.output import cells, new_table

WORD = st.text("abcdefgh", min_size=1, max_size=11)
CELL = st.lists(WORD, min_size=1, max_size=9).map(" ".join)


def printed(monkeypatch: pytest.MonkeyPatch, width: int, rows: list[list[str]]) -> tuple[list[str], str]:
    """A table of these rows, the first its headers: the lines on stdout, and stderr."""
    out, err = Console(width=width, record=True, quiet=False), Console(width=400, record=True)
    monkeypatch.setattr(tables, "out", out)
    monkeypatch.setattr(tables, "err", err)
    table = new_table(*rows[0])
    for row in rows[1:]:
        table.add_row(*cells(*row))
    tables.print_table(table)
    return out.export_text().splitlines(), err.export_text()


@settings(max_examples=60, deadline=None)
@given(width=st.integers(30, 120), data=st.data(), columns=st.integers(2, 9))
def test_words_stay_whole_and_lines_short(width: int, data: st.DataObject, columns: int) -> None:
    rows = data.draw(st.lists(st.lists(CELL, min_size=columns, max_size=columns), min_size=2, max_size=4))
    with pytest.MonkeyPatch.context() as monkeypatch:
        lines, note = printed(monkeypatch, width, rows)
    assert max(map(len, lines)) <= width
    seen = sorted(" ".join(lines).split())
    shown = next(
        n
        for n in range(columns, 0, -1)
        if sorted(w for row in rows for c in row[:n] for w in c.split()) == seen
    )
    assert shown >= 2
    assert all(header in note for header in rows[0][shown:])
    needed = sum(max(len(w) for row in rows for w in row[i].split()) + 2 for i in range(columns)) - 2
    assert (shown == columns) == (needed <= width or columns == 2)


def test_many_columns_become_tables_below_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Console(width=40, record=True)
    monkeypatch.setattr(tables, "out", out)
    ids = [str(i) for i in range(1, 13)]
    rows = [(f"mean of {name}", *(f"{i}.{name}" for i in ids)) for name in ("income", "age")]
    tables.print_blocks(["segment", *ids], rows)
    lines = out.export_text().splitlines()
    assert max(map(len, lines)) <= 40
    assert [line.split()[0] for line in lines] == ["segment", "mean", "mean"] * (len(lines) // 3)
    assert [i for line in lines[::3] for i in line.split()[1:]] == ids
    assert [v for line in lines[1::3] for v in line.split()[3:]] == [f"{i}.income" for i in ids]
