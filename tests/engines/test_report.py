"""`segjob report` on every engine, with the same numbers on the page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.engines import Engine
from helpers.small_warehouse import Outcome, customers

from segjob.report.words import percent

At = Callable[..., Outcome]

SETTINGS = """[segmentations.groups]
relation = "customers"
key = "id"
k = 5
features = [
    "income",
    { column = "score", missing = "impute" },
    { column = "plan", kind = "categorical", weight = 0.3 },
    { column = "is_member", weight = 0.3 },
]
"""
COLUMNS = "id integer, income NUMBER, score NUMBER, plan TEXT, is_member boolean"


def embedded(page: Path) -> dict[str, Any]:
    """What the page says in numbers."""
    data = re.search(r'id="segjob-data">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL)
    assert data is not None
    document: dict[str, Any] = json.loads(data[1])
    return document


def published(engine: Engine, at: At, folder: Path, page: str) -> dict[str, Any]:
    """A page about a run on this engine."""
    rows = [
        (i, x, None if i % 50 == 0 else y, ["basic", "plus", None][i % 3], i % 4 == 0)
        for i, x, y in customers(300)
    ]
    engine.fill("customers", COLUMNS, rows)
    (folder / "segjob.toml").write_text(SETTINGS)
    run = at(engine, "run", "--quiet")
    assert run.code == 0, run.err
    report = at(engine, "report", "--out", page, "--json")
    assert report.code == 0, report.err
    return embedded(folder / page)


def _crosses_as_counted(engine: Engine, at: At, folder: Path) -> None:
    """`report --all` of two segmentations, whose crossing is counted a second time."""
    halves = (
        "run",
        "--from",
        "customers",
        "--key",
        "id",
        "--features",
        "income",
        "--k",
        "2",
        "--name",
        "halves",
    )
    assert at(engine, *halves, "--quiet").code == 0
    written = at(engine, "report", "--all", "--out", "all.html", "--json")
    assert written.code == 0, written.err
    assert written.document["segmentations"] == ["groups", "halves"]
    assert written.document["crossings"] == 1
    counted = engine.query(
        "select g.segment_id, h.segment_id, count(*) from segments.groups g join segments.halves h on h.id = g.id "
        "group by g.segment_id, h.segment_id order by g.segment_id, h.segment_id"
    )
    own = {i: sum(rows for segment, _, rows in counted if segment == i) for i, _, _ in counted}
    shares = {(i, j): rows / own[i] for i, j, rows in counted}
    text = (folder / "all.html").read_text(encoding="utf-8")
    cells = re.findall(r'<td class="(?:more|fewer|even)">([^<]*)</td>', text)
    assert cells == [percent(shares.get((i, j), 0.0)) for i in sorted(own) for j in (1, 2)]


def test_the_page_says_the_same_on_every_engine(
    reference: Engine, engine: Engine, at: At, folder: Path
) -> None:
    pages = [published(reference, at, folder, "expected.html"), published(engine, at, folder, "page.html")]
    expected, page = pages
    assert page["sizes"][0]["rows"] == expected["sizes"][0]["rows"]
    for key in ("rows", "columns", "grouped_by", "categories"):
        assert page["customers"][key] == expected["customers"][key]
    for own, other in zip(
        page["customers"]["distributions"], expected["customers"]["distributions"], strict=True
    ):
        assert own["counts"] == other["counts"]
        assert own["missing"] == other["missing"]
        assert own["mean"] == pytest.approx(other["mean"])
    assert page["customers"]["correlation"][0][1] == pytest.approx(expected["customers"]["correlation"][0][1])
    # Which rows are sampled depends on the engine's hash; all of them are, where they are few.
    for document in pages:
        assert len(document["sample"]["segment_id"]) == 300
    assert len(page["sample"]["is_outlier"]) == len(expected["sample"]["is_outlier"])
    outliers = engine.query("select count(*) from segments.groups where is_outlier")
    assert outliers == [(len(page["sample"]["is_outlier"]),)]
    for verb in (("check",), ("score", "customers", "--into", "scored"), ("health",)):
        outcome = at(engine, *verb)
        assert outcome.code in (0, 5), outcome.err
    # A boolean is a number to the model, and to the function that scores with it.
    agree = (
        "select count(*), count(case when g.segment_id = s.segment_id and g.segment_id = "
        "segments.groups_segment(c.income, c.score, c.plan, c.is_member) then 1 end) "
        "from customers c join scored s on s.id = c.id join segments.groups g on g.id = c.id"
    )
    assert engine.query(agree) == [(300, 300)]
    _crosses_as_counted(engine, at, folder)


def test_numbers_beyond_64_bits(engine: Engine, at: At) -> None:
    wide = "hugeint" if engine.name == "duckdb" else "decimal(38, 0)"
    rows = [(i, round(x) * 10**35, round(y) * 10**35) for i, x, y in customers(150)]
    engine.fill("customers", f"id integer, income decimal(38, 0), score {wide}", rows)
    run = at(
        engine, "run", "--from", "customers", "--key", "id", "--features", "income,score", "-q", "--k", "5"
    )
    assert run.code == 0, run.err
    report = at(engine, "report", "--out", "page.html", "--quiet")
    assert report.code == 0, report.err
