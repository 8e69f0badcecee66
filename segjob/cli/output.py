"""What reaches the terminal: the two consoles, progress, errors, JSON, and the parts that tables are made of.

Data goes to stdout, everything else to stderr. Names from a warehouse may hold anything, so all text is cleaned here
before it is written; no other module writes to stdout or stderr.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderHook, RenderResult
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from segjob.core.number_format import NO_NUMBER, number, percent
from segjob.errors import WarehouseError
from segjob.pipeline.progress import Phase, Progress
from segjob.printable import is_unsafe, one_line, without_controls

if TYPE_CHECKING:
    from segjob.errors import SegjobError

_WIDE = 160
"""Columns of what is no terminal."""
_LONGEST_WORD, _LONGEST_LINE = 200, 1000
"""Characters of an error that are shown without --verbose."""
_RIGHT_ALIGNED = {"run", "rows", "share", "k", "segment", "silhouette", "inertia", "smallest", "largest"}
_RIGHT_ALIGNED_PREFIXES = ("mean ", "share ", "Davies", "Calinski")


class _Cleaned:
    """What another renderable shows, without control characters."""

    def __init__(self, renderable: ConsoleRenderable) -> None:
        self.renderable = renderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for part in console.render(self.renderable, options):
            yield part if part.control else Segment(without_controls(part.text), part.style)


class _Cleaning(RenderHook):
    """Cleans everything that a console prints; the console's own colours are no part of the text."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Cleaned(renderable) for renderable in renderables]


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    console = Console(stderr=stderr, highlight=False, width=None if stream.isatty() else _WIDE)
    console.push_render_hook(_Cleaning())
    return console


out = _console(stderr=False)
err = _console(stderr=True)


def print_line(*parts: str | tuple[str, str]) -> None:
    """One line on stdout: a line break in a name must not start another. A terminal gets sentences broken at words.

    parts : texts, or a text and its style. An indented line is to be copied and stays as long as it is.
    """
    pairs = [(part, "") if isinstance(part, str) else part for part in parts]
    line = Text.assemble(*((text.replace("\n", " "), style) for text, style in pairs))
    _print_sentence(out, line)


def _print_sentence(console: Console, line: Text) -> None:
    """Text of one line, broken at words on a terminal, and whole for another program or to be copied."""
    console.print(line, soft_wrap=not console.is_terminal or line.plain.startswith(("  ", "--")))


def print_sql(statement: str) -> None:
    """A statement on stdout: as it is for another program, cleaned for a terminal."""
    sys.stdout.write(f"{without_controls(statement) if out.is_terminal else statement}\n")


def print_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Rows as CSV on stdout: values as they are, for another program; cleaned for a terminal."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerows([columns, *rows] if columns else [])
    text = written.getvalue()
    sys.stdout.write(without_controls(text) if out.is_terminal else text)


def print_config_file(file: Path) -> None:
    """The config file in use, on stderr: it may stand in a folder further up."""
    err.print(Text(f"  config: {file}".replace("\n", " "), style="dim"), soft_wrap=True)


def print_warning(text: str) -> None:
    """A warning on stderr."""
    line = Text(f"warning: {text}".replace("\n", " "), style="yellow")
    err.print(
        Padding(line, (0, 0, 0, 2)) if err.is_terminal else Text("  ") + line, soft_wrap=not err.is_terminal
    )


class WarningsOnly(Progress):
    """--quiet: warnings, and no progress."""

    subject: str | None = None

    def turn_to(self, subject: str | None) -> None:
        """Warnings name the subject."""
        self.subject = subject

    def warn(self, text: str) -> None:
        """Print it at once."""
        super().warn(text)
        print_warning(f"{self.subject}: {text}" if self.subject else text)


class LiveProgress(WarningsOnly):
    """Progress for a person: a line per phase, and on a terminal the phase that is under way."""

    def turn_to(self, subject: str | None) -> None:
        """The subject is a heading of its own."""
        if subject:
            err.print(Text(subject, style="dim"), soft_wrap=True)

    def started(self, phase: Phase) -> None:
        """Show the phase where there is a line to overwrite."""
        if err.is_terminal:
            err.print(Text(f"  {phase.name} ...", style="dim"), end="\r")

    def ended(self, phase: Phase) -> None:
        """Replace it with what it took."""
        rate = f"{phase.rows / phase.seconds:,.0f} rows/s" if phase.rows and phase.seconds > 0 else ""
        rows = f"{phase.rows:,} rows" if phase.rows is not None else ""
        parts = (f"{phase.name:<28}", f"{phase.seconds:7.2f} s", rows, rate, phase.note)
        err.print(Text(f"  {'  '.join(filter(None, parts))}", style="dim"), soft_wrap=True)


