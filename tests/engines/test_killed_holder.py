"""kill -9 of the job that keeps others out: how long the next one waits, and what is there until then."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.engines import Engine, spark_engine
from helpers.small_warehouse import RUN_GROUPS, Outcome, command, customers, environment
from helpers.spark_laws import WHOLE

from segjob.warehouse.lease import FLAGS, LEASE_SECONDS

At = Callable[..., Outcome]
HELPERS = Path(__file__).resolve().parents[1] / "helpers"
COLUMNS = "id integer, income NUMBER, score NUMBER"
CURRENT = "select count(*), count(distinct id), min(run_id), max(run_id) from segments.groups"
SEGMENTS = "select count(*), sum(rows) from segments.current_segments"


EARLIER = pytest.param("INSERT INTO segments.segments", marks=pytest.mark.long)


@pytest.mark.parametrize("words", [EARLIER, "INSERT INTO segments.runs"])
def test_a_lock_ends_with_its_process(engine: Engine, at: At, words: str) -> None:
    if engine.name in ("spark", "snowflake"):
        pytest.skip("no lock that ends with a process")
    engine.fill("customers", COLUMNS, customers())
    assert at(engine, *RUN_GROUPS).code == 0
    engine.execute("insert into customers values (151, 20.0, 20.0)")
    job = [sys.executable, HELPERS / "killed_job.py", words, *RUN_GROUPS, "--warehouse", engine.url]
    killed = subprocess.run(job, env=environment(), capture_output=True, text=True, timeout=120)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert engine.query(CURRENT) == [(150, 150, 1, 1)]
    assert engine.query(SEGMENTS) == [(5, 150)]
    # Not a moment more than it takes the server to see that the connection is gone.
    outcome = at(engine, *RUN_GROUPS, "--lock-timeout", "2")
    assert outcome.code == 0, outcome.err
    assert engine.query(CURRENT) == [(151, 151, 2, 2)]
    assert engine.query("select run_id, rows_segmented from segments.runs order by run_id") == [
        (1, 150),
        (2, 151),
    ]


@pytest.mark.long
def test_a_lease_outlives_its_process_for_a_minute(spark: tuple[str, Any], folder: Path) -> None:
    engine, running = spark_engine(*spark), spark[1]
    service = running._jvm.org.apache.spark.sql.connect.service.SparkConnectService
    service.start(running._jsc.sc())
    url = f"sc://127.0.0.1:{running.sparkContext.getConf().get('spark.connect.grpc.binding.port')}"

    def query(statement: str) -> list[tuple[Any, ...]]:
        """Also what other sessions have written."""
        for _, table, *_ in engine.query("show tables in segments"):
            if not table.startswith("segjob_"):
                running.sql(f"refresh table segments.{table}")
        return engine.query(statement)

    def job(*more: str) -> subprocess.Popen[str]:
        arguments = command(*RUN_GROUPS, "--warehouse", url, *more)
        return subprocess.Popen(arguments, env=environment(), stderr=subprocess.PIPE, text=True)

    def ended(job: subprocess.Popen[str]) -> tuple[int, str]:
        _, words = job.communicate(timeout=400)
        return job.returncode, words

    def flags() -> list[str]:
        return [view for _, view, *_ in engine.query(f"show views in segments like '{FLAGS}*'")]

    try:
        engine.fill("customers", COLUMNS, customers())
        assert ended(job()) == (0, "")
        engine.execute("insert into customers values (151, 20.0, 20.0)")
        steps = [("kill", "python", "INSERT INTO segments.runs", "before"), RUN_GROUPS]
        (folder / "steps.json").write_text(json.dumps(steps))
        dying = [sys.executable, HELPERS / "dying_job.py", url, "steps.json", "answers.jsonl"]
        killed = subprocess.run(dying, cwd=folder, env=environment(), capture_output=True, timeout=300)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        # All but the row in `runs` is written, and no view shows any of it.
        assert query(CURRENT) == [(150, 150, 1, 1)]
        assert query(SEGMENTS) == [(5, 150)]
        assert query("select count(*) from segments.segments where run_id = 2") == [(5,)]
        [flag] = flags()
        [(beat, holder)] = engine.query(f"select beat, holder from segments.{flag}")
        code, words = ended(job("--lock-timeout", "1"))
        assert code == 4
        assert f"is being published to by {holder}; waited 1 s" in words
        assert f"a job that died is waited for {LEASE_SECONDS:g} s at most" in words
        following = job("--lock-timeout", "200")
        while flag in flags():
            assert following.poll() is None, following.communicate()
            time.sleep(0.5)
        [(age,)] = engine.query(f"select unix_timestamp() - {beat}")
        assert LEASE_SECONDS < age < LEASE_SECONDS + 20
        assert ended(following) == (0, "")
        assert query(CURRENT) == [(151, 151, 3, 3)]
        assert query(SEGMENTS) == [(5, 151)]
        assert query("select run_id, rows_segmented from segments.runs order by run_id") == [
            (1, 150),
            (3, 151),
        ]
        assert query("select count(*) from segments.segments where run_id = 2") == [(0,)]
        for law, asked in WHOLE.items():
            assert query(asked) == [(0,)], law
        assert flags() == []
    finally:
        nothing = running._jvm.scala.Option.empty()
        service.stop(nothing, nothing)
