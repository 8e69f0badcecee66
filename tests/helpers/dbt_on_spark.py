"""For a process of its own: raw tables, dbt, segjob and dbt again, in the one Spark session that a JVM can have.

python dbt_on_spark.py FOLDER_OF_CSV FILE SEGJOB_TOML SELECT... pickles the rows that each select gives in the end.
"""

from __future__ import annotations

import csv
import pickle
import sys
from pathlib import Path

from dbt.cli.main import dbtRunner
from pyspark.sql import SparkSession
from typer.testing import CliRunner

from segjob.cli.app import app


def load(session: SparkSession, table: str, file: Path) -> None:
    with file.open(encoding="utf-8", newline="") as opened:
        header, *lines = csv.reader(opened)
    columns = ", ".join(["_line bigint", *(f"`{name}` string" for name in header)])
    # A line of the file may be too short.
    rows = [
        [number, *(value or None for value in line), *[None] * (len(header) - len(line))]
        for number, line in enumerate(lines, start=1)
    ]
    session.createDataFrame(rows, columns).write.saveAsTable(f"raw.{table}")


def dbt(*arguments: str) -> None:
    done = dbtRunner().invoke([*arguments, "--target-path", "target/spark"])
    if not done.success:
        sys.exit(f"dbt {' '.join(arguments)}: {done.exception or done.result}")


def main(data: Path, out: Path, config: Path, selects: list[str]) -> None:
    session = SparkSession.builder.enableHiveSupport().getOrCreate()
    session.sql("create schema raw")
    for table in ("customers", "orders"):
        load(session, table, data / f"{table}.csv")
    dbt("run")
    ran = CliRunner().invoke(app, ["run", "income_spending", "--config", str(config)])
    if ran.exit_code:
        sys.exit(f"segjob: {ran.stderr}")
    dbt("run", "--select", "source:segjob+")
    out.write_bytes(pickle.dumps([[tuple(row) for row in session.sql(one).collect()] for one in selects]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])
