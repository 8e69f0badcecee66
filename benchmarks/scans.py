"""How often a run goes over its rows, and over how many bytes: by docs/scale.md's formula, and as the engine counts it.

    python benchmarks/scans.py shop.duckdb customer_features customer_id income,score
    python benchmarks/scans.py postgresql://me@server/shop customer_features customer_id income,score

Runs and publishes a first segmentation `scans` of that relation, which must not have one yet.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Any
from unittest import mock

WIDE = 8
"""Bytes of a number or a key; what a pay-per-byte warehouse counts for one, too."""
COUNTED = 20
"""Bytes of run_id, segment_id and distance, which are read back from the history to count the segments."""
WRITTEN = 41
"""Bytes of a row of history: run_id, key, segment_id, distance, next_segment_id, margin, is_outlier."""


@dataclass(frozen=True)
class Scan:
    """One statement over all rows: what for, and how many columns of a row it reads (the key is one)."""

    what: str
    columns: int


def formula(features: int, method: str, fitting: int, *, rows: int, rises: bool, server: bool) -> list[Scan]:
    """The scans of a first run over a table of numeric features, as docs/scale.md says.

    Parameters
    ----------
    method, fitting : fit_method and the statements of the phase `fitting`, from `segjob run --json`.
    rises : whether the keys stand in rising order, as in a table that was written by key.
    server : whether others may write meanwhile, so that the rows are looked at again under the lock; nor does a server
        answer smallest and largest keys from statistics.
    """
    every = features + 1
    drawn_by_key = every if rows > 200_000 else features  # above, a hash of the key draws the rows
    keys = [Scan("keys: do they rise?", 1)] if rows >= 200_000 else []
    if keys and not rises and server:
        keys.append(Scan("keys: from where to where?", 1))
    if not (keys and rises):
        keys.append(Scan("keys: are they unique?", 1))
    sample = Scan("fit rows: a sample", every)
    different = [Scan("how many points differ", features), Scan("fit rows: different ones", features)]
    fit_rows = {
        "all_rows": [Scan("fit rows: all", features)],
        "distinct_rows": [sample, *different],
        "sample": [sample],
    }[method]
    return [
        Scan("counts and moments", every),
        *keys,
        *fit_rows,
        *[Scan("fitting: a pass, or the rows near a border", features)] * fitting,
        *([Scan("are they still the same rows?", every)] if server else []),
        Scan("assignment", every),
        Scan("profiles", features),
        Scan("quartiles by segment", drawn_by_key),
        Scan("distributions for health", drawn_by_key),
    ]


def bytes_read(scans: list[Scan], rows: int) -> int:
    """Of the relation, by columns that are as wide as `WIDE`."""
    return rows * WIDE * sum(scan.columns for scan in scans)


@contextmanager
def profiled(found: list[Mapping[str, Any]]) -> Iterator[None]:
    """Collect DuckDB's own profile of every statement that segjob sends."""
    from segjob.warehouse.duckdb.warehouse import DuckDBFile

    seen: list[Any] = []

    def watched(method: str) -> Any:
        ask = getattr(DuckDBFile, method)

        def asked(door: Any, statement: Any) -> Any:
            driver = door.connection.connection.driver_connection
            if driver not in seen:
                seen.append(driver)
                driver.execute("pragma enable_profiling = 'no_output'")
            answer = ask(door, statement)
            found.append(json.loads(driver.get_profiling_information(format="json")))
            return answer

        return mock.patch.object(DuckDBFile, method, asked)

    with watched("records"), watched("arrays"), watched("execute"):
        yield


def table_scans(profile: Mapping[str, Any], relation: str, columns: list[str]) -> Iterator[tuple[int, int]]:
    """(rows, columns) of every scan of a relation in a profile; a column that only a filter needs is read, too."""
    for node in profile.get("operator") or profile.get("children") or []:
        told = node.get("extra_info", {})
        if node["type"] == "TABLE_SCAN" and str(told.get("Table", "")).endswith(f".{relation}"):
            said = json.dumps([told.get("Projections"), told.get("Filters")])
            yield node["rows_scanned"], sum(column in said for column in columns)
        yield from table_scans(node, relation, columns)


