"""`segjob sources` writes the published tables into the user's dbt project, and touches no other file."""

from __future__ import annotations

import os
from pathlib import Path

import yaml
from helpers.jaffle_shop import make_project, write_manifest
from helpers.small_warehouse import Segjob

CONFIG = """
[warehouse]
dbt_project = "shop"
schema = "seg"
[segmentations.value]
model = "customers"
key = "customer_id"
features = ["number_of_orders"]
[segmentations.other]
relation = "loaded"
key = "id"
features = ["a"]
"""


def test_sources_are_written_refreshed_and_never_over_somebody_elses(segjob: Segjob, folder: Path) -> None:
    write_manifest(make_project(folder / "shop"), "alice_marts")
    Path("segjob.toml").write_text(CONFIG)
    outcome = segjob("sources", "--json")
    assert outcome.code == 0, outcome.err
    file = Path(outcome.document["file"])
    assert file == folder / "shop" / "models" / "segjob" / "_segjob__sources.yml"
    document = yaml.safe_load(file.read_text())
    [source] = document["sources"]
    assert (source["name"], source["schema"]) == ("segjob", "seg")
    tables = {table["name"]: table for table in source["tables"]}
    assert all(table["description"] for table in tables.values())
    assert all(column["description"] for table in tables.values() for column in table.get("columns", []))
    tests = {column["name"]: column.get("data_tests") for column in tables["value"]["columns"]}
    assert tests["customer_id"] == [
        "unique",
        "not_null",
        {"relationships": {"arguments": {"to": "ref('customers')", "field": "customer_id"}}},
    ]
    assert tests["segment_id"] == ["not_null"]
    assert [c["data_tests"] for c in tables["other"]["columns"] if c["name"] == "id"] == [
        ["unique", "not_null"]
    ]
    assert tables["runs"]["config"]["loaded_at_field"] == "published_at"
    assert document["exposures"][0]["depends_on"] == ["ref('customers')"]
    before = file.read_text()
    assert segjob("sources").code == 0
    assert file.read_text() == before
    file.write_text("version: 2\n")
    refused = segjob("sources")
    assert refused.code == 2
    assert "segjob did not write it" in refused.err
    assert file.read_text() == "version: 2\n"
    assert segjob("sources", "--out", "here.yml").code == 0
    assert Path("here.yml").read_text() == before
    Path("link.yml").symlink_to("nowhere.yml")
    os.mkfifo("pipe.yml")
    for place in ("link.yml", "pipe.yml"):
        assert segjob("sources", "--out", place).code == 2
    assert not Path("nowhere.yml").exists()
