"""A self-organising map whose neurons are joined into clusters: the one neural algorithm."""

from __future__ import annotations

from typing import Any

import numpy as np

from segjob.core.arrays import nearest
from segjob.core.compare.task import K_RULE, Outcome, Task, Unable, of_all
from segjob.core.model import Floats

MOST_UNITS = 100
STEPS_PER_UNIT = 100
_JOINED_ROWS = 1_000
"""Copies of the neurons that Ward joins, so that a neuron weighs as much as the rows that it wins."""


def self_organising_map(task: Task) -> Outcome:
    """A grid of neurons fitted to the rows (Kohonen, 1982), the neurons then joined by Ward into k clusters."""
    from sklearn.cluster import AgglomerativeClustering

    try:
        from minisom import MiniSom
    except ImportError:
        return Unable("MiniSom is not installed: pip install 'segjob[som]'")
    if len(task.values) < 2:
        return Unable("there is one row only")
    width, height = map_sides(task.values)
    steps = STEPS_PER_UNIT * width * height
    units = _trained(MiniSom, task, (width, height), steps)
    winners, _ = nearest(task.few, units)
    used, won = np.unique(winners, return_counts=True)
    if len(used) < max(task.k, 2):
        return Unable(f"only {len(used)} neurons of the map win any row, and {task.k} clusters are wanted")
    group = np.full(len(units), -1, dtype=np.intp)
    copies = np.maximum(1, np.round(won * (_JOINED_ROWS / won.sum()))).astype(np.intp)
    clusters = AgglomerativeClustering(task.k).fit_predict(np.repeat(units[used], copies, axis=0))
    group[used] = clusters[np.cumsum(copies) - 1]
    return of_all(
        task,
        group[winners],
        grid=[width, height],
        steps=steps,
        n_clusters=task.k,
        rule=f"5 times the root of the rows as neurons, at most {MOST_UNITS}, sides in the ratio of the two main "
        f"spreads (Vesanto and Alhoniemi, 2000), {STEPS_PER_UNIT} steps for each; joined by Ward, {K_RULE}",
    )


def _trained(minisom: type[Any], task: Task, sides: tuple[int, int], steps: int) -> Floats:
    """(u, d) the neurons after so many steps."""
    d = task.values.shape[1]
    grid = minisom(
        *sides,
        d,
        sigma=max(1.0, sides[0] / 2),
        learning_rate=0.5,
        decay_function="linear_decay_to_zero",
        sigma_decay_function="linear_decay_to_one",
        random_seed=task.seed,
    )
    grid.random_weights_init(task.values)
    # MiniSom's own random order is of the first `steps` rows only, and the rows are sorted.
    order = np.random.default_rng([task.seed, 4]).integers(0, len(task.values), steps)
    grid.train(task.values[order], steps)
    units: Floats = grid.get_weights().reshape(-1, d)
    return units


def map_sides(values: Floats) -> tuple[int, int]:
    """Width and height of a self-organising map."""
    units = min(MOST_UNITS, max(4, round(5 * np.sqrt(len(values)))))
    if values.shape[1] == 1:
        return units, 1
    spreads = np.sort(np.linalg.eigvalsh(np.cov(values, rowvar=False)))[::-1]
    ratio = np.sqrt(spreads[0] / max(spreads[1], 1e-12 * spreads[0])) if spreads[0] > 0 else 1.0
    width = int(np.clip(round(np.sqrt(units * ratio)), 2, units // 2))
    return width, max(2, round(units / width))
