"""The documents keep up with the program: verbs, tables, keys, links, exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from pydantic import BaseModel
from typer.main import get_command
from typer.testing import CliRunner

from segjob import config, errors
from segjob.cli.app import app
from segjob.commands.setup.schema import FILE_NAME, config_schema
from segjob.statements.published.tables import SHARED, VIEWS

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
TABLES = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
VERBS = sorted(get_command(app).commands)
PAGES = sorted(
    page
    for page in [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("data/*.md"),
        *ROOT.glob("examples/**/*.md"),
    ]
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def rows_of(page: str, heading: str) -> dict[str, list[str]]:
    """The page's table whose first heading this is: the first cell without backticks -> the other cells."""
    after = page.split(f"\n| {heading} |", 1)[1].splitlines()[2:]
    lines = []
    for line in after:
        if not line.startswith("|"):
            break
        lines.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return {cells[0].strip("`"): cells[1:] for cells in lines}


def options(*arguments: str) -> str:
    result = CliRunner().invoke(app, [*arguments, "--help"], terminal_width=200)
    assert result.exit_code == 0
    return result.output


def test_every_verb_is_documented_and_no_other():
    assert sorted(rows_of(COMMANDS, "verb")) == VERBS
    in_the_readme = " ".join(rows_of(README, "verb"))
    assert sorted(re.findall(r"[a-z]+", in_the_readme)) == VERBS


def test_the_readme_is_a_front_door():
    assert len(README.splitlines()) <= 150


@pytest.mark.parametrize("verb", VERBS)
def test_a_verbs_help_has_an_example(verb):
    assert f"Example: segjob {verb}" in options(verb)


@pytest.mark.parametrize("verb", VERBS)
def test_a_verbs_row_has_an_example_with_options_that_exist(verb):
    _, example = rows_of(COMMANDS, "verb")[verb]
    assert example.startswith(f"`segjob {verb}")
    known = options(verb)
    for option in re.findall(r"(?<=\s)--[a-z-]+", example):
        assert option in known


@pytest.mark.parametrize("table", SHARED)
def test_every_table_is_documented(table):
    assert table in rows_of(TABLES, "table")


@pytest.mark.parametrize("table", ["<s>_history", "<s>_movements"])
def test_every_table_of_a_segmentation_is_documented(table):
    assert table in rows_of(TABLES, "table")


@pytest.mark.parametrize("view", [*VIEWS, "<s>", "<s>_scores", "<s>_profile", "<s>_reasons", "<s>_audience"])
def test_every_view_is_documented(view):
    assert view in rows_of(TABLES, "view")


def test_the_documents_invent_no_table_and_no_view():
    assert {name for name in rows_of(TABLES, "table") if not name.startswith("<s>")} <= set(SHARED)
    assert {name for name in rows_of(TABLES, "view") if not name.startswith("<s>")} <= set(VIEWS)


def test_every_exit_code_is_documented():
    def leaves(kind: type[errors.SegjobError]) -> set[int]:
        own = {kind.exit_code} if kind is not errors.SegjobError else set()
        return own.union(*(leaves(child) for child in kind.__subclasses__()))

    assert {int(code) for code in rows_of(COMMANDS, "exit code")} == leaves(errors.SegjobError) | {0}


@pytest.mark.parametrize(
    "model",
    [kind for kind in vars(config).values() if isinstance(kind, type) and issubclass(kind, BaseModel)],
    ids=lambda kind: kind.__name__,
)
def test_every_key_of_the_config_is_explained(model):
    page = (ROOT / "docs" / "config.md").read_text(encoding="utf-8")
    internal = {"directory"}
    for name, field in model.model_fields.items():
        key = field.alias or name
        assert any(written in page for written in (f"`{key}`", f"`[{key}", f"`[[{key}")) or key in internal, (
            key
        )


def test_the_explained_defaults_are_the_real_ones():
    page = (ROOT / "docs" / "config.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## `\[([a-z]+)[^\n]*\n(.*?)(?=^## |\Z)", page, flags=re.M | re.S))
    for name in ("fit", "health"):
        stated = dict(re.findall(r"^\| `(\w+)` \| `([\d.]+)` \|", sections[name], flags=re.M))
        real = config.Config.model_fields[name].default.model_dump()
        assert {key: float(value) for key, value in stated.items()} == real


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    for target in LINK.findall(text):
        if not target.startswith(("http://", "https://", "#", "mailto:")):
            assert (page.parent / target.partition("#")[0]).exists(), target


def test_the_readmes_pictures_are_there_small_and_described():
    pictures = re.findall(r"!\[([^\]]*)\]\(([^)\s]+)\)", README)
    assert {Path(target).suffix for _, target in pictures} == {".svg", ".png"}
    for description, target in pictures:
        assert len(description.split()) > 8, "a picture's words are all that some readers get"
        assert 5_000 < (ROOT / target).stat().st_size < 300_000
        if target.endswith(".svg"):
            svg = (ROOT / target).read_text(encoding="utf-8")
            assert "<svg" in svg
            assert not re.search(r"(?:href|src)=|url\((?!#)", svg), "it asks for nothing"


def test_every_decision_stands_in_their_index():
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    pages = {page.name for page in folder.glob("*.md")} - {"README.md"}
    assert pages
    assert {page for page in pages if f"({page})" not in index} == set()


def test_the_constraints_are_exact_and_name_no_index():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert lines
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line)] == []


def test_every_make_target_of_the_readme_exists():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"`make ([a-z]+)`|^make ([a-z]+)", README, flags=re.M)):
        name = next(filter(None, target))
        assert re.search(rf"^{name}:.*## .+", makefile, flags=re.M), name


def test_what_ran_on_an_emulator_is_said_to_be_so() -> None:
    page = (ROOT / "docs" / "engines.md").read_text(encoding="utf-8")
    assert "ran on an emulator, not on Snowflake" in " ".join(page.split())


def test_the_shipped_schema_is_current_after_segjob_schema_into_that_file():
    shipped = json.loads((ROOT / "segjob" / "commands" / "setup" / FILE_NAME).read_text(encoding="utf-8"))
    assert shipped == json.loads(json.dumps(config_schema())), (
        f"segjob schema > segjob/commands/setup/{FILE_NAME}"
    )
