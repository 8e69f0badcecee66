"""Random customers, features and models, in numpy and as a table of the same rows: what the SQL is compared on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa

from segjob.config import Feature
from segjob.core.model import Gaussians, Model, Transform
from segjob.statements.relation import Relation

ODD_NAMES = [
    "order",
    "sélect",
    'a"b',
    "x; drop table y",
    "100%",
    "it's",
    "a:b",
    "group by",
    "x0",
    "w",
    "Größe",
    "k",
]


@dataclass(frozen=True)
class Customers:
    """Rows as columns of Python values, None for NULL."""

    relation: Relation
    columns: dict[str, list[Any]]

    @property
    def keys(self) -> list[int]:
        return self.columns[self.relation.key]

    @property
    def weights(self) -> np.ndarray:
        name = self.relation.row_weight
        return np.ones(len(self.keys)) if name is None else np.array(self.columns[name], dtype=float)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def install(connection: sa.Connection, customers: Customers) -> None:
    """Make the relation in the warehouse; floats travel as text, because a list of them loses NaN in duckdb 1.5."""
    connection.rollback()
    types = {"int": "BIGINT", "float": "DOUBLE", "str": "TEXT"}
    columns = customers.columns
    kinds = {
        n: next((type(v).__name__ for v in values if v is not None), "float") for n, values in columns.items()
    }
    selected = ", ".join(f"unnest(?::TEXT[])::{types[kinds[n]]} AS {quoted(n)}" for n in columns)
    connection.exec_driver_sql(
        f"CREATE OR REPLACE TABLE {quoted(customers.relation.name)} AS SELECT {selected}",
        tuple([None if v is None else str(v) for v in column] for column in columns.values()),
    )


def customers(
    rng: np.random.Generator, rows: int, numbers: int, texts: int, *, weighted: bool, dirty: bool
) -> Customers:
    """Numeric columns, then text columns, under odd names; dirty ones hold NULL, NaN and the infinities."""
    names = [str(n) for n in rng.permutation(ODD_NAMES)]
    key, weight, table = names.pop(), names.pop(), names.pop()
    columns: dict[str, list[Any]] = {key: [int(i) for i in rng.permutation(rows * 3)[:rows]]}
    if weighted:
        columns[weight] = [
            float(v) for v in rng.choice([0.0, 0.5, 1.0, 2.5], size=rows, p=[0.1, 0.3, 0.3, 0.3])
        ]
    for _ in range(numbers):
        values = rng.normal(rng.normal() * 5, rng.uniform(0.5, 4), size=rows)
        values = np.round(values) if rng.random() < 0.4 else values
        column: list[Any] = [float(v) for v in values]
        if dirty:
            for i in np.flatnonzero(rng.random(rows) < 0.2):
                column[i] = [None, None, float("nan"), float("inf"), float("-inf")][rng.integers(5)]
        columns[names.pop()] = column
    for _ in range(texts):
        choices = [None, "", "F", "m", "it's", "NULL", "déjà"]
        columns[names.pop()] = [choices[i] for i in rng.integers(len(choices), size=rows)]
    return Customers(Relation(table, "main", key, weight if weighted else None), columns)


def numeric_names(made: Customers) -> list[str]:
    known = {made.relation.key, made.relation.row_weight}
    return [n for n, v in made.columns.items() if n not in known and not any(isinstance(x, str) for x in v)]


def text_names(made: Customers) -> list[str]:
    return [n for n, v in made.columns.items() if any(isinstance(x, str) for x in v)]


def features(rng: np.random.Generator, made: Customers) -> list[Feature]:
    """How a user could ask for these columns."""
    asked = []
    for name in numeric_names(made):
        bound = np.sort(rng.normal(scale=6, size=2)).tolist()
        asked.append(
            Feature(
                column=name,
                missing=str(rng.choice(["impute", "exclude"])),
                non_finite="missing",
                lower=bound[0] if rng.random() < 0.5 else None,
                upper=bound[1] if rng.random() < 0.5 else None,
                outside=str(rng.choice(["clip", "exclude"])),
                function=str(rng.choice(["identity", "log1p"])),
            )
        )
    asked += [Feature(column=name, kind="categorical") for name in text_names(made)]
    return [asked[i] for i in rng.permutation(len(asked))]


def transforms(rng: np.random.Generator, made: Customers) -> tuple[Transform, ...]:
    """How a fitted model could prepare these columns."""
    prepared = []
    for f in features(rng, made):
        center, scale = float(rng.normal()), float(rng.uniform(0.2, 5))
        weight = float(rng.choice([1.0, 0.5, 2.0]))
        if f.kind == "categorical":
            prepared += [
                Transform(
                    f"{f.column}={c}", f.column, "one_hot", c, center=center, scale=scale, weight=weight
                )
                for c in ("F", "it's", "(missing)", "never seen")
            ]
            continue
        impute = float(rng.normal()) if f.missing == "impute" else None
        prepared.append(
            Transform(
                f.column,
                f.column,
                f.function,
                impute_value=impute,
                lower_bound=f.lower,
                upper_bound=f.upper,
                outside=f.outside,
                center=center,
                scale=scale,
                weight=weight,
            )
        )
    return tuple(prepared)


def model(rng: np.random.Generator, made: Customers, k: int, *, mixture: bool = False) -> Model:
    """Centroids among the rows, under ids that are not 1 to k; as a Gaussian mixture where that is asked for."""
    prepared = transforms(rng, made)
    ids = tuple(int(i) for i in rng.permutation(3 * k)[:k] + 1)
    limits = rng.uniform(0.5, 4, size=k)
    limits[rng.integers(k)] = np.inf
    return Model(
        prepared,
        ids,
        rng.normal(size=(k, len(prepared))),
        limits,
        gaussians(rng, k, len(prepared)) if mixture else None,
    )


def gaussians(rng: np.random.Generator, k: int, d: int) -> Gaussians:
    """Unlike shares; covariances that lean every way, from round to narrow."""
    shares = rng.dirichlet(np.ones(k)) + 1e-3
    axes = rng.normal(size=(k, d, d)) * rng.uniform(0.1, 2, size=(k, 1, d))
    return Gaussians(shares / shares.sum(), axes @ axes.transpose(0, 2, 1) + 0.01 * np.eye(d))
