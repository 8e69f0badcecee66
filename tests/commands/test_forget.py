"""`segjob forget`: keys are gone from every byte, counts stay true, and nothing of the user's is touched."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from helpers.small_warehouse import Segjob, customers, execute, query

TOML = """
[segmentations.groups]
relation = "customers"
key = "login"
features = ["income", "score"]
k = 5
k_range = [5, 5]
n_init = 1
[segmentations.incomes]
relation = "customers"
key = "login"
features = ["income"]
k = 2
k_range = [2, 2]
n_init = 1
"""


def login(number: int) -> str:
    """A key that no compression cuts into pieces: it has no part in common with another one."""
    return hashlib.sha256(str(number).encode()).hexdigest()[:40]


GONE = (login(7), login(12))
CONFIG = ("--config", "segjob.toml")
SERVED = '[publish]\nsnapshot = "serving"\n'
OBJECTS = """
create schema own;
create type own.mood as enum ('glad', 'sad');
create sequence own.numbers start 5;
create table own.places (id integer primary key, name varchar not null unique, m own.mood, n integer
    default nextval('own.numbers'), check (id > 0));
insert into own.places (id, name, m) values (1, 'here', 'glad'), (2, 'there', 'sad');
create table own.visits (place integer references own.places (id), twice integer
    generated always as (place * 2) virtual);
insert into own.visits values (1), (2), (2);
create index of_mood on own.places (m, name);
create view own.seen as select * from own.places;
create or replace view own.seen as select *, 1 as one from own.places;
create view later as select * from own.seen join segments.runs on true;
create macro own.add(a, b := 3) as a + b;
create macro own.find(a) as table select * from own.places where id = a;
comment on table own.places is 'places';
comment on column own.places.name is 'its name';
comment on view own.seen is 'seen';
create table own.odd as select 'nan'::double as d, [1, 2] as l, {'a': 1} as s, map {'k': 1} as m;
"""


def first() -> list[tuple[int, float, float]]:
    return customers(60)


@pytest.fixture
def shop(after: Callable[..., Path], segjob: Segjob) -> Path:
    """Two segmentations by login."""
    return after(
        ("run", *CONFIG),
        rows=first,
        first=(
            "alter table customers add column login varchar",
            "update customers set login = left(sha256(id::varchar), 40)",
        ),
        files=(("segjob.toml", TOML),),
    )


def files_with(folder: Path, key: str) -> list[str]:
    """Every file below a folder that has the key's bytes."""
    return sorted(
        path.relative_to(folder).parts[0]
        for path in folder.rglob("*")
        if path.is_file() and key.encode() in path.read_bytes()
    )


def user_objects(file: Path) -> dict[str, object]:
    return {
        listing: query(
            file, f"select {columns} from {listing}() where schema_name in ('own', 'main') order by all"
        )
        for listing, columns in {
            "duckdb_tables": "table_name, comment, sql, has_primary_key, index_count, check_constraint_count",
            "duckdb_views": "view_name, comment, sql",
            "duckdb_columns": "table_name, column_name, comment, column_default, data_type, is_nullable",
            "duckdb_indexes": "index_name, sql, is_unique",
            "duckdb_sequences": "sequence_name, last_value, sql",
            "duckdb_constraints": "table_name, constraint_text",
        }.items()
    } | {
        "macros": query(file, MACROS),
        "rows": query(file, ROWS),
        "odd": list(map(repr, query(file, "from own.odd"))),
    }


MACROS = (
    "select function_name, macro_definition from duckdb_functions() where schema_name = 'own' order by all"
)
ROWS = "select *, own.add(1) from own.visits join own.places on id = place order by all"
LAWS = """
select count(*) from segments.runs where rows_read <> rows_segmented + rows_excluded
union all
select count(*) from segments.runs as r where rows_excluded <>
    coalesce((select sum(rows) from segments.exclusions as e where e.run_id = r.run_id), 0)
union all
select count(*) from segments.runs as r where rows_segmented <>
    (select sum(rows) from segments.segments as s where s.run_id = r.run_id)
union all
select count(*) from segments.runs as r where abs(1 -
    (select sum(share) from segments.segments as s where s.run_id = r.run_id)) > 1e-9
union all
select count(*) from segments.runs as r where segmentation = 'groups' and rows_segmented <>
    (select count(*) from segments.groups_history as h where h.run_id = r.run_id)
union all
select count(*) from segments.runs as r where segmentation = 'incomes' and rows_segmented <>
    (select count(*) from segments.incomes_history as h where h.run_id = r.run_id)
"""


