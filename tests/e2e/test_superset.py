"""Apache Superset over the serving file: a database, a dataset and a chart's data, by its own API.

Opt-in, because Superset needs an environment of its own: SEGJOB_SUPERSET names its Python. Tried with apache-superset
6.1.0, flask-caching 2.3.1 (6.1.0 does not start with 2.5), cachetools (which it needs and does not ask for), duckdb
1.1.3 and duckdb-engine 0.17.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from helpers.small_warehouse import RUN, Segjob, execute, query

SUPERSET = os.environ.get("SEGJOB_SUPERSET")
THREE = (*RUN, "--k", "3", "--k-range", "3:3", "--quiet")
SETTINGS = """
SQLALCHEMY_DATABASE_URI = "sqlite:///{folder}/superset.db"
SECRET_KEY = "a key for one test, which nobody else ever sees"
PREVENT_UNSAFE_DB_CONNECTIONS = False
WTF_CSRF_ENABLED = False
TALISMAN_ENABLED = False
FILTER_STATE_CACHE_CONFIG = EXPLORE_FORM_DATA_CACHE_CONFIG = {{"CACHE_TYPE": "SimpleCache"}}
"""


@pytest.mark.skipif(SUPERSET is None, reason="SEGJOB_SUPERSET names no Python with Superset")
def test_a_chart_shows_the_segments_and_then_the_newest_run(
    after: Callable[..., Path], segjob: Segjob, root: Path, tmp_path: Path
) -> None:
    file = after(THREE, ("snapshot", "out"))
    serving = Path("out/shop.duckdb").resolve()
    Path("superset_config.py").write_text(SETTINGS.format(folder=tmp_path))
    script = root / "tests" / "helpers" / "superset_chart.py"
    with (
        Path("superset.log").open("w") as log,
        subprocess.Popen(
            [str(SUPERSET), str(script), str(serving), "customers_profile", "name", "rows"],
            env={**os.environ, "SUPERSET_CONFIG_PATH": str(Path("superset_config.py").resolve())},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as superset,
    ):
        assert superset.stdin is not None
        assert superset.stdout is not None
        try:
            assert charted(superset.stdout) == published(file)
            execute(
                file, "insert into customers select id + 1000, income, score from customers where id <= 30"
            )
            segjob(*THREE, "--warehouse", file)
            segjob("snapshot", "out", "--warehouse", file)
            superset.stdin.write("next\n")
            superset.stdin.flush()
            newest = charted(superset.stdout)
            assert sum(newest.values()) == 180
            assert newest == published(file)
        finally:
            superset.kill()


def charted(lines: Iterable[str]) -> dict[str, int]:
    for line in lines:
        if line.startswith("ROWS "):
            return {row["name"]: row["total"] for row in json.loads(line.removeprefix("ROWS "))}
    pytest.fail(Path("superset.log").read_text()[-3000:])


def published(file: Path) -> dict[str, int]:
    return dict(query(file, "select name, rows from segments.customers_profile"))
