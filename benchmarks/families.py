"""What does segjob say of customer-like tables whose groups are known, and of real tables that lose 1 % of their rows?

    python benchmarks/families.py known --seeds 6:40
    python benchmarks/families.py nulls --seeds 13:26
    python benchmarks/families.py real

The families and the real tables are the shared suite's (environment variable SEGJOB_SHARED, default ../shared). Results
go to --keep as they come, so a long run can be stopped and taken up again; the block in CHOOSE_K.md is written when all
are there.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from choose_k import write

from segjob.core.cluster import kmeans
from segjob.core.cluster.metrics import adjusted_rand
from segjob.core.cluster.row_sets import nearest_of
from segjob.core.model import FitRows, Transform
from segjob.core.select_k.choose import choose
from segjob.core.select_k.evidence import EvidenceRequest, gather
from segjob.core.select_k.followers import assign
from segjob.core.select_k.segment_stability import jaccard
from segjob.core.select_k.sweep import sweep
from segjob.core.select_k.votes import KRequest

SHARED = Path(os.environ.get("SEGJOB_SHARED", Path(__file__).resolve().parent.parent.parent / "shared"))
KEEP = Path(tempfile.gettempdir()) / "segjob_families.jsonl"
KS = range(1, 11)
ALGORITHMS = ("kmeans", "auto")
FRESH_PAIRS = 6
FOUND_AGAIN = 0.75

Table = tuple[FitRows, list[Transform], np.ndarray]
"""Fit rows, how they were made, and the order of the table's rows in them."""


def fit_rows(columns: Sequence[np.ndarray], transforms: list[Transform]) -> Table:
    """Scaled columns as segjob would fit on them: in order."""
    values = np.column_stack(columns)
    order = np.lexsort(values.T[::-1])
    rows = np.ascontiguousarray(values[order])
    return FitRows(rows, np.ones(len(rows)), "all_rows", float(len(rows))), transforms, order


def numeric(name: str, column: np.ndarray, *, log: bool) -> tuple[np.ndarray, Transform]:
    """One standardised column."""
    x = np.log1p(column) if log else column
    transform = Transform(
        name, name, function="log1p" if log else "identity", center=float(x.mean()), scale=float(x.std())
    )
    return (x - transform.center) / transform.scale, transform


def family_table(made: dict[str, Any]) -> Table:
    """A set of customer_families: log1p where it says so, categories as such."""
    parts = [
        numeric(f"f{j}", column, log=j in made.get("log", []))
        for j, column in enumerate(made["X"].astype(float).T)
        if column.std() > 0
    ]
    for b, block in enumerate(made.get("cat", [])):
        parts += [
            (column, Transform(f"c{b}={level}", f"c{b}", function="one_hot", category=str(level)))
            for level, column in enumerate(block.T)
            if column.sum()
        ]
    return fit_rows([column for column, _ in parts], [transform for _, transform in parts])


