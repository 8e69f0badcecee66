"""What people do today with a table in PostgreSQL, whole: pull it into pandas, scale, fit, take the elbow, write back.

    python benchmarks/postgres_notebook.py postgresql://... customer_features annual_income,spending_score copy

The steps, their order and their parameters are the shared notebook path's; only reading and writing go to PostgreSQL.
`copy` writes with COPY, the fastest way; `to_sql` with pandas, the usual one. Prints one JSON line.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import time
from typing import Any


def write(engine: Any, frame: Any, way: str) -> None:
    """The assignment of every customer as a table."""
    if way == "to_sql":
        frame.to_sql("notebook_assignments", engine, if_exists="replace", index=False)
        return
    frame.head(0).to_sql("notebook_assignments", engine, if_exists="replace", index=False)
    text = io.StringIO()
    frame.to_csv(text, index=False, header=False)
    statement = "copy notebook_assignments from stdin (format csv)"
    with (
        engine.begin() as connection,
        connection.connection.driver_connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        copy.write(text.getvalue())


def main(url: str, table: str, columns: list[str], way: str) -> None:
    started = time.perf_counter()
    import pandas as pd
    import sqlalchemy as sa
    from kneed import KneeLocator
    from sklearn.cluster import KMeans
    from sklearn.preprocessing import StandardScaler

    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    frame = pd.read_sql(f"select customer_id, {', '.join(columns)} from {table}", engine)
    x = StandardScaler().fit_transform(frame[columns])
    read = time.perf_counter()
    inertia = [KMeans(k, init="k-means++", random_state=42).fit(x).inertia_ for k in range(1, 11)]
    k = int(KneeLocator(range(1, 11), inertia, curve="convex", direction="decreasing").knee or 5)
    swept = time.perf_counter()
    frame["segment_id"] = KMeans(k, init="k-means++", random_state=42).fit(x).labels_
    fitted = time.perf_counter()
    write(engine, frame[["customer_id", "segment_id"]], way)
    means = frame.groupby("segment_id")[columns].mean().reset_index()
    means.to_sql("notebook_profiles", engine, if_exists="replace", index=False)
    ended = time.perf_counter()
    steps = {"read": read - started, "sweep": swept - read, "fit": fitted - swept, "write": ended - fitted}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"k": k, "seconds": steps, "peak_mb": peak, "inertia": inertia}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3].split(","), sys.argv[4])
