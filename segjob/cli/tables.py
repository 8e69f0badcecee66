"""Tables that fit the terminal: columns as wide as their words need, broken between words, never wider than it is."""

from __future__ import annotations

from collections.abc import Sequence

from rich.measure import Measurement
from rich.table import Table

from segjob.cli.output import cells, err, new_table, out

_GAP = 2
"""Characters between columns."""
_ALWAYS = 2
"""Columns that are shown however narrow the terminal is, the first ones."""


def print_table(table: Table) -> None:
    """Print a table on stdout; columns that there is no room for are left out from the right, and named on stderr."""
    left_out = []
    while len(table.columns) > _ALWAYS and _width(table, longest=False) > out.width:
        left_out.append(str(table.columns.pop().header))
    _set_widths(table)
    out.print(table)
    if left_out:
        names = ", ".join(reversed(list(filter(None, left_out))))
        err.print(f"  no room for {names}: --json has them, or a wider terminal", style="dim", markup=False)


def fits(table: Table) -> bool:
    """Whether each of the table's cells fits on one line."""
    return _width(table, longest=True) <= out.width


def print_blocks(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table of many columns as several below each other, each with the first column."""
    start = 1
    while start < len(headers):
        end = len(headers)
        while True:
            picked = [0, *range(start, end)]
            table = new_table(*(headers[i] for i in picked))
            for column in table.columns:
                column.justify = "right"
            table.columns[0].justify = "left"
            for row in rows:
                table.add_row(*cells(*(row[i] for i in picked)))
            if end - start == 1 or _width(table, longest=True) <= out.width:
                break
            end -= 1
        print_table(table)
        start = end


def _needs(table: Table) -> list[Measurement]:
    """Each column's width: of its longest word, and of its longest line."""
    needs = []
    for column in table.columns:
        measured = [Measurement.get(out, out.options, cell) for cell in (column.header, *column.cells)]
        needs.append(Measurement(max(m.minimum for m in measured), max(m.maximum for m in measured)))
    return needs


def _width(table: Table, *, longest: bool) -> int:
    """Of the table with every line, or every word, unbroken."""
    gaps = _GAP * (len(table.columns) - 1)
    return sum(m.maximum if longest else m.minimum for m in _needs(table)) + gaps


def _set_widths(table: Table) -> None:
    """What is left after every column's longest word goes to those with long lines, to the shortest of them first."""
    needs = _needs(table)
    spare = out.width - _width(table, longest=False)
    by_want = sorted(range(len(needs)), key=lambda i: needs[i].maximum - needs[i].minimum)
    for waiting, i in zip(range(len(needs), 0, -1), by_want, strict=True):
        more = max(0, min(needs[i].maximum - needs[i].minimum, spare // waiting))
        table.columns[i].width = min(needs[i].minimum + more, out.width)
        spare -= more