def fresh_stability(values: np.ndarray, centroids: np.ndarray, seed: int) -> float:
    """The least mean Jaccard index of segments with k-means on new random halves."""
    k, ones = len(centroids), np.ones(len(values))
    columns, random = np.ascontiguousarray(values.T), np.random.default_rng([seed, 4242])
    labels = nearest_of(columns, centroids[None])[0].astype(np.intp)
    each = []
    for pair in range(FRESH_PAIRS):
        order = random.permutation(len(values))
        for half in (order[: len(order) // 2], order[len(order) // 2 :]):
            fit = kmeans.fit(values[np.sort(half)], np.ones(len(half)), k, seed=900 + pair, n_init=10)
            other = nearest_of(columns, fit.centroids[None])[0].astype(np.intp)
            each.append(jaccard(labels, other, ones, k).max(axis=1))
    return float(np.mean(each, axis=0).min())


def judge(table: Table, seed: int, truth: np.ndarray | None) -> dict[str, Any]:
    """What is decided on a table, by algorithm, and what it cost beside the sweep."""
    points, transforms, order = table
    begun = time.process_time()
    request = EvidenceRequest.of(points, transforms, KS, seed)
    evidence = gather(request)()
    result: dict[str, Any] = {"cpu": time.process_time() - begun}
    swept = sweep(points, KS, seed=seed)
    for algorithm in ALGORITHMS:
        decision = choose(swept, request, evidence, KRequest(algorithm=algorithm))
        votes = {vote.rule: vote.k for vote in decision.votes}
        row = {"k": decision.k, "structure": decision.structure, "votes": votes, "reason": decision.reason}
        if decision.start is not None and truth is not None:
            row["ari"] = adjusted_rand(assign(points.values, decision.start), truth[order])
        if decision.outcome == "divided" and truth is not None:
            row["fresh"] = fresh_stability(points.values, decision.start.centroids, seed)
        result[algorithm] = row
    return result


def made_tables(which: str, seeds: range) -> Iterator[tuple[str, int, Any]]:
    """Name, seed and set of every family."""
    sys.path.insert(0, str(SHARED / "bench"))
    families = import_module("customer_families")
    for seed in seeds:
        for name in families.KNOWN if which == "known" else families.NULLS:
            yield name, seed, lambda name=name, seed=seed: judge_family(families.make(name, seed), seed)


def judge_family(made: dict[str, Any], seed: int) -> dict[str, Any]:
    truth = np.unique(made["y"], return_inverse=True)[1]
    return {"true": int(made["k"]), **judge(family_table(made), seed, truth)}


def real_tables() -> Iterator[tuple[str, int, Any]]:
    """Name, number of the rerun, and the rerun: seeds 0 to 7, then eight drops of 1 % of the rows."""
    import duckdb

    sys.path.insert(0, str(SHARED / "bench"))
    real = import_module("real_tables")
    connection = duckdb.connect()
    for name, statement in real.TABLES.items():
        connection.execute(f"create table {name} as {statement}")
    for name, (table, features, _) in real.SEGMENTATIONS.items():
        frame = connection.execute(f"select * from {table}").df()
        for i in range(16):
            part = frame if i < 8 else frame.drop(frame.sample(frac=0.01, random_state=i).index)
            seed = i if i < 8 else 0
            yield name, i, lambda part=part, f=features, s=seed: judge(real_table(part, f), s, None)


def real_table(frame: Any, features: Sequence[Any]) -> Table:
    """A frame's columns as segjob would prepare them."""
    wanted = [{"column": f} if isinstance(f, str) else f for f in features]
    for f in wanted:
        if f.get("kind") != "categorical" and f.get("missing") != "impute":
            frame = frame[frame[f["column"]].notna()]
        if "lower" in f:
            frame = frame[frame[f["column"]] >= f["lower"]]
    parts = []
    for f in wanted:
        name, column = f["column"], frame[f["column"]]
        if f.get("kind") == "categorical":
            parts += [
                (
                    (column.astype(str) == level).to_numpy(float),
                    Transform(f"{name}={level}", name, "one_hot", level),
                )
                for level in sorted(column.astype(str).unique())
            ]
        else:
            values = column.fillna(column.median()).to_numpy(float)
            parts.append(numeric(name, values, log=f.get("function") == "log1p"))
    return fit_rows([column for column, _ in parts], [transform for _, transform in parts])


def table_of_known(results: Sequence[dict[str, Any]]) -> str:
    """Claims by family, and whether they are right."""
    lines = [
        "| family | sets | natural (kmeans, auto) | of these k right | of these ARI at least .8 | divided (kmeans) "
        "| holds on fresh halves | right or holds | count of groups right | CPU s |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    names = list(dict.fromkeys(r["name"] for r in results))
    for name in [*names, "all"]:
        some = [r for r in results if name in (r["name"], "all")]
        natural = {a: [r for r in some if r[a]["structure"] == "natural"] for a in ALGORITHMS}
        right = {a: [r for r in natural[a] if r[a]["k"] == r["true"]] for a in ALGORITHMS}
        alike = {a: sum(r[a]["ari"] >= 0.8 for r in right[a]) for a in ALGORITHMS}
        divided = [r for r in some if "fresh" in r["kmeans"]]
        holds = sum(r["kmeans"]["fresh"] >= FOUND_AGAIN for r in divided)
        counted = sum(r["kmeans"]["votes"]["groups"] == r["true"] for r in some)
        pairs = [", ".join(str(len(x[a])) for a in ALGORITHMS) for x in (natural, right)]
        lines.append(
            f"| {name} | {len(some)} | {pairs[0]} | {pairs[1]} | {', '.join(str(alike[a]) for a in ALGORITHMS)} | "
            f"{len(divided)} | {holds} | {(len(right['kmeans']) + holds) / len(some):.2f} | {counted} | "
            f"{np.median([r['cpu'] for r in some]):.2f} |"
        )
    return "\n".join(lines)


def table_of_real(results: Sequence[dict[str, Any]]) -> str:
    """The most frequent answer of each table's reruns, and how often it is given."""
    lines = ["| table | kmeans | of 16 | auto | of 16 |", "|---|---|---|---|---|"]
    for name in dict.fromkeys(r["name"] for r in results):
        cells = []
        for algorithm in ALGORITHMS:
            answers = [(r[algorithm]["structure"], r[algorithm]["k"]) for r in results if r["name"] == name]
            most = max(set(answers), key=answers.count)
            cells += [f"{most[0]}, {most[1] or 'nothing'}", str(answers.count(most))]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Parse, run what is not kept yet, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("which", choices=["known", "nulls", "real"])
    parser.add_argument("--seeds", default="6:40", help="first:last, the last not included")
    parser.add_argument(
        "--keep", type=Path, default=KEEP, help=f"results, one table per line (default {KEEP})"
    )
    args = parser.parse_args()
    first, last = map(int, args.seeds.split(":"))
    known = [json.loads(line) for line in args.keep.read_text().splitlines()] if args.keep.exists() else []
    done = {(r["which"], r["name"], r["i"]): r for r in known}
    tasks = real_tables() if args.which == "real" else made_tables(args.which, range(first, last))
    results = []
    with args.keep.open("a") as kept:
        for name, i, run in tasks:
            key = (args.which, name, i)
            if key not in done:
                done[key] = {"which": args.which, "name": name, "i": i, **run()}
                kept.write(json.dumps(done[key]) + "\n")
                kept.flush()
            results.append(done[key])
    block = table_of_real(results) if args.which == "real" else table_of_known(results)
    print(block)
    write(args.which, "0 to 7 and eight drops" if args.which == "real" else args.seeds, block)


if __name__ == "__main__":
    main()
