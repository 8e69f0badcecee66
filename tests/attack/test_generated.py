"""Generated tables, config files, command lines and names: no exception, no changed warehouse, no wrong segment."""

from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
import pytest
from attack.conftest import Count, some
from helpers.small_warehouse import RUN, Outcome, Segjob, dump, execute, query

CODES = {0, 2, 3, 4, 5}
TYPES = (
    "double",
    "float",
    "integer",
    "bigint",
    "hugeint",
    "decimal(38,10)",
    "boolean",
    "varchar",
    "date",
    "tinyint",
)
NUMBERS = ("double", "double", "float", "integer", "hugeint", "decimal(38,10)")
OTHERS = {
    "varchar": "chr(65 + (random() * {n})::int)",
    "boolean": "random() < 0.5",
    "date": "date '2020-01-01' + (random() * {n})::int",
    "tinyint": "(random() * 9)::tinyint",
}
FORMS = (
    *("random() * {n}", "exp(random() * 10)", "(random() * {n})::int * 1e4"),
    *("1", "random() + 1e9", "random() * 1e-9", "exp(random() * 40)"),
)
"""Of a number's values; the first three can be segmented."""
VALUES = ("-1", "nan", "[]", "{}", '""', "1e400", "true", "'x'")
PIECES = (
    *("a", "Ä", "€", "'", '"', ";", "--", "%s", "{}", "\\", "\x1b[31m", "\u202e", "\n", ".", " ", "\u0000"),
    *("select", "😀", "[red]", "<script>", "%(x)s", ":p", "$1", "/*", "../", "segments", "x" * 70),
)


def attempt(segjob: Segjob, file: Path, count: Count, kind: str, *arguments: str | Path) -> Outcome:
    """A command; it may be refused, and the warehouse then has to be as it was."""
    before = file.read_bytes()
    outcome = segjob(*arguments)
    assert outcome.code in CODES, (arguments, outcome.code)
    assert "Traceback" not in outcome.err
    assert "\x1b" not in outcome.err + outcome.out
    if outcome.code == 5:  # a run that finds no segments keeps its evidence, and publishes nothing
        assert query(file, "select count(*) from segments.runs where status = 'published'")[0][0] <= 1
        assert_unchanged(file, before, "main.")
    elif outcome.code != 0:
        assert_unchanged(file, before)
    count(kind, f"exit code {outcome.code}")
    return outcome


def assert_unchanged(file: Path, before: bytes, schema: str = "") -> None:
    """The file holds what it held, in this schema or all of it. before : the file's content, nearly always the same."""
    if file.read_bytes() == before and not file.with_name(f"{file.name}.wal").exists():
        return
    with TemporaryDirectory() as folder:
        earlier = Path(folder) / file.name
        earlier.write_bytes(before)
        then, now = dump(earlier), dump(file)
    assert {name: held for name, held in now.items() if name.startswith(schema)} == {
        name: held for name, held in then.items() if name.startswith(schema)
    }


def table(file: Path, seed: int) -> list[str]:
    """A table of generated columns and rows; the names of its features."""
    rng = random.Random(seed)
    is_odd = seed % 2 == 1  # every other table has what a run refuses
    rows = rng.choice((0, 1, 2, 3, 30, 200) if is_odd else (30, 200, 1000))
    kinds = [rng.choice(TYPES if is_odd else NUMBERS) for _ in range(rng.randint(1, 5))]
    names = [f"f{i}" for i in range(len(kinds))]
    columns = []
    for name, kind in zip(names, kinds, strict=True):
        n = rng.choice((1, 5, 60) if is_odd else (60, 1000))
        text = OTHERS.get(kind, f"least({rng.choice(FORMS[: None if is_odd else 3])}, 1e9)").format(n=n)
        odd = rng.choice(("'nan'", "'inf'", "null")) if is_odd and kind == "double" else "null"
        share = rng.choice((0, 0, 0, 0.1, 1)) if is_odd else rng.choice((0, 0, 0.1))
        columns.append(f"case when random() < {share} then {odd} else {text} end::{kind} as {name}")
    key = rng.choice(("i", "i % 50", "nullif(i, 3)") if is_odd else ("i", "'k' || i", "i * 1000000007"))
    execute(
        file,
        f"select setseed({rng.random()})",
        f"create table odd as select {key} as id, {', '.join(columns)} from range({rows}) t(i)",
    )
    return names


def check_assignments(file: Path) -> None:
    """Every row of the run is with the centroid that numpy finds nearest, up to rounding."""
    with duckdb.connect(str(file), read_only=True) as connection:
        transforms = connection.execute(
            "select feature, source_column, category, center, scale, weight from segments.transforms "
            "where run_id = 1 order by position"
        ).fetchall()
        if any(category is not None for _, _, category, *_ in transforms):
            return
        k = connection.execute("select k from segments.runs").fetchall()[0][0]
        centroids = np.array(
            [
                connection.execute(
                    "select scaled_value from segments.centroids where feature = ? order by segment_id",
                    [feature],
                ).fetchnumpy()["scaled_value"]
                for feature, *_ in transforms
            ]
        ).T
        assert len(centroids) == k
        columns = ", ".join(f'o."{source}"::double' for _, source, *_ in transforms)
        rows = connection.execute(
            f"select h.segment_id, {columns} from segments.s_history h join odd o on o.id = h.id"
        ).fetchall()
    array = np.array(rows, dtype=float)
    scaled = np.column_stack(
        [
            (array[:, j + 1] - center) / scale * weight
            for j, (_, _, _, center, scale, weight) in enumerate(transforms)
        ]
    )
    distance = np.sqrt(((scaled[:, None] - centroids[None]) ** 2).sum(axis=2))
    own = distance[np.arange(len(array)), array[:, 0].astype(int) - 1]
    assert (own <= distance.min(axis=1) * (1 + 1e-6) + 1e-6).all()