def test_the_bytes_are_gone_and_the_laws_hold(shop: Path, segjob: Segjob, folder: Path) -> None:
    execute(shop, OBJECTS)
    shop.chmod(0o640)
    (folder / "segjob.toml").write_text(SERVED + TOML)
    execute(
        shop,
        f"delete from customers where login in {GONE}",
        f"insert into segments.groups_movements (run_id, login, change) values (1, '{GONE[0]}', 'entered')",
    )
    assert segjob("snapshot", "serving", "--parquet", *CONFIG, "--warehouse", shop).code == 0
    for key in GONE:
        assert set(files_with(folder, key)) == {"serving", "shop.duckdb"}
    before, aggregates = (
        user_objects(shop),
        "select sum(mean), sum(rows), sum(maximum) from segments.profiles",
    )
    profiles = query(shop, aggregates)
    outcome = segjob("forget", *GONE, *CONFIG, "--json", "--warehouse", shop)
    assert outcome.code == 0, outcome.err
    document = outcome.document
    assert (document["keys"], document["known"], document["rows"]) == (2, 2, 5)
    assert document["segmentations"] == ["groups", "incomes"]
    assert document["still_in"] == {}
    for key in GONE:
        assert files_with(folder, key) == []
        assert key not in outcome.out
    assert set(files_with(folder, login(8))) == {"serving", "shop.duckdb"}
    assert user_objects(shop) == before
    assert query(shop, aggregates) == profiles
    assert query(shop, LAWS) == [(0,)] * 6
    assert (
        query(shop, "select reason, column_name, rows from segments.exclusions")
        == [("forgotten", "login", 2)] * 2
    )
    assert stat.S_IMODE(shop.stat().st_mode) == 0o640
    ((salt,),) = query(shop, "select salt from segments.salts")
    hashes = sorted(hashlib.sha256(f"{salt} login: {key}".encode()).hexdigest() for key in GONE)
    both = hashlib.sha256("\n".join(hashes).encode()).hexdigest()
    assert query(shop, "select keys, salted_hash from segments.erasures") == [(2, both)]
    assert query(shop, "select key_column, salted_hash from segments.forgotten order by 2") == [
        ("login", one) for one in hashes
    ]
    tables = "select table_name from information_schema.tables where table_schema = 'segments'"
    served = {name for (name,) in query(folder / "serving" / shop.name, tables)}
    assert "erasures" in served
    assert served.isdisjoint({"salts", "forgotten"})
    assert [path.name for path in folder.glob(".shop*")] == []
    execute(shop, "insert into own.places (id, name) values (3, 'new')")
    assert query(shop, "select n from own.places order by id") == [(5,), (6,), (7,)]


