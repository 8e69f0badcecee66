"""The command line and segjob.toml: exit code 2, every problem at once and with its place; nothing changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.small_warehouse import Segjob, execute

from segjob.config_file import load
from segjob.errors import ConfigError

Refused = Callable[..., str]
SOUND = """
[segmentations.s]
relation = "customers"
key = "id"
features = ["income", "score"]
"""


def problems(folder: Path, text: str) -> str:
    """What `load` says of a config file."""
    file = folder / "segjob.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert str(file) in caught.value.message
    return caught.value.message


def test_everything_is_said_at_once_with_its_place(folder: Path) -> None:
    text = """
    color = 1
    [warehouse]
    urll = "x"
    lock_timeout = "a"
    threads = 0
    schema = ""
    [fit]
    all_rows = 3
    tolerance = nan
    [segmentations.s]
    relation = "customers"
    key = "id"
    features = ["income"]
    kk = 3
    seed = "x"
    k_range = [1, 2, 3]
    [segmentations.t]
    relation = ""
    key = 3
    features = [{ column = "a", kind = "num", weight = -1, lower = inf }, { colum = "b" }, 3]
    k = 1.5
    rule = "foo"
    scale = 1
    n_init = 0
    """
    told = problems(folder, text)
    for line in [
        "color: unknown key",
        "warehouse.urll: unknown key",
        "warehouse.lock_timeout: must be a number, not 'a'",
        "warehouse.threads: must be at least 1, not 0",
        "warehouse.schema: is empty",
        "fit.all_rows: must be at least 100, not 3",
        "fit.tolerance: must be a finite number, not nan",
        "segmentations.s.kk: unknown key",
        "segmentations.s.seed: must be a whole number, not 'x'",
        "segmentations.s.k_range: takes 2 values",
        "segmentations.t.relation: is empty",
        "segmentations.t.key: must be a text, not 3",
        "segmentations.t.features.0.kind: must be 'numeric' or 'categorical', not 'num'",
        "segmentations.t.features.0.weight: must be above 0, not -1",
        "segmentations.t.features.0.lower: must be a finite number, not inf",
        "segmentations.t.features.1.column: is missing",
        "segmentations.t.features.1.colum: unknown key",
        'segmentations.t.features.2: must be a column name, or a table such as { column = "age" }, not 3',
        'segmentations.t.k: must be "auto" or a whole number from 1, not 1.5',
        "segmentations.t.rule: must be ",
        "segmentations.t.scale: must be 'standard', 'robust', 'minmax' or 'none', not 1",
        "segmentations.t.n_init: must be at least 1, not 0",
    ]:
        assert f"\n  - {line}" in told
    assert told.count("\n  - ") == 22


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ('features = "income"', "features: must be a list, such as"),
        ("features = []", "features: is empty"),
        ('features = ["income", "income"]', "features names 'income' more than once"),
        ('features = ["id", "income"]', "the key 'id' is also a feature"),
        ("k = true", 'k: must be "auto" or a whole number from 1, not True'),
        ("k = 0", "not 0"),
        ("k = -1", "not -1"),
        ("k = 101", "k: must be at most 100, not 101"),
        ('k = "3"', "not '3'"),
        ("k_range = 3", "k_range: must be a list, not 3"),
        ("k_range = [5, 2]", "upside down: 5 is above 2; write [2, 5]"),
        ("k_range = [0, 5]", "k_range.0: must be at least 1, not 0"),
        ("k_range = [1, 60]", "more than 50 segments"),
        ('row_weight = "income"', "row_weight 'income' is also the key or a feature"),
        ("relation = 3", "relation: must be a text, not 3"),
        ("seed = -1", "seed: must be at least 0, not -1"),
        ('features = [{ column = "income", lower = 5, upper = 1 }]', "lower (5) must be below upper (1)"),
        ('features = [{ column = "income", weight = true }]', "weight: must be a number, not True"),
        ('features = [{ column = "income", weight = 1e300 }]', "weight: must be at most 1e+06"),
        (
            'features = [{ column = "a", kind = "categorical", lower = 5 }]',
            "a categorical feature has no lower",
        ),
        (
            'features = [{ column = "a", kind = "categorical", unit = "days" }]',
            "a categorical feature has no unit",
        ),
        (
            'features = [{ column = "income", low_word = "who earn less than most" }]',
            "low_word: must be one to four words",
        ),
        (
            'features = [{ column = "income", low_word = "poor", high_word = "poor" }]',
            "low_word and high_word are the same: 'poor'",
        ),
        (
            'features = [{ column = "income", missing = "impute", impute = nan }]',
            'impute: must be "median", "mean" or a number',
        ),
        (
            'features = [{ column = "income", missing = "impute", impute = 7, upper = 5 }]',
            "impute (7) must be within",
        ),
        (
            'features = [{ column = "income", missing = "impute", impute = -7, function = "log1p" }]',
            "impute (-7) has no logarithm",
        ),
    ],
)
def test_one_thing_is_wrong(folder: Path, change: str, words: str) -> None:
    key = change.split(" = ")[0]
    kept = [line for line in SOUND.splitlines() if not line.startswith(f"{key} =")]
    assert words in problems(folder, "\n".join([*kept, change]))


def test_names_of_segmentations(folder: Path) -> None:
    again = SOUND.replace("segmentations.s", "segmentations.S")
    assert "'s' and 'S' differ in case only" in problems(folder, SOUND + again)
    empty = SOUND.replace("segmentations.s", 'segmentations.""')
    assert "name is empty" in problems(folder, empty)


def test_files_that_are_no_config(folder: Path, segjob: Segjob) -> None:
    assert "not valid TOML" in problems(folder, "[segmentations.s\nk = 1")
    assert "line 1, column" in problems(folder, "[segmentations.s\nk = 1")
    assert "segmentations: must be a table, not 3" in problems(folder, "segmentations = 3")
    assert "directory: unknown key" in problems(folder, 'directory = "x"')
    (folder / "segjob.toml").write_bytes(b"\xff\xfe\x00")
    missing = segjob("check", "--config", folder / "nope.toml")
    assert missing.code == 2
    assert "there is no config file" in missing.err
    assert "segjob init" in missing.err
    unreadable = segjob("check")
    assert unreadable.code == 2
    assert "cannot be read" in unreadable.err
    assert segjob("check", "--config", folder).code == 2
    assert "larger than" in segjob("check", "--config", "/dev/zero").err
    assert "nested too deeply" in problems(folder, "a = " + "[" * 100_000)


@pytest.mark.parametrize(
    "text",
    [
        'warehouse = "postgresql://me:s3cret@host/shop"',
        '[warehouse]\nlock_timeout = "postgres:/me:s3cret@host/shop"',
        '["postgresql://me:s3cret@host/shop"]',
        '[segmentations."postgresql://me:s3cret@host/shop"]\nk = 0',
        '[segmentations.s]\nfeatures = [{ column = "a", scale = "sc://host:1/;token=s3cret" }]',
    ],
)
def test_a_url_in_the_wrong_place_is_not_shown(folder: Path, text: str) -> None:
    said = problems(folder, text)
    assert "s3cret" not in said
    assert "a URL" in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--k", "0"], 'k: must be "auto" or a whole number from 1, not 0'),
        (["--k", "-1"], "not -1"),
        (["--k", "1.5"], "not '1.5'"),
        (["--k", "abc"], "not 'abc'"),
        (["--k-range", "5:2"], "upside down: 5 is above 2"),
        (["--k-range", "abc"], "LOW:HIGH, such as 1:10, not 'abc'"),
        (["--k-range", "3"], "LOW:HIGH"),
        (["--k-range", "0:5"], "must be at least 1"),
        (["--k-range", "1:"], "LOW:HIGH"),
        (["--k-range", "2:5:7"], "LOW:HIGH"),
        (["--rule", "foo"], "rule: must be "),
        (["--scale", "foo"], "scale: must be 'standard'"),
        (["--seed", "-1"], "seed: must be at least 0"),
        (["--seed", "abc"], "--seed"),
        (["--lock-timeout", "-1"], "--lock-timeout"),
        (["--name", "runs"], "cannot be called 'runs'"),
        (["--name", "foo_history"], "cannot be called 'foo_history'"),
        (["--name", "Current_Runs"], "cannot be called 'Current_Runs'"),
        (["--name", "a\nb"], r"cannot be called 'a\nb'"),
        (["--features", "income,income"], "'income' more than once"),
        (["--features", "income,INCOME"], "'INCOME', 'income' are one column"),
        (["--features", "income,id"], "the key 'id' is also a feature"),
        (["--features", ""], "features: is empty"),
        (["--from", "a.b.c"], "'a.b.c' has 3 parts"),
        (["--from", ""], "'' names no table or view"),
        (["--from", "main. "], "'main. ' names no table or view"),
        (["--nonsense"], "No such option"),
    ],
)
def test_options_are_refused(file: Path, refused: Refused, options: list[str], words: str) -> None:
    asked = ["--from", "customers", "--key", "id", "--features", "income,score", *options]
    assert words in refused(file, 2, "run", *asked)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "there is no segmentation to run"),
        (["--key", "id"], "--key needs --from RELATION"),
        (["--from", "customers"], "--from also needs --key and --features"),
        (["s", "--from", "customers", "--key", "id", "--features", "income"], "--name s names it"),
    ],
)
def test_half_a_description(file: Path, refused: Refused, arguments: list[str], words: str) -> None:
    assert words in refused(file, 2, "run", *arguments)


def test_a_segmentation_that_the_config_lacks(file: Path, folder: Path, refused: Refused) -> None:
    (folder / "segjob.toml").write_text(SOUND)
    message = refused(file, 2, "run", "people")
    assert "no segmentation 'people'" in message
    assert "it has s" in message


def test_none_runs_where_one_does_not_fit(file: Path, folder: Path, refused: Refused) -> None:
    """The first is sound, and still nothing is published: the second names a column that is not there."""
    second = SOUND.replace("segmentations.s", "segmentations.t").replace('"income"', '"incom"')
    (folder / "segjob.toml").write_text(SOUND + second.replace('"id"', '"idd"'))
    for verb in ("check", "run"):
        message = refused(file, 3, verb)
        assert "t: 2 problems" in message
        assert "did you mean 'income'?" in message
        assert "did you mean 'id'?" in message


def test_what_is_not_segjobs_stays(file: Path, refused: Refused) -> None:
    execute(file, "create schema segments", "create view segments.shoppers_scores as select 1 as x")
    asked = ("--from", "customers", "--key", "id", "--features", "income,score")
    assert "segments.shoppers_scores is in the warehouse already" in refused(
        file, 2, "run", *asked, "--name", "shoppers"
    )
    execute(file, "create view segments.mine as from main.customers")
    asked = ("--from", "segments.mine", *asked[2:])
    assert "segments.mine is in the warehouse already" in refused(file, 2, "run", *asked)


def test_the_key_of_a_history_stays(file: Path, segjob: Segjob, refused: Refused) -> None:
    asked = ("--from", "customers", "--key", "id", "--features", "income,score")
    assert segjob("run", "-q", *asked, "--k", "2", "--warehouse", file).code == 0
    assert "differs from it in case only" in refused(file, 2, "run", *asked, "--name", "Customers")
    execute(file, "alter table customers add column code text", "update customers set code = 'c' || id")
    asked = ("--from", "customers", "--key", "code", "--features", "income,score")
    assert "another key than 'code' (VARCHAR)" in refused(file, 2, "run", *asked)


@pytest.mark.parametrize("column", ["run_id", "segment_id", "from_segment_id"])
def test_a_key_that_the_contract_uses(file: Path, refused: Refused, column: str) -> None:
    execute(file, f"alter table customers rename id to {column}")
    asked = ("--from", "customers", "--key", column, "--features", "income,score")
    assert f"the key column cannot be called {column!r}" in refused(file, 2, "run", *asked)


def test_settings_that_the_engine_refuses(file: Path, folder: Path, segjob: Segjob) -> None:
    (folder / "segjob.toml").write_text('[warehouse]\nmemory_limit = "lots"\n' + SOUND)
    outcome = segjob("check", "--warehouse", file)
    assert outcome.code == 2
    assert "refuses the settings of [warehouse]" in outcome.err
    assert "memory_limit" in outcome.err


def test_too_little_memory(file: Path, folder: Path, segjob: Segjob) -> None:
    (folder / "segjob.toml").write_text('[warehouse]\nmemory_limit = "1MB"\n' + SOUND)
    outcome = segjob("run", "-q", "--warehouse", file)
    assert outcome.code == 4
    assert "Out of Memory" in outcome.err
    assert "raise [warehouse] memory_limit" in outcome.err


def test_scores_do_not_replace_what_is_scored_or_published(
    file: Path, segjob: Segjob, refused: Refused
) -> None:
    asked = ("--from", "customers", "--key", "id", "--features", "income,score", "--name", "s")
    assert segjob("run", "-q", *asked, "--k", "3", "--warehouse", file).code == 0
    for table in ("segments.runs", "segments.s_history", "segments.mine"):
        message = refused(file, 2, "score", "customers", "--into", table, "--replace")
        assert "schema segments holds what segjob publishes" in message
    message = refused(file, 2, "score", "customers", "--into", "main.customers", "--replace")
    assert "'main.customers' is the table that is scored" in message
