"""What `pip install segjob` brings, and what starting it imports: no engine but DuckDB."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import requires

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
