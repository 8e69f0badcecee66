"""dbt finds its project, its data and the one warehouse, whatever directory it is started in."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from helpers.dbt_checkout import CHECKOUT, Checkout, ask


@pytest.mark.parametrize(
    ("start", "arguments"),
    [("dbt_project", ()), (".", ("--project-dir", "dbt_project"))],
    ids=["inside dbt_project", "with --project-dir"],
)
def test_every_start_reaches_the_same_warehouse(
    built: Checkout, start: str, arguments: tuple[str, ...]
) -> None:
    before = built.warehouse.stat().st_mtime_ns
    built.dbt("run", "--select", "base_customers", *arguments, start=start)
    assert built.warehouse.stat().st_mtime_ns > before
    assert list(built.root.rglob("*.duckdb")) == [built.warehouse]
    assert ask(built.warehouse, "select count(*) from staging.base_customers") == [(2041,)]


def test_the_two_profiles_differ_only_in_where_they_stand() -> None:
    inner = (CHECKOUT / "dbt_project" / "profiles.yml").read_text(encoding="utf-8")
    outer = (CHECKOUT / "profiles.yml").read_text(encoding="utf-8")
    settings = yaml.safe_load(inner.replace("/../", "/").replace("/..", ""))
    assert settings == yaml.safe_load(outer)


def test_there_is_one_project_file() -> None:
    assert (CHECKOUT / "dbt_project.yml").resolve() == CHECKOUT / "dbt_project" / "dbt_project.yml"


def test_nothing_is_sent_or_looked_up() -> None:
    project = yaml.safe_load((CHECKOUT / "dbt_project" / "dbt_project.yml").read_text(encoding="utf-8"))
    assert project["flags"] == {"send_anonymous_usage_stats": False, "version_check": False}
    assert not list(Path(CHECKOUT, "dbt_project").glob("packages.yml"))
