"""Report -> one HTML page that needs nothing else, and its figures as files."""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segjob.report import figures, importance, palette, words
from segjob.report.data import MOST_POINTS, Report, Segment
from segjob.report.figures import algorithms, canvas, export
from segjob.report.figures.canvas import Drawn
from segjob.report.payload import document, embedded

_TEMPLATES = Path(__file__).parent / "templates"
_BARS = 6
"""Features that a card shows as bars, the most unusual first."""
_FULL_BAR = 2.0
"""Standard deviations that fill a card's bar."""


@dataclass(frozen=True)
class Rendered:
    """The page, and the figures on it in order."""

    html: str
    report: Report
    figures: Sequence[Drawn]

    def write_figures(self, folder: Path) -> list[Path]:
        """Every figure as SVG and PNG, further pairs of features too."""
        folder.mkdir(parents=True, exist_ok=True)
        with canvas.style():
            every = [*self.figures, *figures.more_pairs(self.report)]
            return [path for drawn in every for path in export.write(drawn, folder)]


def render(report: Report) -> Rendered:
    """The page of a report."""
    import jinja2
    from markupsafe import Markup

    loader = jinja2.FileSystemLoader(_TEMPLATES)
    environment = jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {"number": words.number, "percent": words.percent, "clean": words.clean}
    environment.filters |= {"plain": words.plain, "rule_name": words.rule_name, "reason": words.reason}
    environment.filters |= {"method": algorithms.method_name, "quoted": words.quoted}
    number = itertools.count(1)
    with canvas.style():
        sections = {
            name: [(drawn, Markup(export.page_svg(drawn, f"f{next(number)}"))) for drawn in section]
            for name, section in figures.drawn(report).items()
        }
    style = palette.css() + (_TEMPLATES / "page.css").read_text(encoding="utf-8")
    script = (_TEMPLATES / "page.js").read_text(encoding="utf-8")
    html = environment.get_template("page.html.j2").render(
        report=report,
        run=report.run,
        noun=report.noun,
        sections=sections,
        cards=[_card(report, segment) for segment in report.segments],
        structure=words.structure(report.run["silhouette"], report.noun.many),
        voters=sum(vote.k is not None for vote in report.votes),
        agree=sum(vote.k == report.run["k"] for vote in report.votes),
        columns=_columns(report),
        map_features=[
            words.isolated(words.feature_name(report.transforms[j])) for j in algorithms.map_features(report)
        ],
        shown=len(importance.shown(report)),
        most_points=MOST_POINTS,
        style=Markup(style),
        script=Markup(script),
        script_hash=_hash(script),
        data=Markup(embedded(document(report))),
    )
    return Rendered(html, report, [drawn for section in sections.values() for drawn, _ in section])


def _hash(script: str) -> str:
    """What the page's policy calls its one script: nothing else may run."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _card(report: Report, segment: Segment) -> dict[str, Any]:
    """What one card shows."""
    found = [
        (transform, report.profile[segment.segment_id, transform.feature])
        for transform in report.transforms
        if (segment.segment_id, transform.feature) in report.profile
    ]
    twice = _mirrors(report)
    known = [(t, p, p.z) for t, p in found if p.z is not None and t.feature not in twice]
    known.sort(key=lambda item: -abs(item[2]))
    bars = [
        {
            "name": words.feature_name(transform),
            "value": words.number(profile.mean)
            if transform.category is None
            else words.percent(profile.mean),
            "z": z,
            "width": round(min(abs(z) / _FULL_BAR, 1.0) * 50, 1),
            "way": "above" if z > 0 else "below",
        }
        for transform, profile, z in known[:_BARS]
    ]
    return {
        "segment": segment,
        "role": palette.segment_role(segment.segment_id),
        "apart": words.sets_apart(report, segment),
        "bars": bars,
        "more": max(0, len(known) - _BARS),
    }


def _mirrors(report: Report) -> set[str]:
    """Features that only say again what another says: the last of a column's two categories."""
    found: dict[str, list[str]] = {}
    for transform in report.transforms:
        if transform.category is not None:
            found.setdefault(transform.source_column, []).append(transform.feature)
    return {features[1] for features in found.values() if len(features) == 2}


def _columns(report: Report) -> str:
    names = dict.fromkeys(words.short(words.plain(t.source_column), 40) for t in report.transforms)
    return words.listed([words.isolated(name) for name in names])
