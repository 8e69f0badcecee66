"""The Python interface: its public names, what importing it costs, and that its examples are true."""

from __future__ import annotations

import doctest
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers.small_warehouse import RUN, environment, execute, query

import segjob

VALUE = (*RUN, "--name", "value")
PUBLIC = [
    "ConfigError",
    "Connection",
    "DataError",
    "NoSegmentation",
    "Run",
    "SegjobError",
    "WarehouseError",
    "__version__",
    "open",
    "publish",
]
METHODS = {
    "Connection": [
        *(
            "assign",
            "assignments",
            "explain",
            "health",
            "history",
            "model",
            "publish_fitted",
            "query",
            "report",
        ),
        *("run", "score", "show"),
    ],
    "Run": [
        *("exclusions", "info", "is_current", "k", "profile", "run_id", "segmentation", "segments", "sweep"),
        *("transforms", "votes"),
    ],
}


def test_the_public_names_are_these():
    assert sorted(segjob.__all__) == PUBLIC
    assert all(getattr(segjob, name) is not None for name in PUBLIC)
    for kind, names in METHODS.items():
        assert [name for name in dir(getattr(segjob, kind)) if not name.startswith("_")] == names
    assert (Path(segjob.__file__).parent / "py.typed").is_file()
    with pytest.raises(AttributeError, match="no attribute 'sgement'"):
        segjob.sgement  # noqa: B018


def test_importing_it_imports_nothing_else(root):
    code = "import sys; before = set(sys.modules); import segjob; print(*set(sys.modules) - before)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment(), cwd=root
    )
    assert set(done.stdout.split()) <= {"segjob", "__future__"}


@pytest.mark.parametrize("module", ["segjob", "segjob.api.connection", "segjob.api.publishing"])
def test_the_examples_are_true(module: str, after: Callable[..., Path]):
    file = after(VALUE)
    tests = doctest.DocTestFinder().find(import_module(module), module)
    names = {"segjob": segjob, "w": segjob.open(file.name), "pd": pd}
    examples = 0
    for test in sorted(tests, key=lambda test: test.lineno or 0):
        test.globs.update(names)
        result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test)
        assert result.failed == 0, test.name
        examples += result.attempted
    assert examples >= 3


def test_a_run_is_the_tables_rows_and_shows_itself(after: Callable[..., Path]):
    file = after((*VALUE, "--k", "5"), first=("update customers set income = null where id = 3",))
    execute(file, "update segments.segments set name = '<b>&' where segment_id = 2")
    w = segjob.open(file)
    run = w.show()
    assert (run.run_id, run.segmentation, run.k, run.is_current) == (1, "value", 5, True)
    for table, frame in (
        ("segments", run.segments),
        ("profiles", run.profile),
        ("k_votes", run.votes),
        ("sweeps", run.sweep),
        ("exclusions", run.exclusions),
        ("transforms", run.transforms),
    ):
        assert len(frame) == query(file, f"select count(*) from segments.{table}")[0][0] > 0
    assert run.info["rows_excluded"] == 1
    shown = run._repr_html_()
    assert "2: &lt;b&gt;&amp;" in shown
    assert shown.count("income: ") == 5
    assert len(w.assignments()) == 149
    assert w.history()["k"].tolist() == [5]


def test_frames_are_scored_as_the_view_scores(after: Callable[..., Path]):
    file = after(VALUE)
    w = segjob.open(file)
    customers = pd.DataFrame(
        {"score": [80.0, None, 15.0], "income": pd.array([20, 30, 85], dtype="Int64")}, index=[5, 9, 7]
    )
    scored = w.score(customers)
    assert scored.index.tolist() == [5, 9, 7]
    assert scored["segment_id"].isna().tolist() == [False, True, False]
    for key, income, score in ((5, 20.0, 80.0), (7, 85.0, 15.0)):
        execute(file, f"insert into customers values ({1000 + key}, {income}, {score})")
        row = query(
            file,
            f"select segment_id, segment_name, distance, margin from segments.value_scores where id = {1000 + key}",
        )[0]
        assert (scored.loc[key, "segment_id"], scored.loc[key, "segment_name"]) == row[:2]
        np.testing.assert_allclose(scored.loc[key, ["distance", "margin"]].astype(float), row[2:], rtol=1e-12)
    with pytest.raises(segjob.ConfigError, match="no column 'income'"):
        w.score(customers[["score"]])
    with pytest.raises(segjob.ConfigError, match="does not hold numbers"):
        w.score(customers.assign(income="many"))


def test_a_config_file_names_the_segmentations(folder: Path, after: Callable[..., Path]):
    after()
    (folder / "segjob.toml").write_text(
        '[warehouse]\nurl = "shop.duckdb"\nschema = "mine"\n'
        '[segmentations.value]\nrelation = "customers"\nkey = "id"\nfeatures = ["income", "score"]\n'
    )
    w = segjob.open()
    run = w.run(k=3)
    assert (run.segmentation, run.k) == ("value", 3)
    assert query(folder / "shop.duckdb", "select count(*) from mine.value") == [(150,)]
    with pytest.raises(segjob.ConfigError, match="no segmentation 'other'"):
        w.run("other")
    with pytest.raises(segjob.ConfigError, match="unknown key"):
        w.run(kk=3)
