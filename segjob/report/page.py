"""Report -> one HTML page that needs no network, and its figures as files for slides.

Text from the warehouse reaches the page escaped by the template, never as markup. Nothing is written to disk here.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segjob.core.select_k.structure import headline
from segjob.report import answer, figures, importance, palette, words
from segjob.report.data import MOST_POINTS, Report, SegmentRow
from segjob.report.figures import algorithms, canvas, export
from segjob.report.figures.canvas import Figure
from segjob.report.files import GENERATOR
from segjob.report.payload import document, embedded

if TYPE_CHECKING:
    import jinja2

TEMPLATES = Path(__file__).parent / "templates"
_MOST_BARS = 6
"""Features that a card shows as bars, the most unusual first."""
_MOST_LISTED = 6
"""Features that the first sentence names."""
_FEWEST_BARS, _LEAST_Z = 3, 0.15
"""After so many bars, none is shown for less than this."""
_FULL_BAR_Z = 2.0
"""Standard deviations that fill a card's bar."""


@dataclass(frozen=True)
class Page:
    """The HTML, and the figures in it in order."""

    html: str
    report: Report
    figures: Sequence[Figure]

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Every figure as SVG and PNG, and further pairs of features: file name, content."""
        with canvas.style():
            for figure in (*self.figures, *figures.further_pairs(self.report)):
                yield from export.files(figure).items()


def render(report: Report) -> Page:
    """The page of a report."""
    from markupsafe import Markup

    number = itertools.count(1)
    with canvas.style():
        sections = {
            name: [(figure, Markup(export.page_svg(figure, f"f{next(number)}"))) for figure in section]
            for name, section in figures.sections(report).items()
        }
    script = (TEMPLATES / "page.js").read_text(encoding="utf-8")
    html = (
        environment()
        .get_template("page.html.j2")
        .render(
            generator=GENERATOR,
            report=report,
            run=report.run,
            noun=report.noun,
            sections=sections,
            cards=[_card(report, segment) for segment in report.segments],
            verdict=words.verdict(report.run, report.noun.many),
            headline=headline(report.run) or words.verdict(report.run, report.noun.many)[0],
            statements=answer.statements(report),
            in_a_row=_cards_in_a_row(len(report.segments)),
            voters=sum(vote.k is not None for vote in report.votes),
            agree=sum(vote.k == report.run["k"] for vote in report.votes),
            columns=feature_list(report),
            map_features=[
                words.isolated(words.feature_name(report, report.transforms[j]))
                for j in algorithms.map_features(report)
            ],
            shown=len(importance.shown_features(report)),
            most_points=MOST_POINTS,
            style=Markup(palette.css() + (TEMPLATES / "page.css").read_text(encoding="utf-8")),
            script=Markup(script),
            script_hash=_sha256(script),
            data=Markup(embedded(document(report))),
        )
    )
    return Page(html, report, [figure for section in sections.values() for figure, _ in section])


def environment() -> jinja2.Environment:
    """Where templates come from; it escapes all text."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "number": words.number,
        "percent": words.percent,
        "clean": words.clean,
        "label": words.column_label,
        "rule_name": words.rule_name,
        "reason": words.reason,
        "method": algorithms.method_name,
        "quoted": words.quoted,
        "condition": lambda config: json.loads(config)["where"],
    }
    return environment


def _sha256(script: str) -> str:
    """The script's hash in the page's content security policy, which lets no other script run."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _card(report: Report, segment: SegmentRow) -> dict[str, Any]:
    """One segment's card: what is unusual, in words and as bars."""
    mirrors = _mirrors(report)
    rows = []
    for transform in report.transforms:
        profile = report.profile.get((segment.segment_id, transform.feature))
        if profile is not None and profile.z is not None and transform.feature not in mirrors:
            rows.append((transform, profile, profile.z))
    rows.sort(key=lambda row: -abs(row[2]))
    bars = [
        {
            "name": words.feature_name(report, transform),
            "value": words.feature_value(report, transform, profile.mean),
            "z": z,
            "width": round(min(abs(z) / _FULL_BAR_Z, 1.0) * 50, 1),
            "side": "above" if z > 0 else "below",
        }
        for i, (transform, profile, z) in enumerate(rows[:_MOST_BARS])
        if i < _FEWEST_BARS or abs(z) >= _LEAST_Z
    ]
    return {
        "segment": segment,
        "role": palette.segment_role(segment.segment_id),
        "unusual": words.unusual_features(report, segment),
        "measures": answer.measure_shares(report, segment.segment_id),
        "facts": answer.facts(report, segment),
        "bars": bars,
    }


def _mirrors(report: Report) -> set[str]:
    """The second of a column's two categories: it says the same as the first, the other way round."""
    by_column: dict[str, list[str]] = {}
    for transform in report.transforms:
        if transform.category is not None:
            by_column.setdefault(transform.source_column, []).append(transform.feature)
    return {features[1] for features in by_column.values() if len(features) == 2}


def feature_list(report: Report) -> str:
    """The features' names, and how many more there are."""
    labels = (words.clean(report.words[t.source_column].label) for t in report.transforms)
    names = [words.isolated(words.short(label, 60)) for label in dict.fromkeys(labels)]
    if len(names) > _MOST_LISTED:
        names = [*names[: _MOST_LISTED - 1], f"{len(names) - _MOST_LISTED + 1} other features"]
    return words.listed(names)


def _cards_in_a_row(count: int) -> int:
    """2, 3 or 4: whichever leaves the fewest places empty, 3 rather than 2 and 2 rather than 4."""
    return min((3, 2, 4), key=lambda columns: -count % columns)
