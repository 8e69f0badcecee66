"""What a user does with segjob, on every engine, and that the engines agree."""

from __future__ import annotations

import csv
import shlex
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from helpers.engines import Engine, uncommented
from helpers.small_warehouse import RUN_GROUPS, Outcome, Segjob, command, customers, environment

from segjob.commands.read.query import questions

At = Callable[..., Outcome]
COLUMNS = "id integer, income NUMBER, score NUMBER"


@pytest.fixture
def filled(engine: Engine) -> Engine:
    engine.fill("customers", COLUMNS, customers(300))
    return engine


def test_a_segmentation_lives(filled: Engine, at: At, segjob: Segjob) -> None:
    first = at(filled, *RUN_GROUPS)
    assert first.code == 0
    assert uncommented(filled) == []
    shell = {"postgres": "psql", "spark": "spark-sql", "snowflake": "an SQL shell"}.get(
        filled.name, "the duckdb shell"
    )
    assert f"Next, in {shell} or a BI tool:" in first.out
    [suggested] = [line.strip() for line in first.out.splitlines() if line.startswith("  segjob report ")]
    there = shlex.split(suggested)[shlex.split(suggested).index("--warehouse") :]
    assert segjob("show", "--segmentation", "groups", *there).code == 0
    assert at(filled, "name", "1", "VIP").code == 0
    later = [(i, x + 70, y + 70) if i in (1, 6, 11) else (i, x, y) for i, x, y in customers(300) if i != 2]
    filled.refill("customers", [*later, (1000, 50.0, 50.0)])
    assert at(filled, *RUN_GROUPS).code == 0
    changes = filled.query(
        "select change, count(*) from segments.groups_movements group by change order by change"
    )
    assert changes == [("entered", 1), ("left", 1), ("moved", 3)]
    assert filled.query("select name from segments.current_segments where segment_id = 1") == [("VIP",)]
    assert "3 of 299 customers" in at(filled, "diff", "1", "2").out
    assert at(filled, "health").code == 0
    assert at(filled, "rollback").code == 0
    assert filled.query("select count(*), max(run_id) from segments.groups") == [(300, 1)]
    assert at(filled, "rollback").code == 0
    filled.execute("insert into customers values (1001, 20.0, 80.0)")
    assert at(filled, "assign", "-q").code == 0
    assert filled.query("select kind, fit_run_id from segments.current_runs") == [("assignment", 2)]
    assert filled.query("select id, change from segments.groups_movements where run_id = 3") == [
        (1001, "entered")
    ]
    assert at(filled, "health").code == 0
    assert at(filled, "score", "customers", "--into", "scored").code == 0
    wrong = filled.query(
        """select count(*) from segments.groups as h
        join segments.groups_scores as v on v.id = h.id join scored as s on s.id = h.id
        join customers as c on c.id = h.id
        where h.segment_id <> v.segment_id or h.segment_id <> s.segment_id
            or h.segment_id <> segments.groups_segment(c.income, c.score)"""
    )
    assert wrong == [(0,)]
    assert at(filled, "predict", "income=20", "score=20", "--json").document["segment_id"] in range(1, 6)
    if filled.name != "spark":  # which can only give a view comments by leaving none for a moment
        assert uncommented(filled) == []
    _explains(filled, at)
    assert at(filled, "show").code == 0
    assert at(filled, "history", "--json").document["runs"][0]["is_current"] is True


def _explains(filled: Engine, at: At) -> None:
    """The reasons of all customers sum to the difference of their squared distances; `explain` is those of one."""
    rows = filled.query(
        """select s.id, s.distance, s.margin, sum(r.contribution), count(*) from segments.groups_scores as s
        inner join segments.groups_reasons as r on s.id = r.id group by s.id, s.distance, s.margin"""
    )
    assert {count for *_, count in rows} == {2}
    for key, distance, margin, summed, _ in rows:
        assert abs(summed - ((distance + margin) ** 2 - distance**2)) < 1e-9, key
    explained = at(filled, "explain", "3", "--json").document
    contributions = {reason["feature"]: reason["contribution"] for reason in explained["reasons"]}
    assert contributions == dict(
        filled.query("select feature, contribution from segments.groups_reasons where id = 3")
    )
    assert at(filled, "explain", "2").code == 3


