"""A model per market beside one model of all rows: the same rows, features and settings, one after the other.

    python benchmarks/markets.py --customers 1000000 --markets 50

Every market has two to five groups of its own. CPU seconds are of the whole process and its workers, start included:
they depend less on what else the machine does than wall seconds.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import duckdb
import numpy as np
from year import segjob

FEATURES = "a,b,c,d"


def make(file: Path, customers: int, markets: int) -> None:
    """Groups of normal rows, at other places in every market."""
    rng = np.random.default_rng(0)
    market = rng.integers(0, markets, customers)
    centres = rng.uniform(-12, 12, size=(markets, 5, 4))
    group = (rng.random(customers) * (2 + market % 4)).astype(int)
    values = centres[market, group] + rng.normal(size=(customers, 4)) + 3 * market[:, None]
    with duckdb.connect(str(file)) as connection:
        columns = {"id": np.arange(customers), "market": market, **dict(zip("abcd", values.T, strict=True))}
        connection.register("columns", columns)
        connection.execute(
            "create table customers as select id, 'M' || lpad(market::varchar, 2, '0') as country, a, b, c, d "
            "from columns"
        )


def main() -> None:
    """Print both runs' seconds by phase, and how many times as long the second took."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--markets", type=int, default=50)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder / "shop.duckdb", arguments.customers, arguments.markets)
        described = ("run", "--from", "customers", "--key", "id", "--features", FEATURES)
        seconds = {}
        for kind, more in (("one model", ()), ("a model per market", ("--partition-by", "country"))):
            wall, cpu, peak, document = segjob(folder, *described, "--name", kind.replace(" ", "_"), *more)
            run = document["runs"][0]
            seconds[kind] = wall, cpu
            print(f"{kind}: {wall:.1f} s wall, {cpu:.1f} s CPU, {peak:.0f} MB, k = {run['run']['k']}")
            for phase in run["phases"]:
                took = f"{phase['seconds']:7.2f} s  {phase['statements']:4} statements"
                print(f"  {phase['name']:20} {took}  {phase['note']}")
        (one_wall, one_cpu), (many_wall, many_cpu) = seconds.values()
        print(f"{many_wall / one_wall:.1f} times the wall time, {many_cpu / one_cpu:.1f} times the CPU time")


if __name__ == "__main__":
    main()
