"""A third family of data sets with a known number of groups, unlike both of the shared suite's.

Ten kinds by turns: uniform boxes, log-normal features, correlated groups, whole numbers, a two-valued column,
unequal densities, few rows, 8 % background, skewed (gamma) groups, heavy tails; k = 1 to 8.
"""

from __future__ import annotations

import numpy as np

KINDS = (
    "boxes",
    "lognormal",
    "correlated",
    "rounded",
    "one_hot",
    "density",
    "small",
    "background",
    "gamma",
    "student",
)


def make(seed: int) -> tuple[np.ndarray, int, dict[str, object]]:
    """Rows (n, d), the true k, and what was drawn; the kind is the seed's last digit."""
    r = np.random.default_rng([seed, 77])
    kind = KINDS[seed % len(KINDS)]
    k, n, d = int(r.integers(1, 9)), int(r.choice([300, 800, 2000])), int(r.choice([2, 3, 4]))
    apart = float(r.choice([5.0, 6.5, 8.0]))
    if kind == "small":
        n, d, k = 200, 2, int(r.integers(1, 7))
    shares = np.maximum(r.dirichlet(np.full(k, 3.0)), 0.08 if kind == "small" else 0.03)
    label = r.choice(k, n, p=shares / shares.sum())
    rows = _spread(kind, r, _centres(r, k, d, apart), label)
    return rows, k, {"kind": kind, "seed": seed, "k": k, "rows": len(rows), "apart": apart}


def _centres(r: np.random.Generator, k: int, d: int, apart: float) -> np.ndarray:
    side, centres = apart * (1.3 * k ** (1 / d) + 0.5), []
    while len(centres) < k:
        one = r.uniform(0, side, d)
        if all(np.linalg.norm(one - other) >= apart for other in centres):
            centres.append(one)
        elif r.random() < 0.02:
            side *= 1.05
    return np.array(centres)


def _spread(kind: str, r: np.random.Generator, centres: np.ndarray, label: np.ndarray) -> np.ndarray:
    k, d = centres.shape
    n = len(label)
    normal = r.normal(size=(n, d))
    at = centres[label]
    rows = at + normal
    if kind == "boxes":
        rows = at + r.uniform(-1.7, 1.7, (n, d)) * r.uniform(0.7, 1.2, (k, d))[label]
    elif kind == "lognormal":
        rows = np.exp(rows / rows.std(axis=0).clip(1) * r.uniform(0.5, 0.9))
    elif kind == "correlated":
        root = np.linalg.cholesky(np.eye(d) * 0.5 + 0.5)
        rows = at * 1.2 + normal @ root.T @ np.diag(r.uniform(0.7, 1.5, d))
    elif kind == "rounded":
        rows = np.round(rows * r.uniform(1.0, 4.0, d))
    elif kind == "one_hot":
        chance = r.uniform(0.2, 0.8, k) if r.random() < 0.5 else np.full(k, 0.4)
        rows = np.column_stack([rows, (r.random(n) < chance[label]).astype(float)])
    elif kind == "density":
        rows = at * 1.2 + normal * np.exp(r.uniform(-0.8, 0.4, k))[label][:, None]
    elif kind == "background":
        rows = np.vstack([rows, r.uniform(rows.min(0) - 2, rows.max(0) + 2, (int(0.08 * n), d))])
    elif kind == "gamma":
        rows = at * 1.1 + (r.gamma(3, 1 / np.sqrt(3), (n, d)) - np.sqrt(3))
    elif kind == "student":
        rows = at * 1.2 + r.standard_t(4, (n, d)) / np.sqrt(2)
    return rows
