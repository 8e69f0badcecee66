"""Round groups, sweeps over them, and what is decided on them."""

from __future__ import annotations

import numpy as np

from segjob.core.model import FitRows, Floats, Transform
from segjob.core.select_k.choose import choose
from segjob.core.select_k.evidence import EvidenceRequest, gather
from segjob.core.select_k.sweep import Sweep, sweep
from segjob.core.select_k.votes import KDecision, KRequest


def blobs(seed: int, k: int, n: int, d: int = 2, apart: float = 8.0) -> Floats:
    """Normal groups in the corners of a grid, standardised."""
    r = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(*[np.arange(3.0)] * d), axis=-1).reshape(-1, d)
    rows = r.permutation(grid)[:k][np.arange(n) % k] * apart + r.normal(size=(n, d))
    out: Floats = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    return out


def standard(rows: Floats) -> Floats:
    out: Floats = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    return out


def plain_transforms(rows: Floats) -> tuple[Transform, ...]:
    """Transforms that leave the columns as they are."""
    return tuple(Transform(f"f{j}", f"f{j}") for j in range(rows.shape[1]))


def decided(
    rows: Floats,
    ks: range = range(1, 11),
    request: KRequest | None = None,
    seed: int = 0,
    points: FitRows | None = None,
) -> KDecision:
    """The decision on (n, d) scaled rows, or on fit rows."""
    points = points or FitRows(rows, np.ones(len(rows)), "all_rows", float(len(rows)))
    evidence_request = EvidenceRequest.of(points, plain_transforms(points.values), ks, seed)
    swept_rows = sweep(points, ks, seed=seed)
    return choose(swept_rows, evidence_request, gather(evidence_request)(), request or KRequest())


def swept(values: Floats, ks: range = range(1, 9), seed: int = 0) -> Sweep:
    return sweep(FitRows(values, np.ones(len(values))), ks, seed=seed)
