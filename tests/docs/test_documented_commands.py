"""Every segjob command of the documents is one, and those on a DuckDB file are carried out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from helpers.small_warehouse import Segjob, customers, execute, fill, query
from typer.main import get_command

from segjob.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
PROGRAM = get_command(app)
ELSEWHERE = {
    "postgresql://": "tests/engines",
    "ducklake:": "tests/doors",
    "spark://": "tests/engines",
    "backfill": "tests/engines/test_backfill.py, tests/dbt/test_history.py",
    "revenue_over_time": "tests/sql, on the demo",
    "segjob run income_spending": "make demo, after `dbt run`",
}
"""Commands of the pages that this test only takes apart, and where the like of them runs."""


def blocks(page: Path, language: str) -> list[str]:
    fenced = re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    return [block for written_in, block in fenced if written_in == language]


def commands(page: Path) -> Iterator[str]:
    """The segjob commands of a page's code, in blocks and in lines, without what the shell does with them."""
    text = page.read_text(encoding="utf-8")
    written = [line for block in blocks(page, "") for line in block.splitlines()]
    paragraphs = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S).split("\n\n")
    written += [
        code for paragraph in paragraphs for code in paragraph.split("`")[1::2] if code == code.strip()
    ]
    for line in written:
        for part in re.split(r"&&|;|\|(?!\|)", re.sub(r"\s#.*", "", line)):
            if found := re.fullmatch(r"(?:\.venv/bin/|[A-Z_]+=\S+ )*(segjob [a-z].+)", part.strip()):
                yield found[1]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_is_one(page: Path) -> None:
    for command in commands(page):
        verb, *arguments = shlex.split(command)[1:]
        if any("..." in argument or "[" in argument or argument == "=" for argument in arguments):
            continue  # the form of a command, not one
        assert verb in PROGRAM.commands, command  # type: ignore[attr-defined]
        known = {name for one in PROGRAM.commands[verb].params for name in one.opts}  # type: ignore[attr-defined]
        given = {argument.partition("=")[0] for argument in arguments if argument.startswith("--")}
        assert given <= known | {"--help"}, command


@pytest.fixture
def shop(folder: Path) -> Path:
    """What the pages speak of: shop.csv, orders.csv, and shop.duckdb with sales.customers and two segmentations."""
    rng = np.random.default_rng(7)
    rows = [
        (*row, *map(float, rng.gamma(2, 40, 3).round(1)), int(rng.integers(18, 80)), "FM"[row[0] % 2])
        for row in customers(200)
    ]
    numbers = "income double, score double, recency_days double, orders double, revenue double"
    columns = f"id int, {numbers}, age int, gender text"
    file = fill(folder / "shop.duckdb", rows, columns=columns)
    execute(
        file,
        "create schema sales",
        "create view sales.customers as from main.customers",
        "copy (select id, income, score from customers) to 'shop.csv' (header)",
    )
    orders = [
        f"{customer},{customer * 1000 + n},{'2024' if customer % 2 else '2025'}-06-{1 + n % 28:02},{20 + customer % 7}"
        for customer in range(1, 201)
        for n in range(2 if customer % 3 else 25)
    ]
    (folder / "orders.csv").write_text("\n".join(["customer_id,order_id,order_date,revenue", *orders]))
    return file


@pytest.mark.long
@pytest.mark.parametrize("name", ["README.md", "commands.md", "bi.md"])
def test_commands_on_a_file_are_carried_out(name: str, shop: Path, folder: Path, segjob: Segjob) -> None:
    page = next(page for page in PAGES if page.name == name)
    for segmentation in ("income_spending", "value"):
        made = segjob(
            *("run", "--warehouse", shop, "--from", "customers", "--key", "id", "--features", "income,score"),
            *("--measures", "revenue", "--name", segmentation, "-q"),
        )
        assert made.code == 0, made.err
    done = []
    for line in [line for block in blocks(page, "") for line in block.splitlines()]:
        command = re.sub(r"\s+#.*", "", line).replace("/srv/dashboards", str(folder / "dashboards"))
        if not command.startswith("segjob ") or any(mark in command for mark in ELSEWHERE):
            continue
        read = ("query", "snapshot")
        where = ["--warehouse", str(shop)] if command.split()[1] in read else []
        outcome = segjob(*shlex.split(command)[1:], *where)
        assert outcome.code == 0, f"{command}: {outcome.err}"
        done.append(command)
    assert len(done) >= 2


@pytest.mark.long
def test_the_readmes_config_and_the_statement_on_comments_work(
    shop: Path, folder: Path, segjob: Segjob
) -> None:
    (toml,) = blocks(ROOT / "README.md", "toml")
    (folder / "segjob.toml").write_text(toml)
    assert segjob("check").code == 0
    outcome = segjob("run", "value", "--k", "3", "-q")
    assert outcome.code == 0, outcome.err
    (statement,) = blocks(ROOT / "docs" / "tables.md", "sql")
    comments = query(shop, statement)
    assert len(comments) > 200
    assert [row for row in comments if row[0] == "runs" and not row[2]] == []