def segjob(*arguments: str) -> dict[str, Any]:
    """The document of a run in this process."""
    from segjob.cli.app import app

    printed = io.StringIO()
    with (
        mock.patch.object(sys, "argv", ["segjob", *arguments, "--json", "--quiet"]),
        redirect_stdout(printed),
    ):
        try:
            app()
        except SystemExit as ended:
            if ended.code:
                raise
    document: dict[str, Any] = json.loads(printed.getvalue())["runs"][0]
    return document


def on_duckdb(url: str, relation: str, key: str, features: list[str], *options: str) -> dict[str, Any]:
    """Run, and add up DuckDB's profiles: scans of more than a thousand rows, rows and bytes of the columns."""
    profiles: list[Mapping[str, Any]] = []
    with profiled(profiles):
        run = segjob(*_command(url, relation, key, features), *options)
    scans = [scan for p in profiles for scan in table_scans(p, relation, [key, *features])]
    rows = run["run"]["rows_read"]
    return {
        "run": run,
        "scans": sum(1 for scanned, _ in scans if scanned == rows),
        "rows": sum(scanned for scanned, _ in scans),
        "bytes": sum(scanned * columns * WIDE for scanned, columns in scans),
        "from_disk": sum(p.get("io", {}).get("total_bytes_read", 0) for p in profiles),
        "server": False,
    }


def on_postgres(url: str, relation: str, key: str, features: list[str], *options: str) -> dict[str, Any]:
    """Run, and take the difference of the server's counters: rows that were read, and blocks that held them."""
    import psycopg

    counters = (
        "select t.seq_tup_read, (i.heap_blks_read + i.heap_blks_hit) * current_setting('block_size')::bigint "
        "from pg_stat_user_tables as t inner join pg_statio_user_tables as i on i.relid = t.relid "
        "where t.relid = to_regclass(%s)"
    )

    def count() -> tuple[int, int]:
        with psycopg.connect(url, autocommit=True) as connection:
            return connection.execute(counters, [relation]).fetchone() or (0, 0)

    before = count()
    run = segjob(*_command(url, relation, key, features), *options)
    after = count()
    read = after[0] - before[0]
    return {
        "run": run,
        "scans": round(read / run["run"]["rows_read"]),
        "rows": read,
        "bytes": after[1] - before[1],
        "server": True,
    }


def _command(url: str, relation: str, key: str, features: list[str]) -> list[str]:
    asked = ["run", "--from", relation, "--key", key, "--features", ",".join(features), "--name", "scans"]
    return [*asked, "--k-range", "1:10", "--warehouse", url]


def expected(found: Mapping[str, Any], features: int, *, rises: bool) -> list[Scan]:
    """The formula for a run that was measured."""
    run = found["run"]
    fitting = next(p["statements"] for p in run["phases"] if p["name"] == "fitting")
    facts = run["run"]
    method, rows = facts["fit_method"], facts["rows_read"]
    return formula(features, method, fitting, rows=rows, rises=rises, server=found["server"])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("warehouse", "relation", "key", "features"):
        parser.add_argument(name)
    parser.add_argument("--unordered", action="store_true", help="the keys do not stand in rising order")
    options = parser.parse_args()
    features = options.features.split(",")
    on = on_postgres if options.warehouse.startswith("postgres") else on_duckdb
    found = on(options.warehouse, options.relation, options.key, features)
    scans = expected(found, len(features), rises=not options.unordered)
    rows = found["run"]["run"]["rows_read"]
    for scan in scans:
        print(f"{scan.what:45s} {scan.columns} columns")
    print(f"formula : {len(scans)} scans, {bytes_read(scans, rows) / 1e6:,.1f} MB of columns")
    print(
        f"measured: {found['scans']} scans, {found['rows'] / rows:.3f} times the rows, {found['bytes'] / 1e6:,.1f} MB"
    )
    print(json.dumps({k: v for k, v in found.items() if k != "run"}))


if __name__ == "__main__":
    main()
