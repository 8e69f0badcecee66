"""The page as a document: nothing injected, nothing from outside, the same every time, small, and accessible."""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from helpers.reports import HOSTILE_COLUMNS, publish, report_of, shoppers
from helpers.small_warehouse import execute, fill

from segjob.report import overview
from segjob.report.data import ComparisonRow, Comparisons, Report
from segjob.report.figures.canvas import style
from segjob.report.figures.export import files
from segjob.report.overview import Crossing
from segjob.report.page import Page, render
from segjob.report.payload import embedded
from segjob.report.words import percent

VOID = {"meta", "link", "br", "img", "input", "hr"}
MOST_BYTES = 1_500_000
SHOPPERS = "id int, gender text, age int, a double, b double, c double"


class Document(HTMLParser):
    """Tags with their attributes, texts, and whether every tag is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.balanced = True
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.balanced = self.balanced and bool(self.open) and self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def hostile_page(hostile: Path) -> Page:
    return render(report_of(hostile, "<i>seg</i>"))


@pytest.fixture(scope="module", params=["people", "hostile"])
def any_page(request: pytest.FixtureRequest, page: Page, hostile_page: Page) -> Page:
    return page if request.param == "people" else hostile_page


def test_the_page_is_the_same_every_time(page: Page, people: Path) -> None:
    assert render(report_of(people, "people")).html == page.html


def test_the_page_is_small_and_asks_for_nothing(any_page: Page) -> None:
    assert len(any_page.html.encode()) < MOST_BYTES
    document = Document(any_page.html)
    assert not [
        tag
        for tag, _ in document.tags
        if tag in {"img", "iframe", "object", "embed", "audio", "video", "form"}
    ]
    assert [link["href"] for link in document.named("link")] == ["data:,"]
    for tag, attributes in document.tags:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            if name in ("src", "href", "xlink:href", "action"):
                assert value is not None
                assert value.startswith(("#", "data:,")), (tag, name, value)
            if name == "style":
                assert "url(" not in (value or "").replace("url(#", "")
    assert "@import" not in any_page.html


def test_only_the_pages_own_script_may_run(any_page: Page) -> None:
    scripts = Document(any_page.html).named("script")
    assert scripts == [{"type": "application/json", "id": "segjob-data"}, {}]
    assert "script-src 'sha256-" in any_page.html
    assert "default-src 'none'" in any_page.html


def test_hostile_texts_stand_there_as_texts(hostile_page: Page) -> None:
    document = Document(hostile_page.html)
    assert document.balanced
    assert document.open == []
    told = "".join(document.texts)
    for text in (
        "</script><script>document.title='owned'</script>",
        "]]> {{ 7 * 7 }} ${1} $\\frac{1}{2}$",
        "<script>alert(1)</script>",
        "]]><script>alert(2)</script>",
    ):
        assert text in told
    assert not {"b", "i"} & {tag for tag, attributes in document.tags if attributes.get("onclick")}
    found = re.search(r'id="segjob-data">(.*?)</script>', hostile_page.html, re.DOTALL)
    assert found is not None
    names = {transform["source_column"] for transform in json.loads(found[1])["transforms"]}
    assert names == set(HOSTILE_COLUMNS)


def test_embedded_json_cannot_leave_its_element() -> None:
    text = embedded({"a": "</script><!--<script>&\u2028\ud800"})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text)["a"].startswith("</script><!--<script>&\u2028")


def test_readers_without_eyes_are_led(any_page: Page) -> None:
    document = Document(any_page.html)
    assert document.named("html")[0]["lang"] == "en"
    levels = [int(tag[1]) for tag, _ in document.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    identifiers = [a["id"] for _, a in document.tags if "id" in a]
    assert len(identifiers) == len(set(identifiers))
    for svg in document.named("svg"):
        assert svg["role"] == "img"
        assert set((svg["aria-labelledby"] or "").split()) <= set(identifiers)
    for tag, attributes in document.tags:
        if tag == "a":
            assert (attributes["href"] or "#")[1:] in identifiers
        if tag == "section":
            assert attributes["aria-labelledby"] in identifiers
    assert len(document.named("caption")) == len(document.named("table")) > 5
    assert len(document.named("figure")) == len(document.named("svg")) == len(any_page.figures)


def test_the_answer_comes_first(page: Page) -> None:
    order = ["maps", "segments", "apart", "time", "why", "customers", "comparisons", "about"]
    sections = [a["id"] for a in Document(page.html).named("section")]
    assert sections == order
    first = page.html[: page.html.index('id="segments"')]
    best = max(page.report.segments, key=lambda s: page.report.profile[s.segment_id, "revenue"].mean or 0.0)
    assert re.search(rf'Most revenue per customer:</strong> <a href="#segment-{best.segment_id}">', first)
    for segment in page.report.segments:
        assert f'href="#segment-{segment.segment_id}"' in first
        assert page.html.index(f'id="segment-{segment.segment_id}"') < page.html.index('id="apart"')
    assert "silhouette" not in first.lower(), "evidence is further down, and folded"
    folds = re.findall(r'<details class="fold">.*?</section>', page.html, re.DOTALL)
    assert len(folds) == 4
    assert "Calinski-Harabasz" in folds[0]
    between = [f for f in page.report.flows if f.from_segment_id and f.to_segment_id]
    moved = sum(f.customers for f in between if f.from_segment_id != f.to_segment_id)
    assert f"{moved:,} moved to another segment" in first


def test_svg_follows_the_theme(page: Page) -> None:
    figures = re.findall(r"<svg .*?</svg>", page.html, re.DOTALL)
    for svg in figures:
        assert not re.search(r"(?:fill|stroke): #", svg), "every colour is a role's"
        assert "var(--" in svg


def test_all_segmentations_are_one_safe_page(page: Page, hostile_page: Page) -> None:
    """Of two segmentations, one of which tries to be something else."""
    first, second = page.report, hostile_page.report
    segments = [(a.segment_id, b.segment_id) for a in first.segments for b in second.segments]
    html = overview.render(
        [first, second], [Crossing(first, second, dict.fromkeys(segments, 7))], "shop & <co>"
    )
    document = Document(html)
    assert document.balanced
    assert not document.named("script")
    assert not document.named("img")
    assert len(html.encode()) < MOST_BYTES
    identifiers = [a["id"] for _, a in document.tags if "id" in a]
    assert len(identifiers) == len(set(identifiers))
    links = [(a["href"] or "")[1:] for a in document.named("a")]
    assert set(links) == {"segmentation-1", "segmentation-2", "crossings"}
    assert len(document.named("svg")) == 2
    assert html.count(f'class="even">{percent(1 / len(second.segments))}</td>') == len(segments)
    assert "</script><script>document.title='owned'</script>" in "".join(document.texts)


@pytest.mark.slow
def test_figures_are_files_for_slides(page: Page) -> None:
    contents = dict(page.files())
    names = {figure.name for figure in page.figures}
    stems = {name.partition(".")[0] for name in contents}
    assert stems >= names
    assert {"map_2", "map_3", "map_6"} <= stems, "further pairs of the four numbers"
    assert set(contents) == {f"{stem}{suffix}" for stem in stems for suffix in (".svg", ".png")}
    for name, content in contents.items():
        if name.endswith(".svg"):
            root = ElementTree.fromstring(content)
            assert root.tag.endswith("svg")
            assert b"var(" not in content
        else:
            assert content.startswith(b"\x89PNG")
            assert len(content) > 3000
    with style():
        again = {name: content for figure in page.figures[:3] for name, content in files(figure).items()}
    assert again == {name: contents[name] for name in again}


def test_without_the_relation_the_tables_are_still_shown(tmp_path: Path) -> None:
    file = fill(
        tmp_path / "gone.duckdb",
        shoppers(120, 3),
        columns=SHOPPERS,
    )
    publish(
        file, "s", {"relation": "customers", "key": "id", "features": ["a", "b"], "k": 3, "k_range": [2, 4]}
    )
    execute(file, "drop view segments.s_scores", "drop table customers")
    html = render(report_of(file, "s")).html
    assert "cannot be read any more" in html
    assert 'id="elbow"' in html
    assert 'id="map"' not in html


@pytest.mark.slow
@pytest.mark.parametrize(
    ("features", "map_title"),
    [
        (["a"], "Customers by a"),
        ([{"column": "gender", "kind": "categorical"}], None),
        ([{"column": "gender", "kind": "categorical"}, "a"], "All features at once"),
    ],
)
def test_few_features_make_a_page_too(tmp_path: Path, features: list[object], map_title: str | None) -> None:
    file = fill(
        tmp_path / "few.duckdb",
        shoppers(150, 4),
        columns=SHOPPERS,
    )
    settings = {"relation": "customers", "key": "id", "features": features, "k": 2, "k_range": [2, 3]}
    publish(file, "few", settings)
    html = render(report_of(file, "few")).html
    assert (map_title or "2 groups of customers") in html


def test_one_segment_is_a_page(tmp_path: Path) -> None:
    file = fill(
        tmp_path / "one.duckdb",
        shoppers(60, 5),
        columns=SHOPPERS,
    )
    publish(
        file, "one", {"relation": "customers", "key": "id", "features": ["a", "b"], "k": 1, "k_range": [1, 3]}
    )
    assert "1 group of customers" in render(report_of(file, "one")).html


@pytest.mark.long
@pytest.mark.slow
def test_many_features_and_segments_stay_small(tmp_path: Path) -> None:
    import numpy as np

    rng = np.random.default_rng(6)
    columns = [f"measure_number_{i}" for i in range(11)]
    rows = [(i, *map(float, rng.normal(size=11))) for i in range(500)]
    file = fill(
        tmp_path / "many.duckdb", rows, columns=", ".join(["id int", *(f"{name} double" for name in columns)])
    )
    publish(
        file,
        "many",
        {
            "relation": "customers",
            "key": "id",
            "features": columns,
            "k": 10,
            "k_range": [10, 10],
            "n_init": 1,
        },
    )
    rendered = render(report_of(file, "many"))
    assert 200_000 < len(rendered.html.encode()) < MOST_BYTES
    assert len(rendered.report.segments) == 10
    assert sum(figure.name.startswith("mean_") for figure in rendered.figures) == 11


def test_report_is_frozen(report: Report) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.schema = "other"  # type: ignore[misc]


def test_what_others_add_is_shown(page: Page) -> None:
    """Names, rules and actions on the card; other algorithms in their table."""
    first = dataclasses.replace(
        page.report.segments[0],
        description="Those who come on Sundays.",
        rule="score < 30 and income > 70",
        rule_precision=0.97,
        rule_recall=0.93,
        action="Write to them in spring.",
    )
    # Rows of an older layout: nothing to draw.
    peers = Comparisons(
        [
            ComparisonRow("ward", 4, 0.0, 0.51, 0.7, 0.83),
            ComparisonRow("hdbscan", None, 0.2, None, None, None),
        ]
    )
    segments = [first, *page.report.segments[1:]]
    html = render(dataclasses.replace(page.report, segments=segments, comparisons=peers)).html
    card = html.split('id="apart"')[0]
    for text in ("come on Sundays.", "score &lt; 30 and income &gt; 70", "93%", "97%", "to them in spring."):
        assert text in card
    assert 'id="comparisons"' in html
    assert "<td>0.83</td>" in html
    assert "In short" in page.html
    assert "In short" not in html


def test_the_command_writes_the_page(people: Path, segjob, folder: Path) -> None:  # type: ignore[no-untyped-def]
    done = segjob("report", "--warehouse", people, "--json")
    assert done.code == 0, done.err
    page = folder / "people-report.html"
    assert done.document["page"] == page.name
    assert page.stat().st_size == done.document["size"]
    assert done.document["files"] == []
    assert done.document["run_id"] == 2


@pytest.mark.long
def test_the_command_writes_figures_under_any_name(hostile: Path, segjob, folder: Path) -> None:  # type: ignore[no-untyped-def]
    done = segjob("report", "--warehouse", hostile, "--out", "page.html", "--figures", "slides")
    assert done.code == 0, done.err
    assert done.out.startswith("wrote page.html (")
    files = sorted((folder / "slides").iterdir())
    assert {file.suffix for file in files} == {".svg", ".png"}
    for file in files:
        if file.suffix == ".svg":
            ElementTree.parse(file)
    assert sorted(p.name for p in folder.iterdir()) == ["page.html", "slides"]


@pytest.mark.slow
def test_the_command_says_what_is_wrong(file: Path, people: Path, segjob, folder: Path) -> None:  # type: ignore[no-untyped-def]
    none = segjob("report", "--warehouse", file)
    assert none.code == 3
    assert "there is no run" in none.err
    lost = segjob("report", "--warehouse", people, "--out", folder / "nowhere" / "page.html")
    assert lost.code == 2
    assert "there is no folder" in lost.err
    (folder / "taken").write_text("a file")
    taken = segjob("report", "--warehouse", people, "--figures", "taken", "--out", "page.html")
    assert taken.code == 2
    assert "taken cannot be written" in taken.err
