"""`segjob.open` and what can be done with an opened warehouse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segjob.api.frames import frame
from segjob.api.run import Run
from segjob.config import Config, Segmentation
from segjob.config_file import find, load, parse
from segjob.core.model import Floats, Transform
from segjob.errors import ConfigError
from segjob.registry.models import PublishedModel
from segjob.registry.registry import Registry
from segjob.registry.relations import split_name
from segjob.warehouse.connect import connect

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

    from segjob.commands.write.publish_each import RunResults

Feature = str | Mapping[str, Any]
"""A column's name, or a feature as segjob.toml has it: `{"column": "revenue", "function": "log1p"}`."""


def open(
    warehouse: str | Path | None = None, *, schema: str | None = None, config: str | Path | None = None
) -> Connection:
    """Open a warehouse; nothing is locked or held open between calls.

    >>> w = segjob.open("shop.duckdb")
    >>> w
    <segjob.Connection to ...shop.duckdb, schema segments>

    Parameters
    ----------
    warehouse : the path of a DuckDB file, or a URL as `--warehouse` takes it. Without one, the config file, the
        environment or dbt's profile decides, as on the command line.
    schema : where the published tables are; default: the config's, else `segments`.
    config : a segjob.toml; default: with a `warehouse` none, without one the nearest file upwards.

    Raises
    ------
    ConfigError : the config file is wrong, or there is no warehouse.
    """
    file = Path(config) if config is not None else find(Path.cwd()) if warehouse is None else None
    settings = Config(directory=Path.cwd()) if file is None else load(file)
    if schema is not None:
        settings = settings.model_copy(
            update={"warehouse": settings.warehouse.model_copy(update={"schema_name": schema})}
        )
    opened = connect(settings, warehouse=None if warehouse is None else str(warehouse))
    return Connection(Registry(opened, settings.warehouse.schema_name), settings)