@pytest.mark.parametrize("method", ["all_rows", "distinct_rows", "sample"])
def test_every_way_to_fit_gives_the_same_segments(filled: Engine, at: At, folder: Path, method: str) -> None:
    if filled.name == "spark" and method != "sample":
        pytest.skip("a run takes Spark seconds; `test_a_segmentation_lives` fits all rows there")
    limits = {
        "all_rows": "",
        "distinct_rows": "all_rows = 100",
        "sample": "all_rows = 100\ndistinct_rows = 100\n",
    }
    rows = [(1000 + i, float(x), float(y)) for i, (x, y) in enumerate(np.round(_many(3000)))]
    filled.refill("customers", rows)
    (folder / "segjob.toml").write_text(
        f"[fit]\n{limits[method]}\n" + ("sample_rows = 1000" if method == "sample" else "")
    )
    assert at(filled, *RUN_GROUPS, "--k", "5").code == 0
    assert filled.query("select fit_method, k, converged from segments.runs") == [(method, 5, True)]
    sizes = [size for (size,) in filled.query("select rows from segments.segments order by segment_id")]
    assert sum(sizes) == 3000
    assert sizes == pytest.approx([600] * 5, abs=30)
    inertia, exact = filled.query(
        "select inertia, (select sum(distance * distance) from segments.groups) from segments.runs"
    )[0]
    assert inertia == pytest.approx(exact)


def _many(rows: int) -> np.ndarray:
    return np.array([(x, y) for _, x, y in customers(rows)])


def test_a_view_with_nulls_categories_and_odd_names(engine: Engine, at: At, folder: Path) -> None:
    rows = [
        (
            i,
            None if i % 20 == 0 else x,
            y,
            None if i % 30 == 0 else ["it's", 'a"b', "sélect"][i % 3],
            None if i % 7 == 0 else 1e300 if i == 8 else 1000.0 * i,
            i % 4 == 0,
        )
        for i, x, y in customers(300)
    ]
    columns = 'id integer, "a""b" NUMBER, "x; drop" NUMBER, "sélect" TEXT, "it\'s paid" NUMBER, "VIP" boolean'
    engine.fill('"order"', columns, rows)
    engine.execute('create view my_view as select * from "order"')
    (folder / "segjob.toml").write_text(
        """[segmentations.odd]
        relation = "my_view"
        key = "id"
        k = 5
        features = [
            { column = 'a"b', missing = "impute", scale = "robust" },
            { column = "x; drop", function = "log1p", lower = 0 },
            { column = "sélect", kind = "categorical" },
        ]
        measures = [{ column = "it's paid", unit = "€" }, "x; drop", "VIP"]
        """
    )
    outcome = at(engine, "run", "-q")
    assert outcome.code == 0, outcome.err
    assert 'measure "it\'s paid": of 300 rows, 42 without a value and 1 with NaN, infinity' in outcome.err
    members = dict(engine.query("select id, segment_id from segments.odd"))
    values = {"it's paid": 4, "x; drop": 2, "VIP": 5}
    for name, at_column in values.items():
        own: dict[int, list[float]] = {}
        for row in rows:
            if row[0] in members and row[at_column] is not None and row[at_column] < 1e100:
                own.setdefault(members[row[0]], []).append(float(row[at_column]))
        total = sum(map(sum, own.values()))
        # What Snowflake has in upper case is lower case in segjob.
        feature = name.lower() if engine.name == "snowflake" else name
        found = engine.query(
            "select segment_id, rows, mean, total_share, is_feature from segments.current_profiles "
            f"where feature = '{feature.replace(chr(39), chr(39) * 2)}' order by segment_id"
        )
        assert found == [
            (i, len(v), pytest.approx(sum(v) / len(v)), pytest.approx(sum(v) / total), name == "x; drop")
            for i, v in sorted(own.items())
        ]
    [(wide,)] = engine.query('select sum("share_of_it\'s paid") from segments.odd_profile')
    assert wide == pytest.approx(1)
    read, segmented = engine.query("select rows_read, rows_segmented from segments.runs")[0]
    assert read == 300
    assert engine.query("select count(*), count(distinct id) from segments.odd") == [(segmented, segmented)]
    wrong = engine.query(
        """select count(*) from segments.odd as h join segments.odd_scores as s on s.id = h.id
        where h.segment_id <> s.segment_id"""
    )
    assert wrong == [(0,)]
    _answers(engine, at)


