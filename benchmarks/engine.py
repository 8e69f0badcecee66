"""segjob against what people use instead, side by side in one run; writes RESULTS.md beside this file.

    python benchmarks/engine.py --rows 10000,1000000,10000000 --huge 100000000

Needs the folder SEGJOB_SHARED (the data maker and the notebook path), and scikit-learn-intelex, faiss-cpu and kneed
in the environment of --peers-python. Nothing here is a test: machines differ, so every figure stands beside its peers.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

HERE = Path(__file__).resolve().parent
SHARED = Path(os.environ.get("SEGJOB_SHARED") or HERE.parent.parent / "shared")
COLUMNS = "annual_income,spending_score,age,recency_days"
PEERS = ("scikit-learn", "scikit-learn-intelex", "MiniBatchKMeans", "faiss-cpu")
QUICK = ("scikit-learn-intelex",)
"""Peers that take minutes at most above MANY rows."""
MANY = 100_000


@dataclass
class Measured:
    """One contender at one size. seconds: whole process, unless the note says otherwise."""

    name: str
    seconds: float
    peak_mb: float
    inertia: dict[str, float] = field(default_factory=dict)
    note: str = ""


def timed(command: list[str], *, stdin: str | None = None) -> tuple[float, float, str]:
    """Wall seconds, peak memory of the process in MB, and what it printed."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    printed, complained = process.communicate(stdin)
    seconds = time.perf_counter() - started
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[:4])}: {complained[-2000:]}")
    return seconds, 0.0, printed


def with_peak(command: list[str]) -> tuple[float, float, str]:
    """The same under a small parent of its own, so that the peak is this command's alone."""
    parent = (
        "import json, resource, subprocess, sys, time\n"
        "t = time.perf_counter()\n"
        "p = subprocess.run(sys.argv[1:], capture_output=True, text=True)\n"
        "s = time.perf_counter() - t\n"
        "peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024\n"
        "print(json.dumps([s, peak, p.returncode, p.stdout, p.stderr[-2000:]]))"
    )
    _, _, printed = timed([sys.executable, "-c", parent, *command])
    seconds, peak, code, out, err = json.loads(printed)
    if code:
        raise RuntimeError(f"{' '.join(command[:4])}: {err}")
    return seconds, peak, out


def segjob(
    warehouse: Path | str, columns: str, k_range: str, table: str = "customer_features"
) -> tuple[Measured, Any]:
    """A whole run, from the start of the process to the published tables."""
    command = [
        sys.executable,
        *(
            "-m",
            "segjob",
            "run",
            "--from",
            table,
            "--key",
            "customer_id",
            "--features",
            columns,
            "--name",
            "bench",
        ),
        *("--k-range", k_range, "--warehouse", str(warehouse), "--json"),
    ]
    seconds, peak, printed = with_peak(command)
    run = json.loads(printed)["runs"][0]
    phases = ", ".join(f"{phase['name']} {phase['seconds']:.2f}" for phase in run["phases"])
    return Measured("segjob", seconds, peak, note=f"{run['run']['fit_method']}; {phases}"), run


def evaluated(
    python: str, warehouse: Path, table: str, columns: str, centroids: dict[str, Any]
) -> dict[str, float]:
    """The inertia of centroids on all rows, by the peers' own evaluation."""
    command = [python, str(HERE / "peers.py"), "evaluate", str(warehouse), table, columns, "1:1"]
    _, _, printed = timed(command, stdin=json.dumps(centroids))
    found: dict[str, float] = json.loads(printed)["inertia"]
    return found


def floor(warehouse: Path, columns: str, table: str = "customer_features") -> Measured:
    """One `create table as` of the key and the features: the least that any writer can take."""
    seconds = []
    for _ in range(3):
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute("set preserve_insertion_order = false")
            started = time.perf_counter()
            connection.execute(
                f"create or replace table copied as select customer_id, {columns} from {table}"
            )
            seconds.append(time.perf_counter() - started)
            connection.execute("drop table copied")
    return Measured("floor: create table as", statistics.median(seconds), 0.0, note="median of 3")


def notebook(python: str, warehouse: Path, columns: str, folder: Path) -> Measured:
    """What people do today, whole."""
    command = [
        python,
        str(SHARED / "bench" / "notebook_path.py"),
        str(warehouse),
        columns,
        str(folder / "out.duckdb"),
    ]
    seconds, peak, printed = with_peak(command)
    document = json.loads(printed.strip().splitlines()[-1])
    inertia = {str(k): value for k, value in enumerate(document["inertia"], start=1)}
    return Measured("notebook path", seconds, peak, inertia, note=f"k = {document['k']}")


def peer(python: str, name: str, warehouse: Path, table: str, columns: str, ks: str) -> Measured:
    """One library's sweep from an in-memory array; loading and writing are not counted."""
    command = [python, str(HERE / "peers.py"), name, str(warehouse), table, columns, ks]
    _, _, printed = timed(command)
    document = json.loads(printed.strip().splitlines()[-1])
    return Measured(
        name, document["seconds"], document["peak_mb"], document["inertia"], note="sweep only, from memory"
    )


def wide_table(warehouse: Path, rows: int, features: int) -> str:
    """A table of any width: six groups in the first features, the rest noise around them; its columns."""
    names = [f"f{j}" for j in range(features)]
    values = ", ".join(
        f"((hash(i % 6, {j}) % 1000) / 100.0 + sqrt(-2 * ln(1 - hash(i, {2 * j}) / 18446744073709551616.0))"
        f" * cos(2 * pi() * (hash(i, {2 * j + 1}) / 18446744073709551616.0)))::double as {name}"
        for j, name in enumerate(names)
    )
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            f"create or replace table wide as select i as customer_id, {values} from range({rows}) t(i)"
        )
    return ",".join(names)


