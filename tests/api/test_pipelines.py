"""A published model as a scikit-learn pipeline, and the way back."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from helpers import random_customers as made
from helpers.small_warehouse import execute, fill, query
from sklearn.cluster import DBSCAN, KMeans
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    OneHotEncoder,
    RobustScaler,
    StandardScaler,
)

import segjob
from segjob.api.estimators import pipeline_of
from segjob.statements import scoring
from segjob.warehouse.duckdb.dialect import engine as duckdb_in_memory

MODELS = 100 if os.environ.get("SEGJOB_ATTACK") else 12
CONFIG = """[segmentations.mixed]
relation = "mixed"
key = "id"
k = 4
k_range = [3, 5]
features = [
    { column = "income", lower = 10, upper = 95, outside = "clip", scale = "robust" },
    { column = "score", missing = "impute", impute = 50.0, weight = 1.5 },
    { column = "city", kind = "categorical", weight = 0.5, scale = "standard" },
    { column = "orders", function = "log1p", lower = 0 },
]
"""


def test_a_pipeline_predicts_what_sql_does_for_random_models() -> None:
    engine = duckdb_in_memory()
    with engine.connect() as connection:
        for seed in range(MODELS):
            rng = np.random.default_rng(seed)
            rows = made.customers(rng, 60, 1 + seed % 4, seed % 3, weighted=False, dirty=True)
            made.install(connection, rows)
            model = made.model(rng, rows, 1 + seed % 6, mixture=seed % 2 == 1)
            names = dict.fromkeys(model.segment_ids, "")
            statement = scoring.scores(rows.relation, model, names)
            key = rows.relation.key
            expected = {r[key]: r["segment_id"] or 0 for r in connection.execute(statement).mappings()}
            frame = pd.DataFrame(
                {name: pd.Series(column, dtype=object) for name, column in rows.columns.items()}
            )
            predicted = pipeline_of(model).predict(frame)
            assert predicted.tolist() == [expected[k] for k in rows.keys], f"seed {seed}"
    engine.dispose()


@pytest.fixture
def mixed(file: Path, folder: Path) -> Path:
    """Customers with everything that a transform is for."""
    execute(
        file,
        """create table mixed as select id, income,
            case when id % 25 = 0 then null else score end as score,
            case when id % 3 = 0 then 'Oslo' when id % 3 = 1 then 'Rome' end as city,
            case when id = 11 then -3 else id % 7 end as orders
        from customers""",
    )
    (folder / "segjob.toml").write_text(CONFIG)
    return file


def frame_of(file: Path, relation: str) -> pd.DataFrame:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(f"from {relation} order by id").df()


def test_a_mixtures_pipeline_agrees_with_its_view(mixed: Path) -> None:
    w = segjob.open(mixed, config="segjob.toml")
    mixture = {
        "algorithm": "gaussian_mixture",
        "features": ["income", {"column": "score", "missing": "impute"}],
    }
    w.run("mixed", **mixture)
    live = query(mixed, "select segment_id from segments.mixed_scores order by id")
    assert w.model().predict(frame_of(mixed, "mixed")).tolist() == [segment for (segment,) in live]


def test_a_model_that_is_published_again_is_the_same(mixed: Path) -> None:
    w = segjob.open(mixed, config="segjob.toml")
    first = w.run("mixed")
    live = query(mixed, "select coalesce(segment_id, 0) from segments.mixed_scores order by id")
    model = w.model("mixed")
    assert model.predict(frame_of(mixed, "mixed")).tolist() == [segment for (segment,) in live]
    assert [segment for (segment,) in live].count(0) == 1
    again = segjob.publish(w, model, "again", relation="mixed", key="id", k_range=(3, 5))
    assert again.k == first.k
    before, after = (
        query(
            mixed,
            "select c.segment_id, c.feature, c.value, c.scaled_value, t.center, t.scale, t.weight, t.impute_value, "
            "t.lower_bound, t.upper_bound from segments.centroids as c inner join segments.transforms as t "
            f"using (run_id, feature) where run_id = {run.run_id} order by 1, 2",
        )
        for run in (first, again)
    )
    assert [row[:2] for row in before] == [row[:2] for row in after]
    figures = [np.array([row[2:] for row in rows], dtype=float) for rows in (before, after)]
    np.testing.assert_allclose(figures[0], figures[1], rtol=1e-12, atol=1e-12)
    moved = query(
        mixed,
        "select count(*) from segments.mixed as a full join segments.again as b using (id) "
        "where a.segment_id is distinct from b.segment_id or abs(a.distance - b.distance) > 1e-12",
    )
    assert moved == [(0,)]


def test_a_notebooks_pipeline_becomes_a_run(mixed: Path) -> None:
    frame = frame_of(mixed, "mixed").query("orders >= 0")
    text = make_pipeline(SimpleImputer(strategy="constant", fill_value="(missing)"), OneHotEncoder())
    features = ColumnTransformer(
        [
            ("log", make_pipeline(FunctionTransformer(np.log1p), MinMaxScaler()), ["orders"]),
            ("filled", make_pipeline(SimpleImputer(), RobustScaler()), ["score"]),
            ("plain", StandardScaler(), ["income"]),
            ("city", text, ["city"]),
        ]
    )
    fitted = make_pipeline(features, KMeans(4, n_init=3, random_state=1)).fit(
        frame.assign(city=frame["city"])
    )
    w = segjob.open(mixed)
    run = segjob.publish(w, fitted, "own", relation="mixed", key="id", where="orders >= 0", k_range=(3, 5))
    assert (run.k, run.is_current, len(run.profile)) == (4, True, 4 * 6)
    own = w.assignments("own").set_index("id")["segment_id"]
    labels = pd.Series(fitted.predict(frame), index=frame["id"])
    pairs = set(zip(own.loc[labels.index], labels, strict=True))
    assert len(pairs) == 4, "the same customers are together"
    assert run.segments["rows"].tolist() == sorted(labels.value_counts(), reverse=True)


def test_what_sql_cannot_say_is_refused_in_words(file: Path) -> None:
    w = segjob.open(file)
    frame = frame_of(file, "customers")[["income", "score"]]
    for estimator, message in (
        (DBSCAN(), "a DBSCAN cannot be published"),
        (GaussianMixture(2).fit(frame), "a GaussianMixture cannot be published"),
        (KMeans(2), "does not know the names of its columns"),
        (make_pipeline(PCA(1), KMeans(2, n_init=1)).fit(frame), "a PCA cannot be said in SQL"),
        (
            make_pipeline(FunctionTransformer(np.sqrt), KMeans(2, n_init=1)).fit(frame),
            "the function sqrt of column income cannot be said in SQL",
        ),
    ):
        with pytest.raises(segjob.ConfigError, match=message):
            segjob.publish(
                w,
                estimator,
                "own",
                relation="customers",
                key="id",
                columns=None if isinstance(estimator, KMeans) else ["income", "score"],
            )
    assert query(file, "select count(*) from information_schema.schemata where schema_name = 'segments'") == [
        (0,)
    ]


@pytest.mark.attack
def test_the_mall_file(folder: Path, mall_csv: Path) -> None:
    rows = pd.read_csv(mall_csv).iloc[:, [0, 3, 4]].astype(float)
    fill(folder / "mall.duckdb", [(int(i), x, y) for i, x, y in rows.to_numpy().tolist()])
    w = segjob.open("mall.duckdb")
    w.run(relation="customers", key="id", features=["income", "score"], k=5)
    frame = frame_of(folder / "mall.duckdb", "customers")
    assert w.model().predict(frame).tolist() == w.assignments()["segment_id"].tolist()
