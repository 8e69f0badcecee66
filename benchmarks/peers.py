"""One peer's sweep of k over an in-memory array, in a process of its own; prints one JSON line.

    python peers.py PEER WAREHOUSE TABLE COLUMN,COLUMN,... K_LOW:K_HIGH

Loading and scaling are not counted; fitting every k is. The inertia of each k is evaluated on all rows.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable

import duckdb
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SEED = 42


def load(warehouse: str, table: str, columns: list[str]) -> Array:
    """Standardised rows, (n, d)."""
    with duckdb.connect(warehouse, read_only=True) as connection:
        found = connection.execute(f"select {', '.join(columns)} from {table}").fetchnumpy()
    x = np.column_stack([np.asarray(found[name], dtype=np.float64) for name in columns])
    x -= x.mean(axis=0)
    x /= x.std(axis=0)
    return x


def inertia(x: Array, centroids: Array) -> float:
    """Sum of squared distances to the nearest centroid, in blocks."""
    total = 0.0
    norms = (centroids**2).sum(axis=1)
    for start in range(0, len(x), 1_000_000):
        block = x[start : start + 1_000_000]
        nearest = (norms - 2 * block @ centroids.T).min(axis=1)
        total += float(nearest.sum() + (block**2).sum())
    return total


def scikit_learn(x: Array, k: int) -> Array:
    from sklearn.cluster import KMeans

    return np.asarray(KMeans(n_clusters=k, n_init=1, random_state=SEED).fit(x).cluster_centers_)


def scikit_learn_intelex(x: Array, k: int) -> Array:
    from sklearnex.cluster import KMeans

    return np.asarray(KMeans(n_clusters=k, n_init=1, random_state=SEED).fit(x).cluster_centers_)


def mini_batch(x: Array, k: int) -> Array:
    from sklearn.cluster import MiniBatchKMeans

    model = MiniBatchKMeans(n_clusters=k, n_init=3, batch_size=4096, random_state=SEED)
    return np.asarray(model.fit(x).cluster_centers_)


def faiss(x: Array, k: int) -> Array:
    import faiss as library

    model = library.Kmeans(x.shape[1], k, niter=25, seed=SEED, max_points_per_centroid=len(x))
    model.train(x.astype(np.float32))
    return np.asarray(model.centroids, dtype=np.float64)


PEERS: dict[str, Callable[[Array, int], Array]] = {
    "scikit-learn": scikit_learn,
    "scikit-learn-intelex": scikit_learn_intelex,
    "MiniBatchKMeans": mini_batch,
    "faiss-cpu": faiss,
}


def main() -> None:
    peer, warehouse, table, columns, ks = sys.argv[1:]
    low, high = map(int, ks.split(":"))
    x = load(warehouse, table, columns.split(","))
    if peer == "evaluate":
        sets = json.load(sys.stdin)
        print(json.dumps({"inertia": {k: inertia(x, np.array(c)) for k, c in sets.items()}}))
        return
    started = time.perf_counter()
    fitted = {k: PEERS[peer](x, k) for k in range(low, high + 1)}
    seconds = time.perf_counter() - started
    print(
        json.dumps(
            {
                "seconds": seconds,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "inertia": {k: inertia(x, c) for k, c in fitted.items()},
            }
        )
    )


if __name__ == "__main__":
    main()
