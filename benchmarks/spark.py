"""segjob on Spark against Spark MLlib, on one table in one session; and against segjob on DuckDB. Prints Markdown.

    python benchmarks/spark.py --rows 1000000 --master 'local[2]'

MLlib does what people do with it: assemble, scale, cache, fit k-means for every k, then transform and write. segjob's
whole run (measure, choose k, fit, publish) stands beside it. segjob goes first, on the cold session: what the JVM has
compiled by then speeds up MLlib alone. Needs the folder SEGJOB_SHARED (the data maker). Nothing here is a test.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from segjob.config import Config
from segjob.jobs.progress import Progress
from segjob.jobs.run import run_all
from segjob.jobs.wanted import wanted
from segjob.warehouse.connect import connect
from segjob.warehouse.spark_session import read_url, session

HERE = Path(__file__).resolve().parent
SHARED = Path(os.environ.get("SEGJOB_SHARED") or HERE.parent.parent / "shared")
COLUMNS = ("annual_income", "spending_score", "age", "recency_days")
KS = range(2, 11)


def made(rows: int, folder: Path) -> tuple[Path, Path]:
    """The made customers as a DuckDB file and as Parquet."""
    file, parquet = folder / "shop.duckdb", folder / "customers.parquet"
    maker = SHARED / "bench" / "make_customers.py"
    subprocess.run([sys.executable, str(maker), str(rows), str(file)], check=True, stdout=subprocess.DEVNULL)
    with duckdb.connect(str(file)) as connection:
        connection.execute(f"copy customer_features to '{parquet}' (format parquet)")
    return file, parquet


def segjob(url: str) -> tuple[float, Any]:
    """A whole run through the door behind a URL: seconds, and what it published."""
    asked = wanted(
        Config(),
        None,
        {"source": "customer_features", "key": "customer_id", "features": ",".join(COLUMNS), "name": "bench"},
        k_range=f"{KS[0]}:{KS[-1]}",
    )
    warehouse = connect(Config(), warehouse=url)
    started = time.perf_counter()
    ran = run_all(warehouse, Config(), asked, Progress())
    return time.perf_counter() - started, ran.results[0].as_json()


def mllib(running: Any, k: int) -> tuple[float, dict[int, np.ndarray]]:
    """MLlib's way: seconds for all k and one table written; the centroids of every k, in original units."""
    from pyspark.ml.clustering import KMeans
    from pyspark.ml.feature import StandardScaler, VectorAssembler

    started = time.perf_counter()
    rows = running.table("customer_features")
    rows = VectorAssembler(inputCols=list(COLUMNS), outputCol="raw").transform(rows)
    scaler = StandardScaler(inputCol="raw", outputCol="features", withMean=True, withStd=True).fit(rows)
    rows = scaler.transform(rows).select("customer_id", "features").cache()
    models = {k: KMeans(k=k, seed=0).fit(rows) for k in KS}
    assigned = models[k].transform(rows).select("customer_id", "prediction")
    assigned.write.mode("overwrite").saveAsTable("mllib_segments")
    seconds = time.perf_counter() - started
    rows.unpersist()
    mean, std = scaler.mean.toArray(), scaler.std.toArray()
    return seconds, {k: np.array(model.clusterCenters()) * std + mean for k, model in models.items()}


def inertia(values: np.ndarray, centroids: np.ndarray) -> float:
    """Sum of squared distances of all rows to the nearest centroid; (n, d) and (k, d), scaled units."""
    best = np.full(len(values), np.inf)
    for centroid in centroids:
        np.minimum(best, ((values - centroid) ** 2).sum(axis=1), out=best)
    return float(best.sum())


def agreement(spark: Any, reference: Any) -> list[str]:
    """How far the run is from DuckDB's, against what is asked."""
    same_k = spark["run"]["k"] == reference["run"]["k"]
    lines = [f"k: {spark['run']['k']} and {reference['run']['k']}"]
    if same_k:
        sizes, others = ([s["rows"] for s in run["segments"]] for run in (spark, reference))
        apart = max(abs(a - b) / b for a, b in zip(sizes, others, strict=True))
        lines.append(f"sizes differ by at most {apart:.4%} (asked: 0.1 %)")
        centres = [np.array(run["sweep_centroids_final"]) for run in (spark, reference)]
        lines.append(
            f"centroids by at most {np.abs(centres[0] - centres[1]).max():.1e} scaled units (asked: 1e-3)"
        )
    return lines


def main() -> None:
    """Measure, and print one section of SPARK.md."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--master", default="local[2]")
    parser.add_argument("--without-mllib", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measure(options, folder)


def measure(options: argparse.Namespace, folder: Path) -> None:
    """Everything that is printed."""
    file, parquet = made(options.rows, folder)
    home = folder / "warehouse"
    url = f"spark://{options.master}?warehouse={home}&spark.driver.memory=4g"
    started = time.perf_counter()
    running = session(read_url(url, folder), 0.0, create=True)
    running.sql(f"create table customer_features as select * from parquet.`{parquet}`")
    print(f"## {options.rows:,} rows x {len(COLUMNS)} features, {options.master}\n")
    print(
        f"Starting Spark and loading the table, counted for neither: {time.perf_counter() - started:.1f} s.\n"
    )
    ours, run = segjob(url)
    print(
        f"segjob: {ours:.1f} s, k = {run['run']['k']} ({run['run']['fit_method']}); phases "
        + ", ".join(f"{phase['name']} {phase['seconds']:.1f} s" for phase in run["phases"])
    )
    if not options.without_mllib:
        beside_mllib(running, file, ours, run)
        again, _ = segjob(url)
        print(
            f"\nsegjob once more after MLlib, on the warm session: {again:.1f} s (it matches the run before, too)."
        )
    _, reference = segjob(str(file))
    for found, at in ((run, running), (reference, None)):
        found["sweep_centroids_final"] = published_centroids(found, file, at)
    print("\nAgainst segjob on DuckDB, same rows and seed: " + "; ".join(agreement(run, reference)) + ".")


def published_centroids(run: Any, file: Path, running: Any) -> list[list[float]]:
    """(k, d) the published centroids, scaled."""
    query = "select scaled_value from segments.centroids where run_id = {} order by segment_id, feature"
    text = query.format(run["run"]["run_id"])
    if running is not None:
        found = [row[0] for row in running.sql(text).collect()]
    else:
        with duckdb.connect(str(file), read_only=True) as connection:
            found = [row[0] for row in connection.execute(text).fetchall()]
    return np.array(found).reshape(run["run"]["k"], -1).tolist()


def beside_mllib(running: Any, file: Path, ours: float, run: Any) -> None:
    """Both side by side, k by k."""
    theirs, models = mllib(running, run["run"]["k"])
    print(f"\nMLlib: {theirs:.1f} s, {theirs / ours:.1f} times as long.\n", flush=True)
    with duckdb.connect(str(file), read_only=True) as connection:
        columns = connection.execute(f"select {', '.join(COLUMNS)} from customer_features").fetchnumpy()
    values = np.column_stack([columns[name] for name in COLUMNS])
    mean, std = values.mean(axis=0), values.std(axis=0)
    scaled = (values - mean) / std
    print("| k | segjob | MLlib | MLlib / segjob |\n|---|---|---|---|")
    for k in KS:
        mine = inertia(scaled, np.array(run["sweep_centroids"][k]))
        other = inertia(scaled, (models[k] - mean) / std)
        print(f"| {k} | {mine:,.1f} | {other:,.1f} | {other / mine:.6f} |")


if __name__ == "__main__":
    main()
