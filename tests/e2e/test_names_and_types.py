"""Names that SQL would stumble over, and the types that keys and features may have, through every verb and view."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.small_warehouse import Segjob, execute, query

NAMES = ["order", "sélect", 'a"b', "x; drop table y", "a.b: 100% (k$)"]


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def asked(relation: str = "customers", key: str = "id", features: str = "income,score") -> tuple[str, ...]:
    return ("--from", relation, "--key", key, "--features", features, "--k", "5", "--k-range", "4:6")


def holds(file: Path, segmentation: str, key: str = "id", rows: int = 150) -> None:
    """Every relation of the segmentation answers, and the live scores are the published segments."""
    current, scores, profile, history = (
        f"segments.{quoted(segmentation + part)}" for part in ("", "_scores", "_profile", "_history")
    )
    assert query(file, f"select count(*), count(distinct {quoted(key)}) from {current}") == [(rows, rows)]
    assert query(file, f"select sum(rows) from {profile}") == [(rows,)]
    assert query(file, f"select count(*) from {history}") == [(rows,)]
    differ = query(
        file,
        f"select count(*) from {current} a full join {scores} b on a.{quoted(key)} = b.{quoted(key)} "
        "where a.segment_id is distinct from b.segment_id or abs(a.distance - b.distance) > 1e-9",
    )
    assert differ == [(0,)]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.long
def test_a_relation_and_its_key_of_any_name(file: Path, segjob: Segjob, name: str) -> None:
    """The segmentation takes the relation's name: so do its view, its history and its function."""
    execute(
        file,
        f"alter table customers rename id to {quoted(name)}",
        f"alter table customers rename to {quoted(name)}",
        "create table y as select 1 as kept",
    )
    outcome = segjob("run", "-q", *asked(relation=quoted(name), key=name), "--warehouse", file)
    assert outcome.code == 0, outcome.err
    holds(file, name, key=name)
    shown = segjob("show", "--segmentation", name, "--json", "--warehouse", file)
    assert shown.document["run"]["segmentation"] == name
    predicted = segjob("predict", "income=20", "score=80", "--json", "--warehouse", file).document
    assert predicted["segment_id"] in range(1, 6)
    assert query(file, "from y") == [(1,)]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.long
def test_a_feature_of_any_name(file: Path, segjob: Segjob, name: str) -> None:
    execute(file, f"alter table customers rename income to {quoted(name)}")
    outcome = segjob("run", "-q", *asked(features=f"{quoted(name)},score"), "--warehouse", file)
    assert outcome.code == 0, outcome.err
    holds(file, "customers")
    columns = query(
        file,
        "select column_name from information_schema.columns "
        "where table_schema = 'segments' and table_name = 'customers_profile'",
    )
    assert (name,) in columns
    assert segjob("predict", f"{name}=20", "score=80", "--warehouse", file).code == 0


def test_categories_of_any_name(file: Path, folder: Path, segjob: Segjob) -> None:
    execute(file, "alter table customers add column c text")
    for position, name in enumerate(["it's", 'a"b', "x; drop table y", "a=b", "", "%s :x"]):
        execute(
            file, f"update customers set c = '{name.replace(chr(39), chr(39) * 2)}' where id % 7 = {position}"
        )
    (folder / "segjob.toml").write_text(
        '[segmentations.s]\nrelation = "customers"\nkey = "id"\nk = 3\nk_range = [2, 4]\n'
        'features = ["income", { column = "c", kind = "categorical" }]\n'
    )
    outcome = segjob("run", "-q", "--warehouse", file)
    assert outcome.code == 0, outcome.err
    holds(file, "s")
    found = query(file, "select category from segments.transforms where category is not null order by all")
    assert [name for (name,) in found] == sorted(
        ["it's", 'a"b', "x; drop table y", "a=b", "", "%s :x", "(missing)"]
    )


@pytest.mark.parametrize("schema", ["order", 'a"b.c'])
def test_a_relation_in_another_schema(file: Path, segjob: Segjob, schema: str) -> None:
    execute(
        file,
        f"create schema {quoted(schema)}",
        f"create table {quoted(schema)}.customers as from main.customers",
        "drop table main.customers",
    )
    outcome = segjob("run", "-q", *asked(relation=f"{quoted(schema)}.customers"), "--warehouse", file)
    assert outcome.code == 0, outcome.err
    holds(file, "customers")


