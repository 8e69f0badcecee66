"""What is Spark's own: no transactions, one process at a time, names, and a missing package."""

from __future__ import annotations

import fcntl
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.engines import Engine, spark_engine
from helpers.small_warehouse import RUN_GROUPS, Outcome, Segjob, customers
from helpers.spark_laws import WHOLE

At = Callable[..., Outcome]


class Died(BaseException):
    """In place of kill -9: nothing in segjob catches it."""


@pytest.fixture
def filled(spark: tuple[str, Any]) -> Engine:
    engine = spark_engine(*spark)
    engine.fill("customers", "id integer, income NUMBER, score NUMBER", customers())
    return engine


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Lets the process die just before it sends a statement that begins with these words; '' lets it live."""
    from segjob.warehouse.spark.warehouse import Spark

    send = Spark._answer

    def prepare(words: str) -> None:
        def answer(self: Spark, text: str, read: Callable[[Any], Any]) -> Any:
            if words and text.replace("`", "").startswith(words):
                raise Died(text)
            return send(self, text, read)

        monkeypatch.setattr(Spark, "_answer", answer)

    return prepare


def killed(at: At, engine: Engine, *arguments: str) -> None:
    with pytest.raises(Died):
        at(engine, *arguments)


@pytest.mark.long
def test_a_job_that_dies_leaves_the_current_run_whole(
    filled: Engine, at: At, dying: Callable[[str], None]
) -> None:
    # One test, because a run takes Spark seconds. On the first run there is nothing to fall back to, and no run of the
    # segmentation in `runs` that would say whose its tables are.
    dying("INSERT INTO segments.runs")
    killed(at, filled, *RUN_GROUPS)
    assert filled.query("select count(*) from segments.current_runs") == [(0,)]
    assert filled.query("select count(*) from segments.groups_history") == [(150,)]
    dying("\nCREATE TABLE segments.groups_history")  # the first one's is dropped, and none is there yet
    killed(at, filled, *RUN_GROUPS)
    dying("")
    assert at(filled, *RUN_GROUPS).code == 0
    filled.refill("customers", customers(200))
    dying("INSERT INTO segments.runs")
    killed(at, filled, *RUN_GROUPS)
    assert filled.query("select count(*), max(run_id) from segments.groups") == [(150, 1)]
    assert filled.query("select max(run_id) from segments.current_sweep") == [(1,)]
    assert filled.query("select count(*) from segments.groups_history where run_id = 2") == [(200,)]
    filled.refill("customers", customers(180))
    dying("ALTER VIEW segments.groups_scores")
    killed(at, filled, *RUN_GROUPS)
    # Published, but for the scoring view, which is of the run before.
    assert filled.query("select count(*), max(run_id) from segments.groups") == [(180, 2)]
    for law, broken in WHOLE.items():
        assert filled.query(broken) == [(0,)], law
    # A rollback: the rows are written anew already, but the catalogue does not know yet.
    dying("ALTER TABLE segments.runs SET LOCATION")
    killed(at, filled, "rollback")
    assert filled.query("select count(*), max(run_id) from segments.groups") == [(180, 2)]
    dying("")
    assert at(filled, "rollback").code == 0
    statuses = "select run_id, status from segments.runs order by run_id"
    assert filled.query(statuses) == [(1, "published"), (2, "rolled_back")]
    comments = {name: comment for name, _, comment in filled.query("describe segments.runs")}
    assert comments["run_id"] == "Number of the run, counting up."


def test_a_name_that_no_view_can_have_is_refused(filled: Engine, at: At) -> None:
    outcome = at(filled, *RUN_GROUPS[:-3], "--name", "my groups", "-q")
    assert outcome.code == 2
    assert "cannot be called 'my groups'" in outcome.err


@pytest.mark.long
def test_a_run_over_connect(filled: Engine, segjob: Segjob, spark: tuple[str, Any]) -> None:
    running = spark[1]
    port = running.sparkContext.getConf().get("spark.connect.grpc.binding.port")
    service = running._jvm.org.apache.spark.sql.connect.service.SparkConnectService
    service.start(running._jsc.sc())
    try:
        outcome = segjob(*RUN_GROUPS, "--warehouse", f"sc://127.0.0.1:{port}")
        assert outcome.code == 0, outcome.err
        assert filled.query("select count(*), count(distinct segment_id) from segments.groups") == [(150, 5)]
    finally:
        nothing = running._jvm.scala.Option.empty()
        service.stop(nothing, nothing)


def test_a_second_process_waits_and_says_who_it_waits_for(segjob: Segjob, folder: Path) -> None:
    pytest.importorskip("pyspark", reason="pyspark is not installed")
    with (folder / ".segjob.lock").open("w") as lock:
        lock.write(" 4711")
        lock.flush()
        fcntl.flock(lock, fcntl.LOCK_EX)
        outcome = segjob(
            "history", "--warehouse", f"spark://local[1]?warehouse={folder}", "--lock-timeout", "0.2"
        )
    assert outcome.code == 4
    assert "held by process 4711; waited 0.2 s" in outcome.err


def test_a_missing_package_says_which_extra_to_install(
    segjob: Segjob, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("pyspark", "pyspark.sql", "pyspark.errors"):
        monkeypatch.setitem(sys.modules, name, None)
    outcome = segjob("history", "--warehouse", f"spark://local[1]?warehouse={folder}")
    assert outcome.code == 2
    assert "segjob[spark]" in outcome.err
