"""PostgreSQL, where a view's columns cannot be replaced: features come, go and change places, and rights are few."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers.engines import Engine, postgres_engine
from helpers.small_warehouse import RUN_GROUPS, Outcome, customers

At = Callable[..., Outcome]
COLUMNS = "id integer, income double precision, score double precision, age double precision"


def run(features: str) -> tuple[str, ...]:
    return ("run", "--from", "customers", "--key", "id", "--features", features, "--name", "groups", "-q")


FEW = f"few_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
"""Roles are of the server, which all workers share."""


@pytest.fixture
def filled(server: str, folder: Path) -> Engine:
    engine = postgres_engine(server)
    rows = [(key, income, score, key % 7 + income / 9) for key, income, score in customers()]
    engine.fill("customers", COLUMNS, rows)
    return engine


@pytest.fixture
def user(filled: Engine) -> Iterator[str]:
    """A role that may log in and nothing else; the URL as that role."""
    drop = (
        f"do $$ begin if exists (select from pg_roles where rolname = '{FEW}') then "
        f"drop owned by {FEW}; drop role {FEW}; end if; end $$"
    )
    filled.execute(drop, f"create role {FEW} login", "revoke all on schema public from public")
    yield filled.url.replace("postgres:@", f"{FEW}:@").replace("postgres@", f"{FEW}@")
    filled.execute("drop schema if exists segments cascade", drop)


def columns(engine: Engine, view: str) -> list[str]:
    query = (
        "select column_name from information_schema.columns where table_schema = 'segments' "
        f"and table_name = '{view}' order by ordinal_position"
    )
    return [name for (name,) in engine.query(query)]


def test_features_are_removed_reordered_and_rolled_back(filled: Engine, at: At) -> None:
    for features in ("income,score,age", "income,score", "score,income", "score,age"):
        outcome = at(filled, *run(features))
        assert outcome.code == 0, outcome.err
        assert columns(filled, "groups_profile")[4:] == features.split(",")
        names = "select proargnames from pg_proc where proname = 'groups_segment'"
        assert filled.query(names) == [(features.split(","),)]
        scored = (
            "select count(*) from segments.groups as g inner join segments.groups_scores as s using (id) "
        )
        assert filled.query(scored + "where g.segment_id = s.segment_id") == [(150,)]
    assert at(filled, "rollback", "1").code == 0
    assert columns(filled, "groups_profile")[4:] == ["income", "score", "age"]
    same = "select count(*) from customers inner join segments.groups as g using (id) "
    assert filled.query(same + "where segments.groups_segment(income, score, age) = segment_id") == [(150,)]


def test_grants_and_options_outlive_a_change_of_features(filled: Engine, at: At, user: str) -> None:
    assert at(filled, *run("income,score,age")).code == 0
    filled.execute(
        f"grant usage on schema segments to {FEW}",
        f"grant select on segments.groups_profile to {FEW} with grant option",
        f"grant update (segment_id, age) on segments.groups_profile to {FEW}",
        "alter view segments.groups_profile set (security_barrier = true)",
        "revoke execute on function segments.groups_segment from public",
        f"grant execute on function segments.groups_segment to {FEW}",
    )
    assert at(filled, *run("income,score")).code == 0
    rights = (
        f"select has_table_privilege('{FEW}', 'segments.groups_profile', 'select with grant option'), "
        f"has_column_privilege('{FEW}', 'segments.groups_profile', 'segment_id', 'update'), "
        f"has_function_privilege('{FEW}', 'segments.groups_segment(double precision, double precision)', 'execute'), "
        "has_function_privilege('public', 'segments.groups_segment(double precision, double precision)', 'execute'), "
        "(select reloptions::text from pg_class where relname = 'groups_profile')"
    )
    assert filled.query(rights) == [(True, True, True, False, "{security_barrier=true}")]


@pytest.mark.parametrize(
    ("view", "named"),
    [
        ("create view mine as select age from segments.groups_profile", "public.mine"),
        ("create view mine as select segments.groups_segment(1, 2, 3) as x", "public.mine"),
    ],
)
def test_a_users_view_is_never_dropped(
    filled: Engine, at: At, monkeypatch: pytest.MonkeyPatch, view: str, named: str
) -> None:
    assert at(filled, *run("income,score,age")).code == 0
    filled.execute(view)
    assert at(filled, *run("income,score,age")).code == 0  # what keeps its columns is in nobody's way
    asked = run("income,score")
    monkeypatch.setattr("segjob.commands.write.run.read_fit_rows", None)  # it is found out before any fit
    for arguments in (asked, ("check", *asked[1:])):
        outcome = at(filled, *arguments)
        assert outcome.code == 4, outcome.err
        assert f"depends on it: {named}" in outcome.err
    monkeypatch.undo()
    assert filled.query("select max(run_id), count(*) from segments.runs") == [(2, 2)]
    assert len(filled.query("select * from mine")) > 0
    filled.execute("drop view mine")
    assert at(filled, *asked).code == 0


def test_the_owner_of_the_schema_needs_no_right_to_create_one(filled: Engine, at: At, user: str) -> None:
    filled.execute(
        f"create schema segments authorization {FEW}",
        f"grant usage on schema public to {FEW}",
        f"grant select on customers to {FEW}",
    )
    poor = Engine("postgres", user, filled.execute, filled.query)
    assert filled.query(f"select has_database_privilege('{FEW}', current_database(), 'create')") == [(False,)]
    for arguments in (("init",), RUN_GROUPS, RUN_GROUPS, ("rollback",), ("health", "-q")):
        outcome = at(poor, *arguments)
        assert outcome.code in (0, 5), outcome.err


def test_missing_rights_are_known_before_the_work(filled: Engine, at: At, user: str) -> None:
    poor = Engine("postgres", user, filled.execute, filled.query)
    name = filled.query("select current_database()")[0][0]
    filled.execute(f"revoke temporary on database {name} from public")
    try:
        for verb in ("run", "check"):
            arguments = (verb, "--from", "public.customers", *RUN_GROUPS[3:])
            outcome = at(poor, *arguments)
            assert outcome.code == 4, outcome.err
            assert f"grant temporary on database {name} to {FEW}" in outcome.err
            assert f"create schema segments authorization {FEW}" in outcome.err
            assert f"grant usage on schema public to {FEW}" in outcome.err
            assert f"grant select on public.customers to {FEW}" in outcome.err
    finally:
        filled.execute(f"grant temporary on database {name} to public")
    assert filled.query("select count(*) from pg_namespace where nspname = 'segments'") == [(0,)]
    filled.execute(f"grant usage on schema public to {FEW}", f"grant select on customers to {FEW}")
    assert at(filled, *RUN_GROUPS).code == 0
    filled.execute(f"grant usage, create on schema segments to {FEW}")
    outcome = at(poor, *RUN_GROUPS)
    assert outcome.code == 4
    assert f"grant select, insert, update, delete on all tables in schema segments to {FEW}" in outcome.err
    assert f"alter view segments.groups_scores owner to {FEW}" in outcome.err
    filled.execute(f"grant select on all tables in schema segments to {FEW}")
    outcome = at(poor, "score", "customers", "--into", "public.scored")
    assert outcome.code == 4
    assert f"grant usage, create on schema public to {FEW}" in outcome.err


def test_a_server_that_cannot_be_written_says_so_at_once(filled: Engine, at: At, user: str) -> None:
    filled.execute(f"create schema segments authorization {FEW}", f"grant usage on schema public to {FEW}")
    filled.execute(
        f"grant select on customers to {FEW}", f"alter role {FEW} set default_transaction_read_only to on"
    )
    outcome = at(Engine("postgres", user, filled.execute, filled.query), "check", *RUN_GROUPS[1:])
    assert outcome.code == 4
    assert "read-only" in outcome.err
