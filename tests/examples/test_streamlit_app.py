"""The example page over a serving file, run by Streamlit's own AppTest."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.small_warehouse import RUN, Segjob, execute, query

pytestmark = pytest.mark.slow

SNAPSHOT = ("snapshot", "out")


def segments(k: int, name: str) -> tuple[str, ...]:
    return (*RUN, "--k-range", "3:3", "--k", str(k), "--name", name)


@pytest.fixture
def file(after: Callable[..., Path]) -> Path:
    """The warehouse with two segmentations, and the snapshot in folder out."""
    return after(segments(3, "by income"), segments(2, 'odd "name"'), SNAPSHOT)


@pytest.fixture
def page(root: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The page over the snapshot."""
    testing = pytest.importorskip("streamlit.testing.v1", reason="streamlit is not installed")
    monkeypatch.setenv("SEGJOB_SNAPSHOT", "out/shop.duckdb")
    monkeypatch.setattr("sys.argv", ["streamlit_app.py"])
    return testing.AppTest.from_file(root / "examples" / "streamlit_app.py", default_timeout=60)


def metrics(page: Any) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def test_it_shows_what_is_published(page: Any, file: Path) -> None:
    page.run()
    assert not page.exception
    assert not page.error
    assert page.selectbox[0].options == ["by income", 'odd "name"']
    assert metrics(page)["Customers"] == "150"
    assert metrics(page)["Segments"] == "3"
    profile = page.dataframe[0].value
    expected = query(file, 'select name, "rows" from segments."by income_profile" order by segment_id')
    assert list(zip(profile["name"], profile["rows"], strict=True)) == expected
    chart = next(element for element in page.main if element.type == "vega_lite_chart")
    encoding = json.loads(chart.proto.spec)["encoding"]
    assert encoding["y"]["sort"] is None, "bars are in the order of the rows"
    customers = page.dataframe[1].value
    assert len(customers) == expected[0][1]
    assert set(customers["segment_name"]) == {expected[0][0]}


def test_another_segmentation_and_another_segment_can_be_picked(page: Any, file: Path) -> None:
    page.run()
    page.selectbox[0].set_value('odd "name"').run()
    assert metrics(page)["Segments"] == "2"
    [_, (name, rows)] = query(
        file, 'select name, "rows" from segments."odd ""name""_profile" order by segment_id'
    )
    page.selectbox[1].set_value(name).run()
    assert not page.exception
    assert len(page.dataframe[1].value) == rows


def test_the_next_look_shows_the_newest_run(page: Any, file: Path, segjob: Segjob) -> None:
    page.run()
    assert "Sizes over the runs" not in [header.value for header in page.subheader]
    execute(file, "insert into customers values (9999, 50, 50)")
    assert segjob(*segments(3, "by income"), "--quiet", "--warehouse", file).code == 0
    segjob("snapshot", "out", "--quiet", "--warehouse", file)
    page.run()
    assert metrics(page)["Customers"] == "151"
    assert page.caption[0].value.startswith("Run 3.")
    assert "Sizes over the runs" in [header.value for header in page.subheader]


def test_no_file_is_said_in_words(page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGJOB_SNAPSHOT", "nowhere.duckdb")
    page.run()
    assert not page.exception
    assert "Write it with `segjob snapshot`" in page.error[0].value


def test_it_is_short(root: Path) -> None:
    assert len((root / "examples" / "streamlit_app.py").read_text().splitlines()) < 80