def contest(python: str, rows: int, folder: Path, *, peers: tuple[str, ...]) -> list[Measured]:
    """All contenders on one table of made customers."""
    warehouse = folder / f"customers_{rows}.duckdb"
    subprocess.run(
        [sys.executable, str(SHARED / "bench" / "make_customers.py"), str(rows), str(warehouse)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    found = [floor(warehouse, COLUMNS)]
    ours, run = segjob(warehouse, COLUMNS, "1:10")
    if peers:
        ours.inertia = evaluated(python, warehouse, "customer_features", COLUMNS, run["sweep_centroids"])
        ours.inertia[str(run["run"]["k"])] = run["run"]["inertia"]
    found.append(ours)
    again, _ = segjob(warehouse, COLUMNS, "1:10")
    found.append(Measured("segjob, retrain with movements", again.seconds, again.peak_mb, note=again.note))
    if peers:
        found.append(notebook(python, warehouse, COLUMNS, folder))
        found += [peer(python, name, warehouse, "customer_features", COLUMNS, "1:10") for name in peers]
    warehouse.unlink()
    return found


def table_of(rows: int, found: list[Measured]) -> list[str]:
    """Markdown: one line per contender, seconds against segjob's."""
    ours = next(m for m in found if m.name == "segjob")
    best: dict[str, float] = {}
    for measured in found:
        for k, value in measured.inertia.items():
            best[k] = min(value, best.get(k, value))
    lines = [
        f"\n### {rows:,} rows\n",
        "| | seconds | against segjob | peak MB | worst inertia against the best of all, any k | |",
        "|---|---|---|---|---|---|",
    ]
    for m in found:
        ratio = f"{m.seconds / ours.seconds:.2f}"
        worst = f"{max(m.inertia[k] / best[k] for k in m.inertia):.4f}" if m.inertia else ""
        peak = f"{m.peak_mb:,.0f}" if m.peak_mb else ""
        lines.append(f"| {m.name} | {m.seconds:.2f} | {ratio} | {peak} | {worst} | {m.note} |")
    return lines


def machine() -> list[str]:
    """What it ran on."""
    cpu = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        f"Machine: {cpu}, {os.cpu_count()} cores, {memory:.0f} GiB; Python {platform.python_version()}, "
        f"DuckDB {duckdb.__version__}. Made by `make benchmark` on {time.strftime('%Y-%m-%d')}."
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", default="10000,100000,1000000,10000000")
    parser.add_argument("--huge", type=int, default=0, help="rows of one more run without peers")
    parser.add_argument(
        "--peers",
        default=",".join(PEERS),
        help="beside the notebook path, which always runs; above 100,000 rows only those that are quick",
    )
    parser.add_argument("--no-shapes", action="store_true", help="leave the other shapes of tables out")
    parser.add_argument("--peers-python", default=sys.executable)
    parser.add_argument("--out", type=Path, default=HERE / "RESULTS.md")
    options = parser.parse_args()
    lines = ["# Measured against what people use instead\n", *machine(), "\nFour features, k = 1 to 10."]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for rows in map(int, options.rows.split(",")):
            lines += table_of(
                rows,
                contest(
                    options.peers_python,
                    rows,
                    folder,
                    peers=tuple(name for name in options.peers.split(",") if rows <= MANY or name in QUICK),
                ),
            )
            print("\n".join(lines[-12:]), flush=True)
        if options.huge:
            lines += table_of(options.huge, contest(options.peers_python, options.huge, folder, peers=()))
        if not options.no_shapes:
            lines += other_shapes(options.peers_python, folder)
    options.out.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


def other_shapes(python: str, folder: Path) -> list[str]:
    """Whole columns of integers, many features, many segments: segjob against scikit-learn."""
    lines = [
        "\n### Other shapes\n",
        "| table | segjob, whole run | scikit-learn, sweep only | |",
        "|---|---|---|---|",
    ]
    warehouse = folder / "integers.duckdb"
    subprocess.run(
        [sys.executable, str(SHARED / "bench" / "make_customers.py"), "10000000", str(warehouse)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "create table whole as select customer_id, annual_income::int as annual_income, "
            "spending_score::int as spending_score from customer_features"
        )
    ours, _ = segjob(warehouse, "annual_income,spending_score", "1:10", table="whole")
    lines.append(f"| 10,000,000 rows, integer income and score | {ours.seconds:.2f} | | {ours.note} |")
    warehouse.unlink()
    for rows, features, high in (
        (1_000_000, 2, 10),
        (1_000_000, 8, 10),
        (1_000_000, 32, 10),
        (1_000_000, 4, 20),
    ):
        warehouse = folder / "wide.duckdb"
        columns = wide_table(warehouse, rows, features)
        ours, _ = segjob(warehouse, columns, f"1:{high}", table="wide")
        theirs = peer(python, "scikit-learn", warehouse, "wide", columns, f"1:{high}")
        shape = f"{rows:,} rows, {features} features, k to {high}"
        lines.append(f"| {shape} | {ours.seconds:.2f} | {theirs.seconds:.2f} | {ours.note} |")
        warehouse.unlink()
    return lines


if __name__ == "__main__":
    main()
