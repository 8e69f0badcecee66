"""`segjob init` fits where it stands: what it writes passes `check`, or it says what to fill in."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import duckdb
import pytest
from helpers.jaffle_shop import make_project, write_manifest
from helpers.small_warehouse import Segjob, customers, execute, fill, query

from segjob.config import Segmentation
from segjob.config_file import parse


def settings() -> dict[str, Any]:
    return tomllib.loads(Path("segjob.toml").read_text(encoding="utf-8"))


def mart(file: str, schema: str) -> None:
    """Customers as dbt would leave them in that schema."""
    with duckdb.connect(file) as connection:
        connection.execute(f"create schema {schema}")
        connection.execute(
            f"create table {schema}.customers as select range as customer_id, 'x' as first_name, "
            "(range % 2) * 10 + range % 3 as number_of_orders, (range % 2) * 500 + range % 7 as lifetime_value "
            "from range(1, 101)"
        )


def test_in_an_empty_folder_it_asks_nothing_and_says_what_to_fill_in(segjob: Segjob, folder: Path) -> None:
    outcome = segjob("init")
    assert outcome.code == 0, outcome.err
    assert settings()["warehouse"]["url"] == "segjob.duckdb"
    assert "segmentations" not in settings()
    assert "to do: in segjob.toml, take the # off one of its segmentations" in outcome.out
    text = Path("segjob.toml").read_text(encoding="utf-8")
    uncommented = "\n".join(
        line.removeprefix("# ") if line.startswith(("# [seg", "# rel", "# key", "# features")) else line
        for line in text.splitlines()
    )
    assert "income_spending" in tomllib.loads(uncommented.split("# Buyers")[0])["segmentations"]
    assert query(folder / "segjob.duckdb", "select count(*) from segments.runs") == [(0,)]
    assert "kept segjob.toml" in segjob("init").out


def test_what_the_command_line_describes_is_written_and_passes_check(segjob: Segjob, folder: Path) -> None:
    rows = "".join(f"{i},{x},{y}\n" for i, x, y in customers())
    Path("my shop.csv").write_text("id,income,score\n" + rows)
    described = ("--from", "my shop.csv", "--key", "id", "--features", "income,score", "--name", 'my "shop"')
    outcome = segjob("init", *described)
    assert outcome.code == 0, outcome.err
    assert settings()["segmentations"] == {
        'my "shop"': {"relation": "main.my_shop", "key": "id", "features": ["income", "score"]}
    }
    assert segjob("check").code == 0
    offered = re.sub(
        r"(?m)^# (?=\w+ = )", "", Path("segjob.toml").read_text(encoding="utf-8").split("[segmentations")[1]
    )
    more = parse(Segmentation, tomllib.loads(f"[x{offered}")["x"]['my "shop"'], where="test")
    assert (more.partition_by, more.refit, more.holdout_share) == ("country", "when_unhealthy", 0.1)
    assert query(folder / "segjob.duckdb", 'select count(*) from segments."my ""shop"""') == [(0,)]
    again = segjob("init", *described)
    assert again.code == 2
    assert "there is a segjob.toml already" in again.err


def test_it_proposes_the_customers_of_a_warehouse_that_is_named(segjob: Segjob, file: Path) -> None:
    execute(
        file, "create table app_customers as from customers", "alter table customers add column zip integer"
    )
    outcome = segjob("init", "--warehouse", file, "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.document["segmentations"] == ["customers"]
    assert outcome.document["empty_views"] == ["segments.customers"]
    assert settings()["warehouse"]["url"] == "shop.duckdb"
    assert settings()["segmentations"]["customers"] == {
        "relation": "customers",
        "key": "id",
        "features": ["income", "score"],
    }
    assert segjob("check").code == 0
    assert segjob("run", "-q", "--k", "5").code == 0
    assert query(file, "select count(*) from segments.customers") == [(150,)]


def test_a_table_that_would_fail_is_not_proposed(segjob: Segjob, folder: Path) -> None:
    file = fill(folder / "shop.duckdb", [(1, 1.0, 1.0), (1, 2.0, 2.0)])
    assert segjob("init", "--warehouse", file, "--json").document["segmentations"] == []


def test_beside_a_dbt_project_it_takes_its_models_for_every_target(segjob: Segjob, folder: Path) -> None:
    make_project(folder / "shop")
    for target, schema in (("dev", "alice_marts"), ("prod", "analytics_marts")):
        mart(f"{target}.duckdb", schema)
    write_manifest(folder / "shop", "alice_marts")
    outcome = segjob("init", "--config", "shop/segjob.toml")
    assert outcome.code == 0, outcome.err
    written = tomllib.loads(Path("shop/segjob.toml").read_text())
    assert written["warehouse"]["dbt_project"] == "."
    assert written["segmentations"]["customers"] == {
        "model": "customers",
        "key": "customer_id",
        "features": ["number_of_orders", "lifetime_value"],
    }
    config = ("--config", "shop/segjob.toml")
    assert "alice_marts.customers by customer_id is fine" in segjob("check", *config).out
    write_manifest(folder / "shop", "analytics_marts")
    assert "there is no table or view 'analytics_marts.customers'" in segjob("check", *config).err


def test_one_config_serves_the_other_target(
    segjob: Segjob, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_project(folder / "shop")
    mart("prod.duckdb", "analytics_marts")
    write_manifest(folder / "shop", "analytics_marts", "elsewhere")
    monkeypatch.setenv("DBT_TARGET", "prod")
    monkeypatch.setenv("DBT_TARGET_PATH", "elsewhere")
    Path("segjob.toml").write_text(
        '[warehouse]\ndbt_project = "${SHOP:-shop}"\n[segmentations.c]\nmodel = "customers"\nkey = "customer_id"\n'
        'features = ["lifetime_value"]\n'
    )
    assert segjob("check").out == "c: analytics_marts.customers by customer_id is fine\n"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('model = "customer"', "no model 'customer'"),
        ('model = "customers"\nrelation = "customers"', "has a relation and a model"),
        ("", "relation is missing: name a table or view, or model"),
        ('relation = "${NOWHERE}"', "segmentations.c.relation needs the environment variable NOWHERE"),
    ],
)
def test_a_wrong_model_is_said(segjob: Segjob, folder: Path, line: str, message: str) -> None:
    write_manifest(make_project(folder / "shop"), "alice_marts")
    Path("segjob.toml").write_text(
        f'[warehouse]\ndbt_project = "shop"\n[segmentations.c]\n{line}\nkey = "id"\nfeatures = ["a"]\n'
    )
    outcome = segjob("check")
    assert outcome.code == 2
    assert message in outcome.err


def test_a_project_that_dbt_never_ran_in_is_said(segjob: Segjob, folder: Path) -> None:
    make_project(folder / "shop")
    Path("segjob.toml").write_text(
        '[warehouse]\ndbt_project = "shop"\n[segmentations.c]\nmodel = "customers"\nkey = "id"\nfeatures = ["a"]\n'
    )
    outcome = segjob("check")
    assert outcome.code == 2
    assert "manifest.json, which says where dbt's models are" in outcome.err
    (folder / "shop" / "target").mkdir()
    (folder / "shop" / "target" / "manifest.json").write_text("[]")
    assert "cannot be read as dbt's manifest" in segjob("check").err