def _answers(engine: Engine, at: At) -> None:
    """Every question that needs nothing of the demo is answered about odd names, too."""
    asked = [name for name, one in questions().items() if not one.needs and one.segmentations == 1]
    if engine.name == "spark":  # where a question takes a second: those whose SQL is its own there
        asked = ["why_this_k", "excluded_customers", "customer_life", "profile_card"]
    rows = {name: at(engine, "query", name, "--json").document["rows"] for name in asked}
    assert len(rows["profile_card"]) == 5 * 8
    assert len(rows["why_this_k"]) >= 1
    assert len(rows["customer_life"]) == 1
    assert rows["excluded_customers"] == []
    if engine.name != "spark":
        assert sum(row["customers"] for row in rows["segment_sizes"]) == 300


def test_wrong_rows_are_refused_in_the_same_words(engine: Engine, at: At) -> None:
    engine.fill("customers", COLUMNS, [(1, 1.0, 2.0), (1, 2.0, 2.0), (2, 3.0, 2.0)])
    outcome = at(engine, *RUN_GROUPS)
    assert outcome.code == 3
    assert "is not unique, such as 1 (2 times)" in outcome.err
    outcome = at(engine, "run", "--from", "nothing", "--key", "id", "--features", "income")
    assert outcome.code == 3
    assert "there is no table or view 'nothing'" in outcome.err
    assert ("segments",) not in engine.query(engine.schemas)


def test_a_job_killed_at_any_moment_leaves_the_current_run_whole(filled: Engine, at: At) -> None:
    if filled.name == "spark":
        pytest.skip(
            "one process at a time has a local Spark warehouse; test_spark_killed.py kills jobs of its own"
        )
    if filled.name == "snowflake":
        pytest.skip("the emulator is in this process")
    assert at(filled, *RUN_GROUPS).code == 0
    for wait in (0.9, 1.3, 1.7, 2.1):
        job = subprocess.Popen(
            command(*RUN_GROUPS, "--warehouse", filled.url), env=environment(), stdout=subprocess.DEVNULL
        )
        time.sleep(wait)
        job.send_signal(signal.SIGKILL)
        job.wait()
        # A kill within one of DuckDB's writes leaves a file that the next command of segjob puts right.
        assert at(filled, "history").code == 0
        rows, runs = filled.query("select count(*), count(distinct run_id) from segments.groups")[0]
        assert (rows, runs) == (300, 1)
        published = filled.query(
            """select r.run_id from segments.runs as r left join segments.segments as s on s.run_id = r.run_id
            where s.run_id is null"""
        )
        assert published == []
    assert at(filled, *RUN_GROUPS, "--lock-timeout", "20").code == 0


def test_engines_agree_on_the_mall_file(reference: Engine, engine: Engine, at: At, mall_csv: Path) -> None:
    with mall_csv.open() as lines:
        rows = [(int(r[0]), float(r[3]), float(r[4])) for r in list(csv.reader(lines))[1:]]
    answers = []
    for warehouse in (reference, engine):
        warehouse.fill("customers", COLUMNS, rows)
        assert at(warehouse, *RUN_GROUPS).code == 0
        answers.append(
            (
                warehouse.query("select k, k_outcome from segments.runs"),
                warehouse.query("select id, segment_id from segments.groups order by id"),
                warehouse.query("select scaled_value from segments.centroids order by segment_id, feature"),
            )
        )
    assert answers[0][0] == answers[1][0] == [(5, "chosen")]
    assert answers[0][1] == answers[1][1]
    np.testing.assert_allclose(answers[0][2], answers[1][2], rtol=0, atol=1e-9)