def print_json(document: Any) -> None:
    """One JSON document on stdout; control characters in it are escaped."""
    encoding = (sys.stdout.encoding or "utf-8").lower().replace("-", "")
    text = json.dumps(_plain(document), indent=2, ensure_ascii=encoding != "utf8")
    sys.stdout.write("".join(_escaped(text)) + "\n")


def _escaped(text: str) -> Iterator[str]:
    # Outside of strings there are none but the line breaks of the indentation.
    for character in text:
        yield f"\\u{ord(character):04x}" if is_unsafe(character) and character != "\n" else character


def print_error(error: SegjobError, *, as_json: bool, verbose: bool) -> None:
    """What was wrong and what to do; long values and the statement that failed in full only with --verbose."""
    message = error.message if verbose else _shortened(error.message)
    hint = error.hint if verbose or error.hint is None else _shortened(error.hint)
    if as_json:
        document = {"error": message, "hint": hint, "exit_code": error.exit_code}
        print_json(document | ({"statement": error.statement} if verbose else {}))
    soft_wrap = not err.is_terminal
    err.print(Text.assemble(("error: ", "bold red"), message), soft_wrap=soft_wrap)
    if hint:
        err.print(Text.assemble(("  hint: ", "bold"), hint), soft_wrap=soft_wrap)
    if error.statement and verbose:
        err.print(Text(error.statement, style="dim"), soft_wrap=True)
    elif error.statement:
        err.print(Text("  the statement: add --verbose", style="dim"))


def print_unexpected(error: Exception, *, as_json: bool, verbose: bool) -> None:
    """What no part of segjob expected: a sentence and what to do; the traceback only with --verbose."""
    print_error(_explained(error), as_json=as_json, verbose=verbose)
    if verbose:
        err.print(Text("".join(traceback.format_exception(error)), style="dim"), soft_wrap=True)


def _explained(error: Exception) -> SegjobError:
    if isinstance(error, MemoryError):
        return WarehouseError("there is not enough memory", hint="raise the limit of memory (ulimit -v)")
    if isinstance(error, ImportError):
        return WarehouseError(
            f"a library cannot be loaded: {error}",
            hint="check the installation, and the limit of memory (ulimit -v): libraries need some to load",
        )
    if isinstance(error, OSError):
        return WarehouseError(str(error), hint="check the file, the folder and the disk")
    return WarehouseError(
        f"segjob failed unexpectedly: {type(error).__name__}: {error}",
        hint="please report it with the command and what --verbose prints",
    )


def _shortened(message: str) -> str:
    """The message with the middle of very long words and lines left out."""
    message = re.sub(
        rf"\S{{{_LONGEST_WORD + 1},}}", lambda word: _middle_out(word[0], _LONGEST_WORD), message
    )
    return "\n".join(_middle_out(line, _LONGEST_LINE) for line in message.split("\n"))


def _middle_out(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most * 3 // 4]}…{text[-most // 4 :]}"


def new_table(*headers: str) -> Table:
    """An empty table; columns of numbers are aligned to the right."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for header in headers:
        numeric = header in _RIGHT_ALIGNED or header.startswith(_RIGHT_ALIGNED_PREFIXES)
        table.add_column(Text(one_line(header)), justify="right" if numeric else "left")
    return table


def cells(*values: object) -> Iterable[Text]:
    """Values as a table shows them, each on one line."""
    # Text, so that a name such as "[red]" is shown and not obeyed.
    return (Text(cell(value)) for value in values)


def cell(value: object) -> str:
    """A value as a person reads it."""
    if value is None:
        return NO_NUMBER
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return one_line(str(value))


def share_or_figure(figure: float | None, is_share: bool) -> float | str | None:
    """A share as a percentage; any other figure as it is."""
    return percent(figure) if is_share and figure is not None else figure


def _plain(value: Any) -> Any:
    """Values as JSON has them; what has no number there is null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
