"""Audiences, hold-outs, and the files that `segjob export` makes of them."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from helpers.small_warehouse import Segjob, customers, execute, query

TOML = """
[segmentations.groups]
relation = "customers"
key = "id"
features = ["income", "score"]
k = 5
holdout_share = 0.25
"""


def first() -> list[tuple[int, float, float]]:
    return customers(400)


@pytest.fixture
def shop(after: Callable[..., Path], folder: Path) -> Path:
    """One run with hold-outs; customers have e-mail addresses."""
    return after(
        ("run", "--config", "segjob.toml"),
        rows=first,
        first=(
            "alter table customers add column email varchar",
            "update customers set email = ' Person' || id || E'@X.de\\t' where id > 1",
        ),
        files=(("segjob.toml", TOML),),
    )


def test_the_audience_is_the_run_with_hold_outs(shop: Path) -> None:
    rows = query(shop, "select audience_id, audience_name, key, is_holdout from segments.groups_audience")
    held = {key for _, _, key, is_holdout in rows if is_holdout}
    expected = {
        key
        for _, _, key, _ in rows
        if hashlib.sha256(f"hold-out of groups: {key}".encode()).hexdigest()[:8] < "40000000"
    }
    assert held == expected
    assert 70 <= len(held) <= 130
    assert sorted(row[:3] for row in rows) == query(
        shop, "select segment_id, segment_name, id from segments.groups order by all"
    )


def test_the_same_customers_are_held_out_and_since_is_their_own(shop: Path, segjob: Segjob) -> None:
    held = "select key from segments.groups_audience where is_holdout and key < 500 order by key"
    before = query(shop, held)
    execute(
        shop,
        "update customers set income = 101 - income, score = 101 - score where id in (1, 6)",
        "insert into customers select id + 600, income, score, null from customers where id <= 3",
    )
    assert segjob("run", "-q", "--config", "segjob.toml", "--warehouse", shop).code == 0
    assert query(shop, held) == before
    came = """select since = (select published_at from segments.runs where run_id = 2), list(key order by key)
        from segments.groups_audience group by 1 order by 1"""
    old, new = query(shop, came)
    assert new == (True, [1, 6, 601, 602, 603])
    assert len(old[1]) == 398
    assert query(
        shop,
        "select count(*) from segments.groups_audience, segments.runs where run_id = 1 and since = published_at",
    ) == [(398,)]
    assert segjob("rollback", "--config", "segjob.toml", "--warehouse", shop).code == 0
    assert query(shop, "select count(*), count(distinct since) from segments.groups_audience") == [(400, 1)]
    assert segjob("rollback", "--config", "segjob.toml", "--warehouse", shop).code == 0
    assert query(shop, came)[1] == new


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def test_one_file_per_segment_without_the_held_out(shop: Path, segjob: Segjob, folder: Path) -> None:
    asked = ("export", "out", "--hash-email", "EMAIL", "--warehouse", shop)
    document = segjob(*asked, "--json").document
    files = [folder / one["file"] for one in document["files"]]
    assert [file.name for file in files] == [f"groups-{i}.csv" for i in range(1, 6)]
    exported = [row for file in files for row in rows_of(file)]
    in_use = query(shop, "select key, audience_id, since from segments.groups_audience where not is_holdout")
    assert sorted((int(r["key"]), int(r["audience_id"]), r["since"]) for r in exported) == sorted(
        (key, segment, str(since)) for key, segment, since in in_use
    )
    assert document["held_out"] == 400 - len(exported)
    for row in exported:
        email = f"person{row['key']}@x.de"
        expected = hashlib.sha256(email.encode()).hexdigest() if row["key"] != "1" else ""
        assert row["email_sha256"] == expected
    assert "@" not in "".join(file.read_text() for file in files)
    assert {path.name for path in (folder / "out").iterdir() if not path.name.startswith(".")} == {
        *(file.name for file in files),
        "segjob-export.json",
    }
    outcome = segjob("export", "out", "--with-holdout", "--format", "parquet", "--warehouse", shop)
    assert outcome.code == 0, outcome.err
    assert sorted(path.suffix for path in (folder / "out").glob("groups-*")) == [".parquet"] * 5
    assert duckdb.sql(
        "select count(*), sum(is_holdout::int), any_value(typeof(key)) from 'out/*.parquet'"
    ).fetchall() == [(400, document["held_out"], "BIGINT")]


def test_foreign_files_stay(shop: Path, segjob: Segjob, folder: Path) -> None:
    (folder / "out").mkdir()
    foreign = folder / "out" / "groups-3.csv"
    foreign.write_text("mine")
    outcome = segjob("export", "out", "--warehouse", shop)
    assert outcome.code == 4
    assert "groups-3.csv is there already, and segjob did not write it" in outcome.err
    assert foreign.read_text() == "mine"
    assert [path.name for path in (folder / "out").iterdir() if not path.name.startswith(".")] == [
        foreign.name
    ]
    foreign.unlink()
    (folder / "out" / "segjob-export.json").write_text("[]")
    assert "segjob-export.json is there already" in segjob("export", "out", "--warehouse", shop).err
    outcome = segjob("export", "other", "--hash-email", "mail", "--warehouse", shop)
    assert outcome.code == 3
    assert "customers has no column 'mail'" in outcome.err
    assert "did you mean 'email'?" in outcome.err
    assert "groups-1.csv" not in {path.name for path in (folder / "other").iterdir()}


def test_nothing_is_written_through_a_link(shop: Path, segjob: Segjob, folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "mine").write_text("mine")
    (folder / "out" / ".groups-1.csv.new").symlink_to(folder / "mine")
    os.mkfifo(folder / "out" / ".groups-2.csv.new")
    assert segjob("export", "out", "--warehouse", shop).code == 0
    assert (folder / "mine").read_text() == "mine"
    assert len(list((folder / "out").glob("groups-?.csv"))) == 5


@pytest.mark.parametrize(
    "files",
    [["../mine"], ["/mine"], [".."], [1], 3],
    ids=["above", "absolute", "folder", "number", "no list"],
)
def test_a_list_of_files_that_segjob_did_not_write(
    shop: Path, segjob: Segjob, folder: Path, files: object
) -> None:
    (folder / "out").mkdir()
    (folder / "mine").write_text("mine")
    written = {"exports": {"groups": {"files": files}}}
    (folder / "out" / "segjob-export.json").write_text(json.dumps(written))
    outcome = segjob("export", "out", "--warehouse", shop)
    assert outcome.code == 4
    assert "segjob-export.json is there already, and segjob did not write it" in outcome.err
    assert (folder / "mine").read_text() == "mine"


def test_a_list_of_files_that_is_a_pipe(shop: Path, segjob: Segjob, folder: Path) -> None:
    (folder / "out").mkdir()
    os.mkfifo(folder / "out" / "segjob-export.json")
    assert segjob("export", "out", "--warehouse", shop).code == 4
