"""segjob on Spark against Spark MLlib on one table, each a whole process; and against segjob on DuckDB.

    python benchmarks/spark.py --rows 1000000 --master 'local[2]'

MLlib does what people do with it: assemble, scale, cache, fit k-means for every k, then transform and write. segjob's
whole run (measure, choose k, fit, publish) stands beside it. Both start Spark, which takes the same time. Needs the
folder SEGJOB_SHARED (the data maker). Nothing here is a test.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from segjob.warehouse.spark.session import read_url, session

HERE = Path(__file__).resolve().parent
SHARED = Path(os.environ.get("SEGJOB_SHARED") or HERE.parent.parent / "shared")
COLUMNS = ("annual_income", "spending_score", "age", "recency_days")
KS = range(2, 11)
ALL_COMPILERS = "&spark.driver.extraJavaOptions=-XX:TieredStopAtLevel=4"
"""Undoes for MLlib what segjob tells Java about its own short runs."""
WITHOUT_CLASSES = " -XX:SharedArchiveFile=none"
"""And the file of Java's classes that `segjob init` wrote."""


def made(rows: int, folder: Path) -> tuple[Path, Path]:
    """The made customers as a DuckDB file and as Parquet."""
    file, parquet = folder / "shop.duckdb", folder / "customers.parquet"
    maker = SHARED / "bench" / "make_customers.py"
    subprocess.run([sys.executable, str(maker), str(rows), str(file)], check=True, stdout=subprocess.DEVNULL)
    with duckdb.connect(str(file)) as connection:
        connection.execute(f"copy customer_features to '{parquet}' (format parquet)")
    return file, parquet


def segjob(warehouse: str) -> tuple[float, Any]:
    """A whole process of `segjob run`: seconds, and what it published."""
    command = [sys.executable, "-m", "segjob", "run", "--from", "customer_features", "--key", "customer_id"]
    command += ["--features", ",".join(COLUMNS), "--name", "bench", "--k-range", f"{KS[0]}:{KS[-1]}"]
    seconds, printed = timed([*command, "--warehouse", warehouse, "--json"])
    return seconds, json.loads(printed)["runs"][0]


peaks: dict[str, float] = {}
"""MB that each kind of process held at most in the process that was timed last."""


def timed(command: list[str], folder: Path | None = None) -> tuple[float, str]:
    """Seconds that a process took, and its stdout."""
    started = time.perf_counter()
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, cwd=folder) as process,
    ):
        peaks.clear()
        watching = threading.Thread(target=watch, args=(process,))
        watching.start()
        printed, _ = process.communicate()
        seconds = time.perf_counter() - started
        watching.join()
        if process.returncode:
            errors.seek(0)
            raise RuntimeError(errors.read()[-2000:])
    return seconds, printed


def watch(process: subprocess.Popen[str]) -> None:
    """Note the most memory that Java and the process itself hold, looking twice a second."""
    while process.poll() is None:
        for status in Path("/proc").glob("[0-9]*/status"):
            with contextlib.suppress(OSError):
                values = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
                is_java = values["Name"].strip() == "java"
                if "VmHWM" in values and (is_java or status.parent.name == str(process.pid)):
                    kind = "Java" if is_java else "Python"
                    peaks[kind] = max(peaks.get(kind, 0.0), int(values["VmHWM"].split()[0]) / 1024)
        time.sleep(0.5)