@pytest.mark.parametrize("schema", ["Segmente", 'x"; drop'])
def test_published_into_another_schema(file: Path, folder: Path, segjob: Segjob, schema: str) -> None:
    (folder / "segjob.toml").write_text(f"[warehouse]\nschema = '{schema}'\n")
    outcome = segjob("run", "-q", *asked(), "--warehouse", file)
    assert outcome.code == 0, outcome.err
    assert query(file, f"select count(*) from {quoted(schema)}.customers") == [(150,)]
    assert query(file, f"select sum(rows) from {quoted(schema)}.current_segments") == [(150,)]
    assert segjob("show", "--warehouse", file).code == 0


def test_a_view_over_a_csv(file: Path, folder: Path, segjob: Segjob) -> None:
    csv = folder / "customers.csv"
    execute(file, f"copy customers to '{csv}' (header)", f"create view featured as from read_csv('{csv}')")
    outcome = segjob("run", "-q", *asked(relation="featured"), "--warehouse", file)
    assert outcome.code == 0, outcome.err
    holds(file, "featured")


def test_a_view_over_a_view_that_never_answers_the_same(file: Path, segjob: Segjob) -> None:
    """A run reads such a relation once: what it publishes adds up."""
    execute(
        file,
        "create view shaken as select id, income + random() as income, score from customers",
        "create view featured as from shaken where random() < 0.9",
    )
    outcome = segjob("run", "-q", *asked(relation="featured"), "--warehouse", file)
    assert outcome.code == 0, outcome.err
    ((segmented, assigned),) = query(
        file,
        "select any_value(rows_segmented), count(*) from segments.runs join segments.featured using (run_id)",
    )
    assert segmented == assigned


@pytest.mark.parametrize(
    ("type_name", "value"),
    [
        ("VARCHAR", "'c' || id"),
        ("UUID", "uuid()"),
        ("BIGINT", "id + 9007199254740993"),
        ("DECIMAL(18,2)", "id + 0.25"),
        ("DATE", "date '2020-01-01' + id"),
    ],
)
@pytest.mark.long
def test_keys_keep_their_type(file: Path, segjob: Segjob, type_name: str, value: str) -> None:
    execute(file, f"create table typed as select ({value})::{type_name} as id, income, score from customers")
    outcome = segjob("run", "-q", *asked(relation="typed"), "--warehouse", file)
    assert outcome.code == 0, outcome.err
    holds(file, "typed")
    types = query(
        file,
        "select distinct data_type from information_schema.columns where table_schema = 'segments' "
        "and table_name in ('typed', 'typed_history', 'typed_scores', 'typed_movements') and column_name = 'id'",
    )
    assert types == [(type_name,)]
    strangers = "select count(*) from segments.typed anti join main.typed using (id)"
    assert query(file, strangers) == [(0,)]


def test_an_enumeration_as_key_may_grow(file: Path, segjob: Segjob) -> None:
    execute(
        file,
        "create type who as enum (select 'c' || i from range(300) t(i))",
        "create table typed as select ('c' || id)::who as id, income, score from customers",
    )
    outcome = segjob("run", "-q", *asked(relation="typed"), "--warehouse", file)
    assert outcome.code == 0, outcome.err
    holds(file, "typed")


@pytest.mark.parametrize("type_name", ["DECIMAL(4,1)", "DECIMAL(38,10)", "HUGEINT", "BOOLEAN"])
@pytest.mark.long
def test_features_of_any_number_type(file: Path, segjob: Segjob, type_name: str) -> None:
    value = "income > 50" if type_name == "BOOLEAN" else f"greatest(income, 0)::{type_name}"
    execute(file, f"create table typed as select id, {value} as income, score from customers")
    outcome = segjob("run", "-q", *asked(relation="typed"), "--warehouse", file)
    assert outcome.code == 0, outcome.err
    holds(file, "typed")


def test_features_of_any_size(file: Path, segjob: Segjob) -> None:
    """Scaled, the rows are the same: so are the segments."""
    execute(
        file,
        "create table sized as select id, income * 1e150 as income, score * 1e-100 as score from customers",
    )
    for relation in ("customers", "sized"):
        outcome = segjob("run", "-q", *asked(relation=relation), "--warehouse", file)
        assert outcome.code == 0, outcome.err
    both = "segments.customers a join segments.sized b using (id)"
    assert query(file, f"select count(*) from {both} where a.segment_id = b.segment_id") == [(150,)]