def test_later_runs_leave_them_out_until_they_are_remembered(shop: Path, segjob: Segjob) -> None:
    execute(shop, f"create table asked as select login as who from customers where login in {GONE}")
    segjob("name", "1", "Friends of " + GONE[0], "--segmentation", "groups", *CONFIG, "--warehouse", shop)
    outcome = segjob("forget", "--keys-from", "asked", "--key", "WHO", *CONFIG, "--warehouse", shop)
    assert outcome.code == 0, outcome.err
    assert "2 by login, 2 of them in runs of groups, incomes; 4 rows deleted" in outcome.out
    assert "customers still has 2 rows of them: that table is yours" in outcome.err
    assert "groups, segment 1, its name or description: a text there holds one of the keys" in outcome.err
    assert GONE[0] not in outcome.out + outcome.err
    here = f"select count(*), count(*) filter (login in {GONE}) from segments."
    assert query(shop, here + "groups_scores") == [(58, 0)]
    assert segjob("run", "groups", "-q", *CONFIG, "--warehouse", shop).code == 0
    assert query(shop, here + "groups_history where run_id = 3") == [(58, 0)]
    counts = "select rows_read, rows_segmented, rows_excluded from segments.runs where run_id = 3"
    assert query(shop, counts) == [(60, 58, 2)]
    assert query(shop, "select reason, column_name, rows from segments.exclusions where run_id = 3") == [
        ("forgotten", "login", 2)
    ]
    assert query(shop, "select count(*) from segments.groups_movements where run_id = 3") == [(0,)]
    assert segjob("rollback", "--segmentation", "groups", *CONFIG, "--warehouse", shop).code == 0
    outcome = segjob("forget", GONE[1], "--remember", *CONFIG, "--warehouse", shop)
    assert outcome.out.startswith("1 are taken again")
    assert query(shop, here + "groups_scores") == [(59, 1)]
    assert query(shop, "select count(*), max(keys) from segments.erasures") == [(1, 2)]


def test_what_is_refused(shop: Path, segjob: Segjob, refused: Callable[..., str], folder: Path) -> None:
    assert "name the keys" in refused(shop, 2, "forget", *CONFIG)
    assert "no table or view 'nobody'" in refused(shop, 3, "forget", "--keys-from", "nobody", *CONFIG)
    said = refused(shop, 3, "forget", "--keys-from", "customers", "--key", "logn", *CONFIG)
    assert "did you mean 'login'?" in said
    (folder / "other.duckdb").hardlink_to(shop)
    assert "has another name (a hard link)" in refused(shop, 4, "forget", GONE[0], *CONFIG)
    (folder / "other.duckdb").unlink()


def test_a_copy_that_differs_does_not_take_the_files_place(
    shop: Path, segjob: Segjob, monkeypatch: pytest.MonkeyPatch
) -> None:
    from segjob.warehouse.duckdb import rewrite

    listed = rewrite._listed

    def without_views(connection: object, listing: str, catalog: str) -> set[str]:
        is_lost = listing == "duckdb_views" and catalog == "segjob_rewritten"
        return set() if is_lost else listed(connection, listing, catalog)

    monkeypatch.setattr(rewrite, "_listed", without_views)
    inode = shop.stat().st_ino
    outcome = segjob("forget", GONE[0], *CONFIG, "--warehouse", shop)
    assert outcome.code == 4
    assert "was not written anew, so deleted rows may still be in it" in outcome.err
    assert shop.stat().st_ino == inode
    assert query(shop, f"select count(*) from segments.groups where login = '{GONE[0]}'") == [(0,)]
    with duckdb.connect(str(shop)) as connection:
        connection.execute("from segments.runs")


def test_a_snapshot_that_cannot_be_written_is_seen_before_anything_is_deleted(
    shop: Path, refused: Callable[..., str], folder: Path
) -> None:
    (folder / "notes").write_text("mine")
    for code, place, words in ((2, ".", "replace the warehouse"), (4, "notes", "is no folder")):
        assert words in refused(shop, code, "forget", GONE[0], "--snapshot", place, *CONFIG)


def test_a_key_is_not_rounded(groups: Path, segjob: Segjob, refused: Callable[..., str]) -> None:
    assert "is no INTEGER, as 'id' is: '4.4'" in refused(groups, 2, "forget", "4", "4.4")
    execute(
        groups,
        "create table texts as select '4.4' as id union all select '7'",
        "create table whole as select 4::double as id union all select 7.0",
    )
    for relation, column in (("customers", "income"), ("texts", "id")):
        said = refused(groups, 2, "forget", "--keys-from", relation, "--key", column)
        assert "have a fraction, and 'id' (INTEGER) has none" in said
    assert segjob("forget", "--keys-from", "whole", "--warehouse", groups).code == 0
    assert query(groups, "select count(*) from segments.groups where id in (4, 7)") == [(0,)]
    assert query(groups, "select count(*) from segments.groups") == [(148,)]