def mllib(url: str, k: int) -> None:
    """MLlib's way, in this process; prints the centroids of every k, in original units."""
    from pyspark.ml.clustering import KMeans
    from pyspark.ml.feature import StandardScaler, VectorAssembler

    running = session(read_url(url, Path()), 60.0, create=False)
    rows = running.table("customer_features")
    rows = VectorAssembler(inputCols=list(COLUMNS), outputCol="raw").transform(rows)
    scaler = StandardScaler(inputCol="raw", outputCol="features", withMean=True, withStd=True).fit(rows)
    rows = scaler.transform(rows).select("customer_id", "features").cache()
    models = {k: KMeans(k=k, seed=0).fit(rows) for k in KS}
    assigned = models[k].transform(rows).select("customer_id", "prediction")
    assigned.write.mode("overwrite").saveAsTable("mllib_segments")
    mean, std = scaler.mean.toArray(), scaler.std.toArray()
    print(json.dumps({k: (np.array(m.clusterCenters()) * std + mean).tolist() for k, m in models.items()}))


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
        centres = [np.array(run["final"]) for run in (spark, reference)]
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
    parser.add_argument("--once", action="store_true", help="MLlib only as Spark starts by itself")
    parser.add_argument("--mllib", nargs=2, metavar=("URL", "K"), help="only this, in this process")
    parser.add_argument("--load", nargs=2, metavar=("URL", "PARQUET"), help="only this, in this process")
    options = parser.parse_args()
    if options.mllib:
        return mllib(options.mllib[0], int(options.mllib[1]))
    if options.load:
        running = session(read_url(options.load[0], Path()), 60.0, create=False)
        running.sql(f"create table customer_features as select * from parquet.`{options.load[1]}`")
        return None
    with tempfile.TemporaryDirectory() as name:
        measure(options, Path(name))
    return None


def measure(options: argparse.Namespace, folder: Path) -> None:
    """Everything that is printed."""
    file, parquet = made(options.rows, folder)
    url = f"spark://{options.master}?warehouse={folder / 'warehouse'}&spark.driver.memory=4g"
    me = [sys.executable, __file__]
    made_ready, _ = timed([sys.executable, "-m", "segjob", "init", "--warehouse", url], folder)
    timed([*me, "--load", url, str(parquet)])
    print(f"## {options.rows:,} rows x {len(COLUMNS)} features, {options.master}\n", flush=True)
    first, run = segjob(url)
    ours, _ = segjob(url)
    k = run["run"]["k"]
    held = dict(peaks)
    plain, printed = timed([*me, "--mllib", url + ALL_COMPILERS + WITHOUT_CLASSES, str(k)])
    held_there = dict(peaks)
    theirs, _ = (0.0, "") if options.once else timed([*me, "--mllib", url + ALL_COMPILERS, str(k)])
    phases = ", ".join(f"{phase['name']} {phase['seconds']:.1f}" for phase in run["phases"])
    print("| process, with Spark's start | seconds |\n|---|---|")
    print(f"| `segjob init`, once: schema, and Java's classes | {made_ready:.1f} |")
    print(f"| `segjob run`, first of all | {first:.1f} |")
    print(f"| `segjob run`, as every day | {ours:.1f} |")
    told = f"MLlib, k = {KS[0]}..{KS[-1]}, transform, write"
    if theirs:
        print(f"| {told}, in a session like segjob's but with both compilers | {theirs:.1f} |")
    print(f"| {told}, in a session as Spark starts it | {plain:.1f} |\n")
    for whose, peak in (("segjob's", held), ("MLlib's", held_there)):
        print(
            f"Peak memory of {whose} processes: " + ", ".join(f"{k} {mb:,.0f} MB" for k, mb in peak.items())
        )
    print(f"The first run's phases: {phases} s; {run['run']['fit_method']}, k = {k}.\n", flush=True)
    side_by_side(file, run, json.loads(printed))
    _, reference = segjob(str(file))
    running = session(read_url(url, folder), 60.0, create=False)
    for found, at in ((run, running), (reference, None)):
        found["final"] = published_centroids(found, file, at)
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


def side_by_side(file: Path, run: Any, models: dict[str, Any]) -> None:
    """The inertia of both on all rows, k by k."""
    with duckdb.connect(str(file), read_only=True) as connection:
        columns = connection.execute(f"select {', '.join(COLUMNS)} from customer_features").fetchnumpy()
    values = np.column_stack([columns[name] for name in COLUMNS])
    mean, std = values.mean(axis=0), values.std(axis=0)
    scaled = (values - mean) / std
    print("| k | segjob | MLlib | MLlib / segjob |\n|---|---|---|---|")
    for k in KS:
        mine = inertia(scaled, np.array(run["sweep_centroids"][str(k)]))
        other = inertia(scaled, (np.array(models[str(k)]) - mean) / std)
        print(f"| {k} | {mine:,.1f} | {other:,.1f} | {other / mine:.6f} |")


if __name__ == "__main__":
    main()
