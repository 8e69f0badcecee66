"""PostgreSQL through pgbouncer in transaction mode, where the next transaction may be on another connection.

`make long` runs the engines' tests through it, too. The tests' own statements go to the server itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from helpers.engines import Engine, postgres_engine
from helpers.pgbouncer import pgbouncer
from helpers.small_warehouse import RUN, RUN_GROUPS, Outcome, customers

At = Callable[..., Outcome]
TOML = """
[segmentations.groups]
relation = "customers"
key = "id"
features = ["income", "score"]
holdout_share = 0.25
"""
TEMPORARY = "select relname from pg_class where relpersistence = 't'"


@pytest.fixture
def direct(server: str, folder: Path) -> Engine:
    """The server itself, with view `customers`: a run copies a view's rows, and a table's not."""
    engine = postgres_engine(server)
    engine.fill("people", "id integer, income NUMBER, score NUMBER, seen date", people())
    engine.execute("create view customers as select * from people")
    return engine


def people() -> list[tuple[int, float, float, date]]:
    return [(*one, date(2025, 7, 1)) for one in customers()]


@pytest.fixture
def pooled(direct: Engine, pooler: str) -> Engine:
    """The same database as segjob sees it here: through pgbouncer."""
    return replace(direct, url=pooler)


def assignments(engine: Engine, view: str) -> list[tuple[Any, ...]]:
    return engine.query(f"select id, segment_id, distance, margin from segments.{view} order by id")


def test_a_segmentation_lives(direct: Engine, pooled: Engine, at: At, folder: Path) -> None:
    def done(*arguments: str, code: int = 0) -> Outcome:
        outcome = at(pooled, *arguments)
        assert outcome.code == code, (arguments, outcome.err)
        assert "Traceback" not in outcome.err
        return outcome

    done("init")
    (folder / "dbt_project.yml").write_text("name: shop\nmodel-paths: [models]\n")
    (folder / "segjob.toml").write_text(TOML)
    done("check")
    done("run", "-q")
    assert at(direct, *RUN, "--name", "without", "-q").code == 0
    assert assignments(pooled, "groups") == assignments(pooled, "without")
    direct.execute("update people set income = income + 70, score = score + 70 where id in (1, 6, 11)")
    done("assign", "groups", "-q")
    assert at(direct, "assign", "--segmentation", "without", "-q").code == 0
    assert assignments(pooled, "groups") == assignments(pooled, "without")
    named = ("--segmentation", "groups")
    done("name", "1", "VIP", *named)
    done("run", "groups", "-q")
    assert at(direct, *RUN, "--name", "without", "-q").code == 0
    assert assignments(pooled, "groups") == assignments(pooled, "without")
    for verb in ("show", "health", "compare", "rollback", "rollback"):
        done(verb, *named)
    for verb in ("history", "sources"):
        done(verb)
    assert "3 of 150 customers" in done("diff", "1", "3").out
    assert done("predict", "income=20", "score=20", *named, "--json").document["segment_id"] in range(1, 6)
    done("explain", "3", *named)
    assert len(done("query", "profile_card", *named, "--json").document["rows"]) > 0
    done("score", "customers", "--into", "scored", *named)
    assert direct.query("select count(*) from scored") == [(150,)]
    done("report", *named, "--out", "page.html")
    done("report", "--all", "--out", "all.html")
    done("export", "audiences", *named)
    done("lift", "--metric", "income", "--from", "people", "--at", "seen", "--since", "2025-01-01", *named)
    done("snapshot", "serving", code=2)  # of a file only
    direct.execute("create table leavers as select 7 as id union all select 8")
    done("forget", "4", *named)
    done("forget", "--keys-from", "leavers", *named)
    for view in ("groups", "without"):
        assert direct.query(f"select count(*) from segments.{view} where id in (4, 7, 8)") == [(0,)]
        assert direct.query(f"select count(*) from segments.{view}") == [(147,)]
    done("forget", "4", "--remember", *named)
    assert direct.query("select count(*) from segments.forgotten") == [(2,)]
    assert direct.query(TEMPORARY) == []  # none is left on a connection that others get


def test_a_view_that_has_other_rows_each_time_is_refused(direct: Engine, pooled: Engine, at: At) -> None:
    direct.execute(
        "create or replace view customers as select id, income + extract(epoch from now()) / 1e9 as income, "
        "score, seen from people"
    )
    outcome = at(pooled, *RUN_GROUPS)
    assert outcome.code == 3
    assert "the rows changed during the run: behind a pooler" in outcome.err
    assert "connect to the server itself" in outcome.err
    assert direct.query("select to_regclass('segments.runs') is null") == [(True,)]
    assert direct.query(TEMPORARY) == []
    assert at(direct, *RUN_GROUPS).code == 0


def test_a_pool_that_is_too_small(server: str, direct: Engine, at: At, folder: Path) -> None:
    with pgbouncer(server, folder, 1, query_wait_timeout=1) as url:
        outcome = at(replace(direct, url=url), *RUN_GROUPS)
    assert outcome.code == 4
    assert "a run takes two of them at once (default_pool_size)" in outcome.err
    assert direct.query("select to_regclass('segments.runs') is null") == [(True,)]


@pytest.mark.long
def test_a_pooler_that_ends_idle_transactions(
    server: str, direct: Engine, at: At, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from segjob.pipeline import choose_k

    chosen = choose_k.choose_k

    def slowly(*arguments: Any) -> Any:
        time.sleep(3)
        return chosen(*arguments)

    monkeypatch.setattr("segjob.commands.write.run.choose_k", slowly)
    with pgbouncer(server, folder, idle_transaction_timeout=1) as url:
        outcome = at(replace(direct, url=url), *RUN_GROUPS)
    assert outcome.code == 4
    assert "longer than pgbouncer's idle_transaction_timeout" in outcome.err
    assert direct.query("select to_regclass('segments.runs') is null") == [(True,)]
