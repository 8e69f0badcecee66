"""The example page over a serving file, run by Streamlit's own AppTest."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
from small_warehouse import Outcome, customers, execute, fill, query
from typer.testing import CliRunner

from segjob.cli import app

Segjob = Callable[..., Outcome]
RUN = (
    "run",
    "--from",
    "customers",
    "--key",
    "id",
    "--features",
    "income,score",
    "--k-range",
    "3:3",
    "--quiet",
)


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two segmentations and a snapshot of them; made once, and copied for each test."""
    folder = tmp_path_factory.mktemp("first_run")
    with chdir(folder):
        file = fill(folder / "shop.duckdb", customers())
        for arguments in (
            (*RUN, "--k", "3", "--name", "by income"),
            (*RUN, "--k", "2", "--name", 'odd "name"'),
            ("snapshot", "out"),
        ):
            result = CliRunner().invoke(app, [*arguments, "--quiet", "--warehouse", str(file)])
            assert result.exit_code == 0, result.output
    return file


@pytest.fixture
def file(folder: Path, first_run: Path) -> Path:
    """The warehouse, and the snapshot in folder out."""
    shutil.copytree(first_run.parent, folder, dirs_exist_ok=True)
    return folder / first_run.name


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
    expected = query(file, 'select name, "rows" from segments."by income_profile" order by rows desc')
    assert list(zip(profile["name"], profile["rows"], strict=True)) == expected
    customers = page.dataframe[1].value
    assert len(customers) == expected[0][1]
    assert set(customers["segment_name"]) == {expected[0][0]}


def test_another_segmentation_and_another_segment_can_be_picked(page: Any, file: Path) -> None:
    page.run()
    page.selectbox[0].set_value('odd "name"').run()
    assert metrics(page)["Segments"] == "2"
    [_, (name, rows)] = query(
        file, 'select name, "rows" from segments."odd ""name""_profile" order by rows desc'
    )
    page.selectbox[1].set_value(name).run()
    assert not page.exception
    assert len(page.dataframe[1].value) == rows


def test_the_next_look_shows_the_newest_run(page: Any, file: Path, segjob: Segjob) -> None:
    page.run()
    assert "Sizes over the runs" not in [header.value for header in page.subheader]
    execute(file, "insert into customers values (9999, 50, 50)")
    assert segjob(*RUN, "--quiet", "--k", "3", "--name", "by income", "--warehouse", file).code == 0
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
