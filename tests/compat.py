"""`make compat`: the wheel in a clean environment, with the least versions of pyproject.toml and with the newest.

    python tests/compat.py [least] [newest]

Each environment is made in build/compat, and the wheel is all that is installed there. It segments a small table,
reads it back and explains a row, by the command line and from Python.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "compat"
SMOKE = """
import subprocess, sys
import duckdb
import segjob
from importlib.metadata import version

with duckdb.connect("shop.duckdb") as connection:
    connection.execute(
        "create or replace table customers as select i as id, (i % 3) * 40.0 + (i * 7 % 11) as income, "
        "(i % 2) * 50.0 + (i * 5 % 13) as score from range(600) as r(i)"
    )
command = [sys.executable, "-m", "segjob"]
run = ["run", "--from", "customers", "--key", "id", "--features", "income,score", "--k", "6", "--name", "six", "-q"]
for arguments in (run, ["show"], ["explain", "7"], ["query", "segment_sizes"], ["health"], ["report"], ["compare"]):
    subprocess.run([*command, *arguments, "--warehouse", "shop.duckdb"], check=True, stdout=subprocess.DEVNULL)
w = segjob.open("shop.duckdb")
frame = duckdb.connect("shop.duckdb", read_only=True).execute("from customers order by id").df()
assert w.model().predict(frame).tolist() == w.assignments()["segment_id"].tolist()
again = segjob.publish(w, w.model(), "again", relation="customers", key="id")
assert again.segments["rows"].tolist() == [100] * 6
print(*(f"{name} {version(name)}" for name in ("duckdb", "sqlalchemy", "numpy", "pandas", "scikit-learn", "pydantic")))
"""


def least_versions() -> list[str]:
    """`name==version` for every requirement `name>=version` of pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = [re.match(r"([\w-]+)(?:\[\w+\])?>=([\w.]+)", line) for line in project["dependencies"]]
    return [f"{match[1]}=={match[2]}" for match in found if match]


def check(name: str, pins: list[str], wheel: Path) -> None:
    """Install the wheel with these versions and use it."""
    folder = BUILD / name
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    python = folder / "bin" / "python"
    quiet = ["--quiet", "--disable-pip-version-check"]
    subprocess.run([python, "-m", "pip", "install", *quiet, wheel, *pins], check=True)
    done = subprocess.run([python, "-c", SMOKE], cwd=folder, check=True, capture_output=True, text=True)
    print(f"{name}: {done.stdout.strip()}")


def main() -> None:
    """Build the wheel once, then check each environment that is asked for."""
    for old in BUILD.glob("*.whl"):
        old.unlink()
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", BUILD, ROOT]
    subprocess.run(build, check=True)
    (wheel,) = BUILD.glob("*.whl")
    for name in sys.argv[1:] or ["least", "newest"]:
        check(name, least_versions() if name == "least" else [], wheel)


if __name__ == "__main__":
    main()
