"""What every verb has in common: help, JSON, silence, exit codes, and how little it imports before it has to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from helpers.small_warehouse import Segjob, command, dump, environment, execute, query, spawn, without_times
from typer.main import get_command

from segjob.cli import output
from segjob.cli.app import app

ASKED = ("--from", "customers", "--key", "id", "--features", "income,score", "--k", "5", "--k-range", "4:6")
VERBS = sorted(get_command(app).commands)  # type: ignore[attr-defined]


def test_help(segjob: Segjob) -> None:
    shown = segjob("--help")
    assert shown.code == 0
    for verb in VERBS:
        assert f"  {verb} " in shown.out


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb(segjob: Segjob, verb: str) -> None:
    shown = segjob(verb, "--help")
    assert shown.code == 0
    assert f"Example: segjob {verb}" in shown.out
    for option in ("--config", "--warehouse", "--json", "--quiet", "--lock-timeout"):
        assert option in shown.out
    assert segjob(verb, "--nonsense").code == 2


def test_the_verbs_of_the_contract_are_there() -> None:
    assert {"init", "check", "run", "show", "history", "predict"} <= set(VERBS)


def test_no_verb_is_help(segjob: Segjob) -> None:
    shown = segjob()
    assert shown.code == 2
    assert "Usage" in shown.out + shown.err


@pytest.mark.parametrize("module", ["segjob", "segjob.cli.app", "segjob.__main__"])
def test_heavy_imports_are_late(module: str, folder: Path) -> None:
    heavy = (
        "sklearn",
        "scipy",
        "numpy",
        "pandas",
        "matplotlib",
        "duckdb",
        "sqlalchemy",
        "pydantic",
        "pyspark",
    )
    script = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_help_of_the_program_imports_no_engine_and_makes_no_verb(folder: Path) -> None:
    """What `segjob --help` needs is the verbs' words, and not what their options are made of."""
    heavy = (
        "duckdb",
        "sqlalchemy",
        "pydantic",
        "rich",
        "numpy",
        "logging",
        "segjob.config",
        "segjob.cli.output",
    )
    script = (
        "import sys; sys.argv = ['segjob', '--help']\n"
        "from segjob.__main__ import _run; _run()\n"
        f"print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True)
    assert done.stderr.strip() == "[]"
    assert "\n  history " in done.stdout


def test_verbs_that_read_import_no_arrays(groups: Path, folder: Path) -> None:
    """Rows of published tables are shown as they are: no numpy, and no engine but the warehouse's own."""
    heavy = (
        "numpy",
        "pandas",
        "scipy",
        "sklearn",
        "matplotlib",
        "pyarrow",
        "pyspark",
        "psycopg",
        "yaml",
        "http",
        "sqlalchemy.dialects.postgresql",
        "sqlalchemy.dialects.sqlite",
    )
    verbs = [["history"], ["history", "--json"], ["show"], ["query"], ["query", "segment_sizes"]]
    script = (
        "import sys\n"
        "from segjob.__main__ import _run\n"
        f"for verb in {verbs}:\n"
        f"    sys.argv = ['segjob', *verb, '--warehouse', {str(groups)!r}]\n"
        "    assert _run() == 0, verb\n"
        f"print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True)
    assert done.stderr.strip() == "[]"


@pytest.mark.slow
def test_what_only_some_need_may_be_missing(file: Path, folder: Path) -> None:
    """A run needs no plotting, no dbt, no PostgreSQL driver and no Spark."""
    script = (
        "import sys\n"
        "for name in ('matplotlib', 'dbt', 'psycopg', 'pyspark'): sys.modules[name] = None\n"
        "from segjob.__main__ import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "run", "-q", *ASKED, "--warehouse", str(file)],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_json_is_one_document_and_progress_is_elsewhere(file: Path, folder: Path) -> None:
    """In a process of its own: nothing that an engine writes past Python may get between."""
    execute(
        file, "insert into customers select 1000 + i, random() * 100, random() * 100 from range(2000) t(i)"
    )
    published = spawn("run", *ASKED, "--json", "--warehouse", file, cwd=folder)
    assert published.code == 0, published.err
    (run,) = published.document["runs"]
    assert run["run"]["k"] == 5
    assert [row["k"] for row in run["sweep"] if row["is_chosen"]] == [5]
    assert sum(row["rows"] for row in run["segments"]) == 2150
    told = spawn("run", *ASKED, "--warehouse", file, cwd=folder)
    assert "publishing" in told.err
    assert "publishing" not in told.out
    assert "\x1b" not in told.out + told.err
    assert "\r" not in told.out + told.err


@pytest.mark.parametrize(
    "arguments",
    [("check", *ASKED[:6]), ("show",), ("history",), ("predict", "income=20", "score=80")],
    ids=lambda arguments: arguments[0],
)
def test_json_of_a_verb(file: Path, segjob: Segjob, arguments: tuple[str, ...]) -> None:
    assert segjob("run", "-q", *ASKED, "--warehouse", file).code == 0
    before = dump(file)
    outcome = segjob(*arguments, "--json", "--warehouse", file)
    assert outcome.code == 0, outcome.err
    assert isinstance(outcome.document, dict)
    assert outcome.err == ""
    assert segjob(*arguments, "--warehouse", file).code == 0
    assert dump(file) == before


def test_json_of_an_error(file: Path, segjob: Segjob) -> None:
    outcome = segjob("run", *ASKED, "--features", "income,scor", "--json", "--warehouse", file)
    assert outcome.code == 3
    document = outcome.document
    assert document["exit_code"] == 3
    assert "'scor'" in document["error"]
    assert "'score'" in document["hint"]


@pytest.mark.parametrize(
    ("arguments", "wrong", "help_of"),
    [
        (("run", "--bogus", "--json"), "--bogus", "segjob run"),
        (("score", "--json"), "RELATION", "segjob score"),
        (("run", "--json", "--seed", "many"), "--seed", "segjob run"),
        (("rnu", "--json"), "rnu", "segjob"),
        (("--json", "run"), "--json", "segjob"),
    ],
    ids=["option", "argument", "value", "verb", "place"],
)
def test_json_of_a_wrong_command_line(
    segjob: Segjob, arguments: tuple[str, ...], wrong: str, help_of: str
) -> None:
    outcome = segjob(*arguments)
    assert outcome.code == outcome.document["exit_code"] == 2
    assert wrong in outcome.document["error"]
    assert outcome.document["hint"] == f"see `{help_of} --help`"
    assert outcome.err.startswith(f"error: {outcome.document['error']}")
    plain = segjob(*(argument for argument in arguments if argument != "--json"), "--nonsense")
    assert (plain.code, plain.out) == (2, "")


def test_shares_of_categories_are_percentages(file: Path, segjob: Segjob) -> None:
    execute(
        file,
        "create view people as select *, case when id % 5 = 0 then 'a' else 'b' end as kind from customers",
    )
    Path("segjob.toml").write_text(
        """[segmentations.people]
        relation = "people"
        key = "id"
        k = 5
        features = ["income", "score", { column = "kind", kind = "categorical" }]
        """
    )
    shown = segjob("run", "-q", "--warehouse", file).out.splitlines()
    headers = next(line for line in shown if line.startswith("segment "))
    assert "share kind=a" in headers
    assert "mean income" in headers
    own = [line.split()[-2:] for line in shown if line.strip().endswith("%")]
    assert sorted(own) == [["0%", "100%"]] * 4 + [["100%", "0%"]]


def test_quiet_says_nothing_of_progress(file: Path, segjob: Segjob) -> None:
    outcome = segjob("run", "-q", *ASKED, "--warehouse", file)
    assert outcome.code == 0
    assert outcome.err == ""
    assert segjob("check", "-q", *ASKED, "--warehouse", file).out == ""


def test_a_segmentation_is_checked_as_argument_or_option(file: Path, segjob: Segjob) -> None:
    part = '[segmentations.{}]\nrelation = "customers"\nkey = "id"\nfeatures = ["income"]\n'
    Path("segjob.toml").write_text(part.format("first") + part.format("second"))
    for named in (("second",), ("--segmentation", "second")):
        checked = segjob("check", *named, "--json", "--warehouse", file).document["checked"]
        assert [one["segmentation"] for one in checked] == ["second"]


def test_dry_run_changes_nothing(file: Path, segjob: Segjob) -> None:
    before = dump(file)
    outcome = segjob("run", "--dry-run", *ASKED, "--warehouse", file)
    assert outcome.code == 0, outcome.err
    assert outcome.out.count(";\n\n") >= 8
    planned = segjob("run", "--dry-run", *ASKED, "--warehouse", file, "--json").document["statements"]
    printed = without_times(outcome.out)
    assert [without_times(step["statement"]) in printed for step in planned] == [True] * printed.count(
        ";\n\n"
    )
    assert {step["segmentation"] for step in planned} == {"customers"}
    assert dump(file) == before


def test_before_the_first_run(file: Path, segjob: Segjob) -> None:
    listed = segjob("history", "--warehouse", file)
    assert listed.code == 0
    assert "no runs yet" in listed.out
    for arguments in (("show",), ("predict", "income=1", "score=2")):
        outcome = segjob(*arguments, "--warehouse", file)
        assert outcome.code == 3
        assert "segjob run" in outcome.err


@pytest.mark.parametrize(
    ("values", "code", "words"),
    [
        (["income=20"], 2, "no value for score"),
        (["income=20", "score=80", "age=3"], 2, "no feature 'age'"),
        (["income=20", "scor=80"], 2, "did you mean 'score'?"),
        (["income=a lot", "score=80"], 2, "income is a number, not 'a lot'"),
        (["income=20", "income=30", "score=80"], 2, "income has two values"),
        (["income", "score=80"], 2, "'income' is not COLUMN=VALUE"),
        (["income=", "score=80"], 3, "has no segment"),
        (["income=1e300", "score=80"], 3, "further from every segment than numbers go"),
    ],
)
def test_predictions_that_are_refused(
    file: Path, segjob: Segjob, values: list[str], code: int, words: str
) -> None:
    assert segjob("run", "-q", *ASKED, "--warehouse", file).code == 0
    outcome = segjob("predict", *values, "--warehouse", file)
    assert outcome.code == code
    assert words in outcome.err


def test_a_yes_or_no_is_predicted_as_it_is_typed(file: Path, segjob: Segjob) -> None:
    execute(
        file, "alter table customers add column member boolean", "update customers set member = id % 2 = 0"
    )
    asked = (
        "--from",
        "customers",
        "--key",
        "id",
        "--features",
        "income,member",
        "--k",
        "4",
        "--k-range",
        "4:4",
    )
    assert segjob("run", "-q", *asked, "--warehouse", file).code == 0
    said = [
        segjob("predict", "income=20", f"member={word}", "--json", "--warehouse", file).document
        for word in ("true", "1", "false", "0")
    ]
    assert said[0] == said[1] != said[2] == said[3]


def test_a_run_that_finds_nothing(file: Path, segjob: Segjob) -> None:
    """One number of segments is no range to choose from: exit code 5, nothing published but why."""
    asked = ("--from", "customers", "--key", "id", "--features", "income,score")
    outcome = segjob("run", "-q", *asked, "--k-range", "1:1", "--warehouse", file)
    assert outcome.code == 5, outcome.err
    assert "nothing was published" in outcome.err
    assert query(file, "select status, k, structure from segments.runs") == [
        ("refused", None, "constructive")
    ]
    assert query(file, "select count(*) from segments.segments") == [(0,)]


def test_nothing_of_an_error_reaches_stdout(file: Path, folder: Path) -> None:
    """As a shell sees it: the words on stderr, the code, no traceback and no library's last words."""
    execute(
        file,
        "create view broken as "
        "select id, case when id = 9 then error('no') else income end as income, score from customers",
    )
    asked = ("--from", "broken", *ASKED[2:])
    done = subprocess.run(
        command("run", *asked, "--warehouse", file),
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.startswith("error: view broken cannot be read")
    assert "Traceback" not in done.stderr
    assert "leaked" not in done.stderr


def test_a_quiet_warning_says_which_of_several_it_is_about(capsys: pytest.CaptureFixture[str]) -> None:
    progress = output.WarningsOnly()
    progress.turn_to("value")
    progress.warn("revenue is skewed")
    progress.turn_to(None)
    progress.warn("no snapshot")
    assert capsys.readouterr().err == "  warning: value: revenue is skewed\n  warning: no snapshot\n"
    assert progress.warnings == ["revenue is skewed", "no snapshot"]
