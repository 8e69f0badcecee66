"""The documentation site: its generated pages hold all that the code has, and the tutorial's commands run."""

from __future__ import annotations

import csv
import importlib.util
import json
import re
import shlex
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from helpers.small_warehouse import Segjob, customers, query
from typer.main import get_command

from segjob.cli.app import app
from segjob.commands.setup.schema import FILE_NAME, config_schema
from segjob.statements.published.tables import SHARED

VERBS = get_command(app).commands  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def hooks(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("site_hooks", root / "docs" / "site" / "hooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_has_every_verb_option_key_and_column(hooks: ModuleType) -> None:
    verbs, keys, tables = hooks.verbs_page(), hooks.config_page(), hooks.tables_page()
    for name, command in VERBS.items():
        section = verbs.split(f"## segjob {name}\n")[1].split("\n## ")[0]
        for parameter in command.params:
            label = parameter.opts[0] if parameter.param_type_name == "option" else parameter.metavar
            assert f"`{label}" in section or f", {label}" in section, (name, label)
    for kind in config_schema()["$defs"].values():
        assert [key for key in kind.get("properties", {}) if f"| `{key}` |" not in keys] == []
    for name, (_, columns) in SHARED.items():
        section = tables.split(f"## {name}\n")[1].split("\n## ")[0]
        assert [column for column, *_ in columns if f"| `{column}` |" not in section] == []


def test_the_sites_pages_are_there_and_it_asks_no_other_host(root: Path, hooks: ModuleType) -> None:
    site = yaml.safe_load((root / "mkdocs.yml").read_text(encoding="utf-8"))
    pages = re.findall(r"[\w/-]+\.md", json.dumps(site["nav"]))
    assert len(pages) > 15
    assert [page for page in pages if page not in hooks.PAGES and not (root / "docs" / page).is_file()] == []
    assert site["theme"]["font"] is False
    start = hooks.start_page()
    for target in re.findall(r"\]\((?!https?:|#)([^)\s#]+)", start):
        assert (root / "docs" / target).exists(), target


def test_the_shipped_schema_takes_the_repositorys_file_and_no_wrong_one(root: Path) -> None:
    shipped = json.loads((root / "segjob" / "commands" / "setup" / FILE_NAME).read_text(encoding="utf-8"))
    assert shipped == json.loads(json.dumps(config_schema())), (
        f"segjob schema > segjob/commands/setup/{FILE_NAME}"
    )
    jsonschema = pytest.importorskip("jsonschema")
    import tomllib

    validator = jsonschema.Draft202012Validator(shipped)
    own = tomllib.loads((root / "segjob.toml").read_text(encoding="utf-8"))
    assert [error.message for error in validator.iter_errors(own)] == []
    for wrong in ({"segmentations": {"a": {"relation": "b"}}}, {"nonsense": 1}, {"warehouse": {"schema": 3}}):
        assert list(validator.iter_errors(wrong)), wrong


def test_the_tutorials_commands_and_sql_run(root: Path, folder: Path, segjob: Segjob) -> None:
    with (folder / "shop.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("id", "income", "score"), *customers()])
    page = (root / "docs" / "tutorial.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    commands = [line for language, block in blocks if not language for line in block.splitlines()]
    assert len(commands) == 8
    for line in commands:
        done = segjob(*shlex.split(line)[1:])
        assert done.code == 0, f"{line}: {done.err}"
    (statement,) = [block for language, block in blocks if language == "sql"]
    rows = query(folder / "segjob.duckdb", statement)
    assert sum(customers for _, customers in rows) == 150
    assert "Regulars" in dict(rows)
    assert (folder / "shop-report.html").is_file()
