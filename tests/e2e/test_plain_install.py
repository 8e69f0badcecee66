"""What `pip install segjob` brings, and what starting it imports: no engine but DuckDB."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

from helpers.small_warehouse import RUN_GROUPS, customers, fill, query

ENGINES = ("pyspark", "py4j", "grpcio", "psycopg", "psycopg-binary", "pyarrow")
STARTED = """
import sys
import segjob.cli.app
from segjob.config import Config
from segjob.warehouse.connect import connect

connect(Config(), warehouse="shop.duckdb")
print(*sorted({name.split(".")[0] for name in sys.modules}))
"""


def test_no_other_engine_is_required() -> None:
    plain = [line for line in requires("segjob") or [] if "extra ==" not in line]
    names = {re.split(r"[^\w-]", line)[0].lower() for line in plain}
    assert "duckdb" in names
    assert not names & set(ENGINES)


def test_no_other_engine_is_imported() -> None:
    done = subprocess.run([sys.executable, "-c", STARTED], capture_output=True, text=True, check=True)
    imported = set(done.stdout.split())
    assert "duckdb" in imported
    assert not imported & {"pyspark", "py4j", "grpc", "psycopg", "pyarrow"}


RUN_WITHOUT_FCNTL = """
import sys

sys.modules["fcntl"] = None  # as on Windows: importing it raises ImportError
from segjob.__main__ import main

try:
    main()
finally:
    print(*sorted({name.split(".")[0] for name in sys.modules}), file=sys.stderr)
"""


def test_a_run_needs_no_fcntl_and_versions_name_what_it_imports(tmp_path: Path) -> None:
    file = fill(tmp_path / "shop.duckdb", customers())
    for _ in range(2):  # the second run matches its segments with the first one's
        done = subprocess.run(
            [sys.executable, "-c", RUN_WITHOUT_FCNTL, *RUN_GROUPS, "--warehouse", str(file)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
        )
        assert done.returncode == 0, done.stderr
    imported = done.stderr.splitlines()[-1].split()
    ((versions,),) = query(file, "select versions from segments.runs where run_id = 2")
    assert json.loads(versions).keys() - {"python"} <= set(imported)
    assert "sklearn" not in imported
