"""`segjob.publish`: an estimator that was fitted in a notebook becomes a published run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from segjob.api.connection import Connection
from segjob.api.run import Run
from segjob.core.model import Transform


def publish(
    w: Connection,
    estimator: Any,
    name: str,
    *,
    relation: str,
    key: str,
    columns: Sequence[str] | None = None,
    **options: Any,
) -> Run:
    """Publish a fitted `KMeans`, or a `Pipeline` that ends with one, as a run: profiles, ids, history and views.

    >>> from sklearn.cluster import KMeans
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> rows = pd.DataFrame({"income": [20.0, 20, 90, 90], "score": [20.0, 80, 15, 90]})
    >>> fitted = make_pipeline(StandardScaler(), KMeans(4, n_init=1, random_state=0)).fit(rows)
    >>> segjob.publish(w, fitted, "own", relation="customers", key="id").k
    4

    The centroids are published as they are: nothing is fitted again. Steps before the KMeans may be scalers, a
    `SimpleImputer`, a `OneHotEncoder`, `FunctionTransformer(numpy.log1p)`, and a `ColumnTransformer` of these.

    Parameters
    ----------
    w : where to publish.
    name : of the segmentation.
    relation, key : the table or view whose rows get segments, and its key column.
    columns : the relation's columns that the estimator was fitted on, in order; default: its `feature_names_in_`.
    options : more settings of the segmentation, such as where and seed.

    Raises
    ------
    ConfigError : a step of the estimator cannot be said in SQL.
    SegjobError : nothing was published.
    """
    from segjob.api.transforms import read_pipeline

    if columns is None:
        columns = list(getattr(estimator, "feature_names_in_", ()))
    if not columns:
        from segjob.errors import ConfigError

        raise ConfigError(
            "the estimator does not know the names of its columns",
            hint="fit it on a data frame, or name them: columns=[...]",
        )
    transforms, centroids = read_pipeline(estimator, [str(column) for column in columns])
    features = _features(transforms)
    settings = {"relation": relation, "key": key, "features": features, "k": len(centroids), **options}
    return w.publish_fitted(name, settings, transforms, centroids)


def _features(transforms: Sequence[Transform]) -> list[Mapping[str, Any]]:
    """The features' settings, under which the warehouse excludes the rows that the transforms exclude."""
    features: dict[str, Mapping[str, Any]] = {}
    for t in transforms:
        if t.function == "one_hot":
            features[t.source_column] = {
                "column": t.source_column,
                "kind": "categorical",
                "weight": t.weight,
            }
            continue
        imputed = {} if t.impute_value is None else {"missing": "impute", "impute": t.impute_value}
        features[t.source_column] = {
            "column": t.source_column,
            **imputed,
            "lower": t.lower_bound,
            "upper": t.upper_bound,
            "outside": t.outside,
            "function": t.function,
            "weight": t.weight,
            "non_finite": "missing",
        }
    return list(features.values())
