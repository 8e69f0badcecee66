"""What was attacked and how it ended, counted by the tests, and as the tables of docs/reliability.md.

`python tests/helpers/attack_figures.py FIGURES.json PAGE.md` writes the figures between the page's two markers.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path

BEGIN, END = "<!-- figures: make attack -->", "<!-- end of figures -->"
ENDS = ("exit code 0", "exit code 2", "exit code 3", "exit code 4", "exit code 5", "killed", "as it must be")


@dataclass
class Figures:
    """Counts of one or several test sessions.

    ends : attack -> how it ended -> times; whole : attack -> how often it is tried with SEGJOB_ATTACK=1.
    failed : tests in which a check did not hold.
    """

    ends: dict[str, Counter[str]] = field(default_factory=dict)
    whole: Counter[str] = field(default_factory=Counter)
    days: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)

    def count(self, attack: str, end: str, times: int = 1) -> None:
        """An attack, and how it ended."""
        self.ends.setdefault(attack, Counter())[end] += times

    def read(self, file: Path) -> None:
        """The figures of earlier sessions."""
        document = json.loads(file.read_text(encoding="utf-8"))
        for attack, ends in document["ends"].items():
            self.ends.setdefault(attack, Counter()).update(ends)
        self.whole |= Counter(document["whole"])
        self.days.update(document["days"])
        self.failed.update(document["failed"])

    def write(self, file: Path) -> None:
        """As JSON, with what is in the file already."""
        if file.exists():
            self.read(file)
        self.days.add(datetime.now(UTC).date().isoformat())
        ends = {attack: dict(sorted(counts.items())) for attack, counts in sorted(self.ends.items())}
        document = {
            "days": sorted(self.days),
            "ends": ends,
            "whole": dict(sorted(self.whole.items())),
            "failed": sorted(self.failed),
        }
        file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def session_file() -> Path | None:
    """The file that SEGJOB_ATTACK_REPORT names."""
    name = os.environ.get("SEGJOB_ATTACK_REPORT")
    return Path(name) if name else None


def page_of(figures: Figures) -> str:
    """The tables, as Markdown."""
    days = " and ".join(_day(day) for day in _first_and_last(sorted(figures.days)))
    shown = [end for end in ENDS if any(counts[end] for counts in figures.ends.values())]
    lines = [
        f"Figures of {days}, with DuckDB {version('duckdb')} and Python {platform.python_version()} on "
        f"{platform.system()}. *Of* is how often the whole suite tries it.",
        "",
        f"| attack | tried | of | {' | '.join(shown)} |",
        f"|---|{'---:|' * (len(shown) + 2)}",
    ]
    for attack in sorted({*figures.ends, *figures.whole}):
        counts = figures.ends.get(attack, Counter())
        tried, whole = sum(counts.values()), figures.whole[attack]
        of = f"{max(tried, whole):,}" if whole else ""
        lines.append(f"| {attack} | {tried:,} | {of} | {' | '.join(f'{counts[end]:,}' for end in shown)} |")
    total = sum(sum(counts.values()) for counts in figures.ends.values())
    held = (
        "the checks above held each time" if not figures.failed else "a check failed in each of these tests"
    )
    lines += ["", f"{total:,} in all: {held}.", "", *(f"- `{test}`" for test in sorted(figures.failed))]
    return "\n".join(lines).strip()


def _first_and_last(days: list[str]) -> list[str]:
    return days[:1] + days[-1:] if len(days) > 1 else days


def _day(day: str) -> str:
    parsed = date.fromisoformat(day)
    return f"{parsed.day} {parsed:%B %Y}"


def replaced(page: str, figures: str) -> str:
    """The page with these figures between its markers."""
    head, _, rest = page.partition(BEGIN)
    _, found, tail = rest.partition(END)
    if not found:
        raise ValueError(f"the page has no {BEGIN} ... {END}")
    return f"{head}{BEGIN}\n\n{figures}\n\n{END}{tail}"


def main(arguments: list[str]) -> None:
    """Write the figures into the page."""
    source, page = map(Path, arguments)
    figures = Figures()
    figures.read(source)
    page.write_text(replaced(page.read_text(encoding="utf-8"), page_of(figures)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
