"""Files are loaded into every engine, and replaced there; before the first run there is an empty view."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from helpers.engines import Engine
from helpers.small_warehouse import Outcome, customers

At = Callable[..., Outcome]


def test_files_become_tables_and_segments(engine: Engine, at: At, folder: Path) -> None:
    made = customers(60)
    Path("shop.csv").write_text(
        "id;Name;income;score;since\n"
        + "".join(f"{i};Zoë \\ {i}\t'x;{x};{y};2024-01-0{i % 9 + 1}\n" for i, x, y in made)
        + "61;;;7;\n"
    )
    named = ("--from", "shop.csv", "--key", "id", "--features", "income,score", "--name", "shoppers")
    first = at(engine, "init", *named)
    assert first.code == 0, first.err
    assert engine.query("select count(*), count(segment_id) from segments.shoppers") == [(0, 0)]
    held = engine.query(
        "select id, Name, income, score from shop order by id"
        if engine.name != "postgres"
        else 'select id, "Name", income, score from shop order by id'
    )
    assert [tuple(row) for row in held] == [
        *((i, f"Zoë \\ {i}\t'x", x, y) for i, x, y in made),
        (61, None, None, 7.0),
    ]
    Path("shop.csv").write_text(
        "id;Name;income;score;since\n" + "".join(f"{i};n;{x};{y};\n" for i, x, y in made[5:])
    )
    second = at(engine, "run", *named, "--k", "5", "-q")
    assert second.code == 0, second.err
    assert engine.query("select count(*), min(id) from shop") == [(55, 6)]
    assert engine.query("select count(*) from segments.shoppers_scores") == [(55,)]
    assert engine.query("select rows from segments.files where rows = 55") == [(55,)]
    engine.fill("taken", "id integer", [(1,)])
    assert engine.query("select count(*) from segments.shoppers") == [(55,)]
    refused = at(engine, "run", *named, "--table", "taken")
    assert refused.code == 2
    assert "is not a table that segjob has loaded" in refused.err
    assert engine.query("select count(*) from taken") == [(1,)]
