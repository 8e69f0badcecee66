"""Makes the README's pictures from the demo: the terminal of `segjob run`, and the page of `segjob report`.

    python docs/pictures/make.py [FOLDER]

It needs dbt, segjob and Chromium; nothing is written but the pictures (default: beside this file).
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAMS = Path(sys.executable).parent
SEGMENTATION = "income_spending"
COLUMNS, LINES = 116, 60
VIEWS = {
    "report.png": ("", 1140),
    "report_map.png": ("section:not(#maps),header,nav,footer{display:none}", 600),
}
"""Picture -> what of the page is left out, as CSS, and its height in pixels."""
WIDTH = 1100
COLOURS = 128
"""Of a picture of the page: it is mostly flat, and a fraction of the size this way."""
PAPER = TerminalTheme(
    (251, 251, 252),
    (27, 31, 39),
    [
        (27, 31, 39),
        (178, 34, 34),
        (0, 110, 70),
        (150, 95, 0),
        (25, 84, 166),
        (135, 40, 135),
        (0, 105, 120),
        (90, 98, 112),
    ],
    [
        (90, 98, 112),
        (178, 34, 34),
        (0, 110, 70),
        (150, 95, 0),
        (25, 84, 166),
        (135, 40, 135),
        (0, 105, 120),
        (27, 31, 39),
    ],
)


def demo(folder: Path) -> dict[str, str]:
    """The demo's warehouse in a folder; the environment that leads to it."""
    environment = {
        **os.environ,
        "SEGJOB_WAREHOUSE": str(folder / "warehouse.duckdb"),
        "TERM": "xterm-256color",
    }
    for name in ("SEGJOB_CUSTOMERS", "SEGJOB_ORDERS", "NO_COLOR", "COLUMNS"):
        environment.pop(name, None)
    subprocess.run([PROGRAMS / "dbt", "--quiet", "run"], cwd=ROOT, env=environment, check=True)
    return environment


def typed(arguments: list[str], environment: dict[str, str]) -> str:
    """What a command writes to a terminal of `COLUMNS` columns, with its colours."""
    reader, writer = pty.openpty()
    fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    with subprocess.Popen(
        [PROGRAMS / arguments[0], *arguments[1:]],
        cwd=ROOT,
        env=environment,
        stdin=writer,
        stdout=writer,
        stderr=writer,
    ) as process:
        os.close(writer)
        said = io.BytesIO()
        # The end of a terminal is an error on Linux.
        try:
            while part := os.read(reader, 65536):
                said.write(part)
        except OSError:
            pass
    os.close(reader)
    if process.returncode:
        raise SystemExit(said.getvalue().decode())
    lines = said.getvalue().decode().replace("\r\n", "\n").split("\n")
    return "\n".join(line.rpartition("\r")[2] for line in lines)


def terminal_svg(said: str, file: Path) -> None:
    """A terminal's text as a picture that asks for no font and no network."""
    console = Console(
        record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    console.print(Text(f"$ segjob run {SEGMENTATION}", style="bold"))
    console.print(Text.from_ansi(said.rstrip()))
    svg = console.export_svg(title="segjob", theme=PAPER, unique_id="terminal")
    file.write_text(re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL), encoding="utf-8")


def screenshot(page: Path, without: str, height: int, file: Path) -> None:
    """The top of a page as a browser shows it."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        raise SystemExit("no Chromium here; Debian has it as `chromium`")
    raw, shown = page.with_suffix(".png"), page.with_name("shown.html")
    html = page.read_text(encoding="utf-8")
    shown.write_text(html.replace("</style>", f"{without}</style>", 1), encoding="utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=3000"]
    command = [
        chromium,
        *flags,
        f"--window-size={WIDTH},{height}",
        f"--user-data-dir={page.parent / 'profile'}",
    ]
    subprocess.run(
        [*command, f"--screenshot={raw}", shown.as_uri()], check=True, capture_output=True, timeout=120
    )
    with Image.open(raw) as image:
        image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


def main(folder: Path) -> None:
    """Make both."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        environment = demo(work)
        said = typed(["segjob", "run", SEGMENTATION], environment)
        terminal_svg(said.replace(str(work.resolve()), "~/segjob"), folder / "terminal.svg")
        page = work / "report.html"
        command = [PROGRAMS / "segjob", "report", "--segmentation", SEGMENTATION, "--out", page, "--quiet"]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
        for picture, (without, height) in VIEWS.items():
            screenshot(page, without, height, folder / picture)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
