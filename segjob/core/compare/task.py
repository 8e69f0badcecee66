"""The task of another algorithm and its outcome: rows in, labels out, or why there are none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segjob.core.model import Floats, Labels

K_RULE = "as many clusters as the published run has"
"""Where the algorithms that need the number of clusters have it from."""


@dataclass(frozen=True)
class Task:
    """What is to be clustered.

    values : (m, d) float64, scaled; every row counts the same.
    judged : (r,) the rows, by number, whose labels are compared. An algorithm whose time or memory grows with the
        square of the rows sees only these.
    k : how many clusters the published run has, for the algorithms that need it.
    """

    values: Floats
    judged: NDArray[np.intp]
    k: int
    seed: int

    @property
    def few(self) -> Floats:
        """(r, d) the judged rows."""
        return self.values[self.judged]


@dataclass(frozen=True)
class Clustering:
    """A clustering: labels (r,) of the judged rows, -1 where a row is in no cluster, and the parameters."""

    labels: Labels
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Unable:
    """Why there is no clustering, in words."""

    reason: str


Outcome = Clustering | Unable


def of_all(task: Task, labels: Labels, **parameters: Any) -> Clustering:
    """A clustering that was fitted on all rows of the task; `labels` are of the judged ones."""
    return Clustering(
        labels, {**parameters, "fitted_rows": len(task.values), "judged_rows": len(task.judged)}
    )


def of_few(task: Task, labels: Labels, **parameters: Any) -> Clustering:
    """A clustering that was fitted on the judged rows only."""
    rows = len(task.judged)
    return Clustering(
        np.asarray(labels, dtype=np.intp), {**parameters, "fitted_rows": rows, "judged_rows": rows}
    )