@pytest.mark.parametrize("seed", some(500, "generated table, check", "generated table, run"))
def test_tables(folder: Path, segjob: Segjob, count: Count, seed: int) -> None:
    file = folder / "odd.duckdb"
    features = table(file, seed)
    k = ("--k", "auto") if seed % 5 == 0 else ("--k", str(seed % 5 + 1), "--k-range", "2:3")
    asked = ("--from", "odd", "--key", "id", "--features", ",".join(features), "--warehouse", file)
    checked = attempt(segjob, file, count, "generated table, check", "check", *asked)
    outcome = attempt(segjob, file, count, "generated table, run", "run", "-q", *asked, *k, "--name", "s")
    # What is refused for its rows is refused by both; only a fit finds that there are no groups.
    assert (checked.code == 0) >= (outcome.code == 0)
    if outcome.code == 0:
        check_assignments(file)


@pytest.mark.parametrize("seed", some(500, "generated config"))
def test_configs(groups: Path, segjob: Segjob, count: Count, seed: int) -> None:
    rng = random.Random(seed)
    lines = [
        line for line in (Path(__file__).parents[2] / "segjob.toml").read_text().splitlines() if line.strip()
    ]
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(lines))
        change = rng.randrange(5)
        if change == 0:
            del lines[at]
        elif change == 1:
            lines.insert(at, lines[rng.randrange(len(lines))])
        elif change == 2:
            lines[at] = lines[at].split("=")[0] + "= " + rng.choice(VALUES)
        elif change == 3:
            cut = rng.randrange(len(lines[at]) + 1)
            lines[at] = lines[at][:cut] + rng.choice(PIECES) + lines[at][cut:]
        else:
            lines[at] = rng.choice(PIECES) + " = " + rng.choice(PIECES)
    config = groups.parent / "odd.toml"
    config.write_text("\n".join(lines), encoding="utf-8")
    attempt(segjob, groups, count, "generated config", "check", "--config", config, "--warehouse", groups)


@pytest.mark.parametrize("seed", some(500, "generated command line"))
def test_command_lines(groups: Path, segjob: Segjob, count: Count, seed: int) -> None:
    rng = random.Random(seed)
    verbs = (
        "check",
        "show",
        "history",
        "predict",
        "score",
        "name",
        "rollback",
        "diff",
        "health",
        "report",
        "snapshot",
        "run",
    )
    words = (
        *(
            "--segmentation",
            "--json",
            "--quiet",
            "--verbose",
            "--k",
            "--from",
            "--key",
            "--features",
            "--into",
            "--out",
        ),
        *(
            "--replace",
            "--rule",
            "--scale",
            "--seed",
            "--dry-run",
            "--lock-timeout",
            "--k-range",
            "--name",
            "groups",
        ),
        *(
            "customers",
            "1",
            "0",
            "-1",
            "99999999999999999999",
            "id",
            "income,score",
            "2:3",
            "nan",
            "",
            "income=70",
            "score=1",
        ),
        *(
            "SEGMENTS.evil",
            "segments.runs",
            "shop.duckdb",
            "shop.duckdb.wal",
            "segjob.toml",
            "/dev/null",
            ".",
            "out",
        ),
    )
    chosen = [rng.choice((*words, rng.choice(PIECES))) for _ in range(rng.randint(0, 7))]
    before = groups.read_bytes()[:8]
    attempt(
        segjob, groups, count, "generated command line", rng.choice(verbs), *chosen, "--warehouse", groups
    )
    assert groups.read_bytes()[:8] == before


@pytest.mark.parametrize("seed", some(200, "generated name of a segmentation", "generated name of a segment"))
def test_names(groups: Path, segjob: Segjob, count: Count, seed: int) -> None:
    rng = random.Random(seed)
    name = "".join(rng.choice(PIECES) for _ in range(rng.randint(1, 4)))
    customers = query(groups, "from customers order by all")
    run = (*RUN, "--k", "3", "--k-range", "2:3", f"--name={name}", "--warehouse", groups)
    segmentation = attempt(segjob, groups, count, "generated name of a segmentation", *run)
    called = ("name", "1", "--segmentation", "groups", "--warehouse", groups, "--", name)
    attempt(segjob, groups, count, "generated name of a segment", *called)
    assert query(groups, "from customers order by all") == customers
    if segmentation.code == 0:
        assert query(groups, "select count(distinct segmentation) from segments.runs") == [(2,)]