class Connection:
    """A warehouse with the segmentations that are published in it. `open` makes it.

    Wherever a segmentation is to be named, it can be left out if there is only one.
    """

    def __init__(self, registry: Registry, config: Config) -> None:
        self._registry, self._config = registry, config

    def __repr__(self) -> str:
        return f"<segjob.Connection to {self._registry.warehouse.label}, schema {self._registry.schema}>"

    def run(
        self,
        segmentation: str | None = None,
        *,
        relation: str | None = None,
        key: str | None = None,
        features: Sequence[Feature] | None = None,
        **options: Any,
    ) -> Run:
        """Choose k, fit and publish: `segjob run`.

        >>> run = w.run("again", relation="customers", key="id", features=["income", "score"], k=3)
        >>> run.k, run.segmentation
        (3, 'again')

        Parameters
        ----------
        segmentation : one of the config's, or the name of one that relation, key and features describe.
        options : settings of a segmentation as segjob.toml has them, such as k, rule, algorithm, where.

        Raises
        ------
        SegjobError : nothing was published; see `segjob.errors`.
        """
        from segjob.commands.write.run import run_all
        from segjob.pipeline.progress import Progress

        name, settings = self._settings(segmentation, relation, key, features, options)
        return _run_of(run_all(self._registry, self._config, {name: settings}, Progress()))

    def assign(self, segmentation: str | None = None) -> Run:
        """Today's rows by the model in use, as a run of its own: `segjob assign`.

        >>> w.assign("value").segments["name"].tolist() == w.show("value").segments["name"].tolist()
        True
        """
        from segjob.commands.write.assign import assign_all
        from segjob.pipeline.progress import Progress

        return _run_of(assign_all(self._registry, self._config, segmentation, Progress()))

    def show(self, segmentation: str | None = None, *, run_id: int | None = None) -> Run:
        """A run that is published: the one in use, or the one of that number.

        >>> w.show(run_id=1).run_id
        1
        """
        from segjob.commands.read.show import show

        return Run(show(self._registry, run_id, segmentation))

    def history(self, segmentation: str | None = None) -> pd.DataFrame:
        """All runs, newest first, with the columns of table `runs` and `is_current`.

        >>> int(w.history("value")["is_current"].sum())
        1
        """
        from segjob.commands.read.history import history

        return frame(history(self._registry, segmentation))

    def assignments(self, segmentation: str | None = None) -> pd.DataFrame:
        """Who is in which segment: the rows of view `<s>`.

        >>> w.assignments("value").columns.tolist()
        ['id', 'segment_id', 'segment_name', 'distance', 'margin', 'is_outlier', 'run_id']
        """
        from segjob.commands.read.assignments import assignments

        columns, records = assignments(self._registry, segmentation)
        return frame(records, columns)

    def explain(self, key: object, segmentation: str | None = None) -> pd.DataFrame:
        """Why one customer is in their segment: a row per feature, with its contribution.

        >>> w.explain(1, "value")["feature"].tolist()
        ['income', 'score']
        """
        from segjob.commands.read.explain import explain

        explained = explain(self._registry, str(key), segmentation)
        return frame([vars(reason) for reason in explained.reasons])

    def query(
        self, question: str, segmentation: str | None = None, other: str | None = None, **parameters: object
    ) -> pd.DataFrame:
        """The answer to a question of sql/reports: `segjob query`.

        >>> w.query("segment_sizes", "value")["customers"].tolist()
        [30, 30, 30, 30, 30]

        Parameters
        ----------
        other : the second segmentation, of a question about two.
        parameters : of the question, by name.
        """
        from segjob.commands.read.query import query

        values = {name: str(value) for name, value in parameters.items()}
        return frame(query(self._registry, question, segmentation, other, parameters=values).rows)

    def health(self, segmentation: str | None = None) -> pd.DataFrame:
        """Does the run in use still fit today's customers? A row per measure, each with `is_healthy`.

        >>> bool(w.health("value")["is_healthy"].all())
        True
        """
        from segjob.commands.read.health import check_health

        found = check_health(self._registry, self._config.health, segmentation)
        return frame([vars(finding) for finding in found.findings])

    def score(self, customers: pd.DataFrame, segmentation: str | None = None) -> pd.DataFrame:
        """The segments of the rows of a data frame by the model in use, in memory; the index is kept.

        >>> w.score(pd.DataFrame({"income": [20.0], "score": [80.0]}), "value")["segment_id"].notna().tolist()
        [True]

        Parameters
        ----------
        customers : has the model's source columns. A row that the model excludes has no segment.

        Raises
        ------
        ConfigError : a column is lacking.
        """
        from segjob.api.scoring import score_frame

        return score_frame(self._model(segmentation), customers)

    def report(self, segmentation: str | None = None, path: str | Path | None = None) -> Path:
        """Write the HTML page about the run in use: `segjob report`; where it was written.

        >>> w.report("value", "value.html").name
        'value.html'
        """
        from segjob.commands.outputs.report import write_report

        written = write_report(self._registry, segmentation, None if path is None else Path(path), None)
        return written.page

    def model(self, segmentation: str | None = None) -> Pipeline:
        """The model in use as a fitted scikit-learn pipeline, made of the published rows.

        >>> pipeline = w.model("value")
        >>> [name for name, _ in pipeline.steps]
        ['features', 'segments']

        `predict` takes a data frame and answers the segment ids, 0 for a row that the model excludes.
        """
        from segjob.api.estimators import pipeline_of

        return pipeline_of(self._model(segmentation).model)

    def publish_fitted(
        self, name: str, settings: Mapping[str, Any], transforms: tuple[Transform, ...], centroids: Floats
    ) -> Run:
        """Publish a model that was fitted elsewhere; `segjob.publish` reads it from an estimator."""
        from segjob.commands.write.publish_model import FittedElsewhere, publish_model
        from segjob.pipeline.progress import Progress

        parsed = parse(Segmentation, dict(settings), where=f"segmentation {name}")
        fitted = FittedElsewhere(transforms, centroids)
        return _run_of(publish_model(self._registry, self._config, {name: parsed}, fitted, Progress()))

    def _model(self, segmentation: str | None) -> PublishedModel:
        with self._registry.warehouse.reading():
            return self._registry.load_model(self._registry.pick_run(segmentation=segmentation))

    def _settings(
        self,
        segmentation: str | None,
        relation: str | None,
        key: str | None,
        features: Sequence[Feature] | None,
        options: Mapping[str, Any],
    ) -> tuple[str, Segmentation]:
        described = {"relation": relation, "key": key, "features": features and list(features)}
        changes = {**{name: value for name, value in described.items() if value is not None}, **options}
        known = self._config.segmentations
        if segmentation is None and relation is None and len(known) == 1:
            (segmentation,) = known
        if segmentation in known:
            changes = {**known[segmentation].model_dump(), **changes}
        elif relation is None:
            raise ConfigError(
                f"the config has no segmentation {segmentation!r}"
                if segmentation
                else "no segmentation is named",
                hint=f"it has {', '.join(known)}" if known else "describe one: relation=, key=, features=",
            )
        name = segmentation or split_name(str(relation))[1]
        return name, parse(Segmentation, dict(changes), where=f"segmentation {name}")


def _run_of(outcome: RunResults) -> Run:
    if outcome.failure is not None:
        raise outcome.failure
    (result,) = outcome.results
    return Run(result.published, result.warnings)
