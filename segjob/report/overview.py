"""All segmentations of a warehouse on one page: what each found, and how they cross."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from segjob.core.select_k.structure import headline
from segjob.report import answer, figures, palette, words
from segjob.report.data import Report, SegmentRow
from segjob.report.figures import canvas, export
from segjob.report.files import GENERATOR
from segjob.report.page import TEMPLATES, environment, feature_list

MOST_MAPS = 8
"""Segmentations whose map is drawn: a page of more would be large."""
_NOTABLE = 1.5
"""Customers in two segments, over those that chance would give, from which a pair is called out."""
_MOST_NOTABLE = 3


@dataclass(frozen=True)
class Crossing:
    """How many rows are in a segment of one segmentation and a segment of another: (first, second) -> rows."""

    first: Report
    second: Report
    rows: Mapping[tuple[int, int], int]


def render(reports: Sequence[Report], crossings: Sequence[Crossing], label: str) -> str:
    """The page. label : of the warehouse."""
    from markupsafe import Markup

    with canvas.style():
        parts = [_part(report, number, Markup) for number, report in enumerate(reports, 1)]
    style = palette.css() + (TEMPLATES / "page.css").read_text(encoding="utf-8")
    return (
        environment()
        .get_template("overview.html.j2")
        .render(
            generator=GENERATOR,
            style=Markup(style),
            parts=parts,
            crossings=[_table(crossing, parts) for crossing in crossings],
            label=label,
        )
    )


def _part(report: Report, number: int, markup: Any) -> dict[str, Any]:
    """What the page says of one segmentation."""
    maps = figures.sections(report)["maps"][:1] if number <= MOST_MAPS else []
    named = [dataclasses.replace(figure, name=f"map_{number}") for figure in maps]
    return {
        "id": f"segmentation-{number}",
        "report": report,
        "run": report.run,
        "noun": report.noun,
        "headline": headline(report.run) or words.verdict(report.run, report.noun.many)[0],
        "columns": feature_list(report),
        "statements": answer.statements(report),
        "figures": [(figure, markup(export.page_svg(figure, f"f{number}"))) for figure in named],
        "cards": [
            {
                "segment": segment,
                "role": palette.segment_role(segment.segment_id),
                "measures": answer.measure_shares(report, segment.segment_id),
            }
            for segment in report.segments
        ],
    }


def _table(crossing: Crossing, parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A crossing as a table: of each segment of the first, the shares that are in each segment of the second."""
    first, second = crossing.first.segments, crossing.second.segments
    total = sum(crossing.rows.values())
    of_first = {
        s.segment_id: sum(n for (i, _), n in crossing.rows.items() if i == s.segment_id) for s in first
    }
    of_second = {
        s.segment_id: sum(n for (_, j), n in crossing.rows.items() if j == s.segment_id) for s in second
    }

    def cell(a: SegmentRow, b: SegmentRow) -> dict[str, Any]:
        rows, own = crossing.rows.get((a.segment_id, b.segment_id), 0), of_first[a.segment_id]
        share = rows / own if own else 0.0
        expected = own * of_second[b.segment_id] / total
        return {"rows": rows, "share": share, "times": rows / expected if expected else 0.0, "to": b}

    lines = [{"segment": a, "cells": [cell(a, b) for b in second]} for a in first]
    ids = {part["run"]["segmentation"]: part["id"] for part in parts}
    names = (crossing.first.run["segmentation"], crossing.second.run["segmentation"])
    return {
        "names": names,
        "ids": [ids[name] for name in names],
        "total": total,
        "noun": crossing.first.noun,
        "columns": second,
        "lines": lines,
        "notable": list(_notable(lines)),
    }


def _notable(lines: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The pairs that share the most rows beyond chance, in words."""
    pairs = [(line["segment"], cell) for line in lines for cell in line["cells"] if cell["times"] >= _NOTABLE]
    pairs.sort(key=lambda pair: -pair[1]["rows"] * (1 - 1 / pair[1]["times"]))
    for segment, cell in pairs[:_MOST_NOTABLE]:
        own, other = (f"{s.segment_id} · {words.clean(s.name)}" for s in (segment, cell["to"]))
        share, times = words.percent(cell["share"]), words.number(cell["times"])
        yield f"{share} of “{own}” are in “{other}”, {times} times as many as by chance."
