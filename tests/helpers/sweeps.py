"""Round groups, and sweeps over them."""

from __future__ import annotations

import numpy as np

from segjob.core.model import FitRows, Floats
from segjob.core.select_k.sweep import Sweep, sweep


def blobs(seed: int, k: int, n: int, d: int = 2, apart: float = 8.0) -> Floats:
    """Normal groups in the corners of a grid, standardised."""
    r = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(*[np.arange(3.0)] * d), axis=-1).reshape(-1, d)
    rows = r.permutation(grid)[:k][np.arange(n) % k] * apart + r.normal(size=(n, d))
    out: Floats = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    return out


def swept(values: Floats, ks: range = range(1, 9), seed: int = 0) -> Sweep:
    return sweep(FitRows(values, np.ones(len(values))), ks, seed=seed)
