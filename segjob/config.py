"""segjob.toml as typed values. Unknown keys are refused; `config_file` reads the file into these."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    field_validator,
    model_validator,
)

Scale = Literal["standard", "robust", "minmax", "none"]
KRule = Literal[
    "consensus",
    "elbow",
    "silhouette",
    "calinski_harabasz",
    "davies_bouldin",
    "gap",
    "stability",
    "groups",
]

Algorithm = Literal["kmeans", "ward", "gaussian_mixture", "auto"]
"""What can be published, because SQL can score with it; `auto` is whichever follows the groups."""


Real = Annotated[float, Field(strict=True, allow_inf_nan=False)]


MOST_SEGMENTS = 100
"""Of a fixed k. The statements that score a row compare every two segments: their text grows with the square of k, and
publishing 100 segments takes seconds, 600 longer than ten minutes."""

FEWEST_PARTITION_ROWS = 300
"""Of each of up to ten segments, thirty: with fewer, a mean and a share say little."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def few_words(value: str | None) -> str | None:
    """A label, unit or word: a segment's name has two of these and at most eight words."""
    if value is None:
        return None
    words = value.split()
    if not 1 <= len(words) <= 4 or len(value) > 40:
        raise ValueError("must be one to four words, of 40 characters together")
    return " ".join(words)


FewWords = Annotated[str, AfterValidator(few_words)]


class Measure(_Strict):
    """A column that describes the segments and has no part in making them; its share of the sum and its mean count."""

    column: str = Field(min_length=1)
    label: FewWords | None = None
    unit: FewWords | None = None
    format: Literal["number", "percent"] | None = None


class Feature(_Strict):
    """One column of the feature relation and how it is prepared."""

    WORDS: ClassVar[frozenset[str]] = frozenset({"label", "unit", "format", "low_word", "high_word"})
    """Settings that change what is said of a feature, and no segment."""

    column: str = Field(min_length=1)
    kind: Literal["numeric", "categorical"] = "numeric"
    missing: Literal["impute", "exclude"] = "exclude"
    impute: Literal["median", "mean"] | Real = "median"
    non_finite: Literal["error", "missing"] = "error"
    lower: Real | None = None
    upper: Real | None = None
    outside: Literal["clip", "exclude"] = "exclude"
    function: Literal["identity", "log1p"] = "identity"
    scale: Scale | None = None
    weight: Annotated[Real, Field(gt=0, le=1e6)] = 1.0
    label: FewWords | None = None
    unit: FewWords | None = None
    format: Literal["number", "percent"] | None = None
    low_word: FewWords | None = None
    high_word: FewWords | None = None

    @field_validator("impute", mode="before")
    @classmethod
    def _impute_in_words(cls, value: Any) -> Any:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        number = is_number and math.isfinite(value)
        if not number and value not in ("median", "mean"):
            raise ValueError(f'must be "median", "mean" or a number, not {value!r}')
        return value

    @model_validator(mode="after")
    def _sound(self) -> Feature:
        if self.lower is not None and self.upper is not None and self.lower >= self.upper:
            raise ValueError(f"lower ({self.lower:g}) must be below upper ({self.upper:g})")
        if self.kind == "categorical" and (
            self.lower is not None or self.upper is not None or self.function != "identity"
        ):
            raise ValueError("a categorical feature has no lower, upper or function")
        if self.kind == "categorical" and (self.unit or self.format or self.low_word or self.high_word):
            raise ValueError("a categorical feature has no unit, format, low_word or high_word")
        if self.low_word is not None and self.low_word == self.high_word:
            raise ValueError(f"low_word and high_word are the same: {self.low_word!r}")
        if self.missing == "impute" and not isinstance(self.impute, str):
            self._check_stand_in(self.impute)
        return self

    def _check_stand_in(self, value: float) -> None:
        low = -math.inf if self.lower is None else self.lower
        high = math.inf if self.upper is None else self.upper
        if not low <= value <= high:
            raise ValueError(f"impute ({value:g}) must be within lower and upper")
        if self.function == "log1p" and value <= -1:
            raise ValueError(f"impute ({value:g}) has no logarithm: log1p takes values above -1")


class Segmentation(_Strict):
    """One segmentation: which rows, which features, how many segments."""

    relation: Annotated[str, Field(min_length=1)] = ""
    model: Annotated[str, Field(min_length=1)] | None = None
    """The dbt model in the place of the relation; `relation` is then what the manifest says of it."""
    key: str = Field(min_length=1)
    features: Annotated[tuple[Feature, ...], Field(min_length=1)]
    measures: tuple[Measure, ...] = ()
    row_weight: str | None = None
    where: Annotated[str, Field(min_length=1, max_length=10_000)] | None = None
    """SQL condition of the rows that are taken; whether it is one is for the warehouse to say."""
    partition_by: Annotated[str, Field(min_length=1)] | None = None
    """Column for each value of which a model is fitted, with its own choice of k; see `docs/config.md`."""
    min_partition_rows: Annotated[StrictInt, Field(ge=10)] = FEWEST_PARTITION_ROWS
    """A value of that column with fewer rows is refused: its rows are left out."""
    as_of_column: str | tuple[str, str] | None = None
    """Column of dates, rows of one of which are taken; or two, from when and until when (empty: still) a row holds."""
    scale: Scale = "standard"
    algorithm: Algorithm = "kmeans"
    k: Annotated[StrictInt, Field(ge=1)] | Literal["auto"] = "auto"
    k_range: tuple[Annotated[StrictInt, Field(ge=1)], Annotated[StrictInt, Field(ge=1)]] = (1, 10)
    rule: KRule = "consensus"
    allow_one: StrictBool = False
    min_share: Annotated[Real, Field(gt=0, lt=1)] | None = None
    max_share: Annotated[Real, Field(gt=0, lt=1)] | None = None
    """Least and largest share of the customers in a segment, respected if segments that hold can be."""
    holdout_share: Annotated[Real, Field(gt=0, lt=1)] | None = None
    """Share of every segment that no campaign should reach; see `<s>_audience`."""
    seed: Annotated[StrictInt, Field(ge=0, lt=2**31)] = 0
    n_init: Annotated[StrictInt, Field(ge=1, le=1000)] = 10
    refit: Literal["always", "when_unhealthy", "never"] = "always"
    """When `segjob run` fits a new model; otherwise it assigns the rows by the one in use."""
    refit_days: Annotated[StrictInt, Field(ge=1)] | None = None
    """Days after which it fits a new one in any case."""
    start: str = "fresh"
    """`fresh`, `current` (the current run's centroids), or a relation with one centroid per row."""

    NOT_OF_THE_MODEL: ClassVar[frozenset[str]] = frozenset(
        {"relation", "model", "as_of_column", "measures", "holdout_share", "refit", "refit_days"}
    )
    """Settings under whose other values the same model would have been fitted."""
    OF_THE_CHOICE: ClassVar[frozenset[str]] = frozenset(
        {
            "k",
            "k_range",
            "rule",
            "allow_one",
            "min_share",
            "max_share",
            "seed",
            "n_init",
            "start",
            "min_partition_rows",
        }
    )
    """Settings that decide which model is fitted; one that was fitted under other values still scores the same rows."""

    @property
    def as_of_columns(self) -> tuple[str, ...]:
        """The columns that `as_of_column` names: none, the dates, or from when and until when a row holds."""
        if self.as_of_column is None:
            return ()
        return (self.as_of_column,) if isinstance(self.as_of_column, str) else self.as_of_column

    def changed_since(self, earlier: Segmentation) -> list[str]:
        """Names of the settings that would have made another model, and differ from those of an earlier run.

        The order and the words of features make no other model.
        """
        now, then = self._of_the_model(), earlier._of_the_model()
        return [name for name in now if now[name] != then[name]]

    def _of_the_model(self) -> dict[str, Any]:
        settings = self.model_dump(exclude={"features", *self.NOT_OF_THE_MODEL})
        features = [feature.model_dump(exclude=set(Feature.WORDS)) for feature in self.features]
        return {"features": sorted(features, key=lambda feature: str(feature["column"])), **settings}

    @field_validator("features", "measures", mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        """A bare column name stands for a feature or measure with all defaults."""
        if isinstance(value, str):
            raise ValueError('must be a list, such as ["annual_income", "spending_score"]')
        if isinstance(value, (list, tuple)):
            return [{"column": item} if isinstance(item, str) else item for item in value]
        return value

    @field_validator("as_of_column", mode="before")
    @classmethod
    def _one_or_two_columns(cls, value: Any) -> Any:
        names = value if isinstance(value, (list, tuple)) else [value]
        if value is not None and not (
            len(names) <= 2 and all(isinstance(name, str) and name for name in names) and names
        ):
            raise ValueError(f'must be a column of dates, or ["valid_from", "valid_to"], not {value!r}')
        return tuple(names) if isinstance(value, (list, tuple)) and len(names) == 2 else names[0]

    @field_validator("algorithm", mode="before")
    @classmethod
    def _algorithm_in_words(cls, value: Any) -> Any:
        known = get_args(Algorithm)
        if value not in known:
            raise ValueError(
                f"{value!r} cannot be published: only {', '.join(known[:-2])} and {known[-2]} give every row a segment "
                'in SQL ("auto" is one of them); `segjob compare` shows what others would find'
            )
        return value

    @field_validator("k", mode="before")
    @classmethod
    def _k_in_words(cls, value: Any) -> Any:
        if value != "auto" and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            raise ValueError(f'must be "auto" or a whole number from 1, not {value!r}')
        if value != "auto" and value > MOST_SEGMENTS:
            raise ValueError(f"must be at most {MOST_SEGMENTS}, not {value!r}")
        return value

    @model_validator(mode="after")
    def _sound(self) -> Segmentation:
        if not self.relation and self.model is None:
            raise ValueError('relation is missing: name a table or view, or model = "..." of the dbt project')
        columns = [feature.column for feature in self.features]
        twice = sorted({column for column in columns if columns.count(column) > 1})
        if twice:
            raise ValueError(f"features names {', '.join(map(repr, twice))} more than once")
        if self.key in columns:
            raise ValueError(f"the key {self.key!r} is also a feature")
        self._check_measures()
        if self.row_weight is not None and self.row_weight in (*columns, self.key):
            raise ValueError(f"row_weight {self.row_weight!r} is also the key or a feature")
        self._check_algorithm()
        if self.refit_days is not None and self.refit == "always":
            raise ValueError(
                'refit_days goes with refit = "when_unhealthy" or "never": "always" fits in every run'
            )
        if self.min_share is not None and self.max_share is not None and self.min_share >= self.max_share:
            raise ValueError(f"min_share ({self.min_share:g}) must be below max_share ({self.max_share:g})")
        low, high = self.k_range
        if low > high:
            raise ValueError(f"k_range is upside down: {low} is above {high}; write [{high}, {low}]")
        if high > 50:
            raise ValueError(f"k_range ends at {high}; more than 50 segments is no segmentation")
        self._check_partitions()
        return self

    def _check_partitions(self) -> None:
        """A model per partition is of k-means on numeric features."""
        column = self.partition_by
        if column is None:
            if self.min_partition_rows != FEWEST_PARTITION_ROWS:
                raise ValueError("min_partition_rows goes with partition_by")
            return
        roles = {self.key: "key", self.row_weight: "row_weight"}
        roles |= {feature.column: "feature" for feature in self.features}
        if column in roles:
            raise ValueError(f"partition_by names {column!r}, which is also the {roles[column]}")
        if self.algorithm != "kmeans":
            raise ValueError(f'partition_by goes with algorithm = "kmeans", not {self.algorithm!r}')
        if self.start != "fresh":
            raise ValueError(f'partition_by goes with start = "fresh", not {self.start!r}')
        if categorical := [feature.column for feature in self.features if feature.kind == "categorical"]:
            raise ValueError(
                f"partition_by takes numeric features only, not {', '.join(map(repr, categorical))}: "
                "turn them into numbers in the feature view"
            )

    def _check_measures(self) -> None:
        columns = [measure.column for measure in self.measures]
        twice = sorted({column for column in columns if columns.count(column) > 1})
        if twice:
            raise ValueError(f"measures names {', '.join(map(repr, twice))} more than once")
        if self.key in columns:
            raise ValueError(f"the key {self.key!r} is also a measure")
        for feature in self.features:
            if feature.kind == "categorical" and feature.column in columns:
                raise ValueError(
                    f"the measure {feature.column!r} is a categorical feature; a measure is a number"
                )

    def _check_algorithm(self) -> None:
        categorical = [feature.column for feature in self.features if feature.kind == "categorical"]
        if self.algorithm == "gaussian_mixture" and categorical:
            raise ValueError(
                f"a gaussian_mixture takes numeric features only, not {', '.join(map(repr, categorical))}: "
                "what is 0 or 1 has no normal density; take kmeans or ward, or leave it out"
            )
        if self.algorithm != "kmeans" and self.start != "fresh":
            raise ValueError(f"start is for kmeans; {self.algorithm} starts fresh")


class WarehouseSettings(_Strict):
    """Where the data is and where the tables go."""

    dbt_project: str | None = None
    target: str | None = None
    url: str | None = None
    schema_name: str = Field(default="segments", alias="schema", min_length=1)
    memory_limit: str | None = None
    temp_directory: str | None = None
    threads: Annotated[StrictInt, Field(ge=1)] | None = None
    external_access: StrictBool = True
    lock_timeout: Annotated[Real, Field(ge=0)] = 30.0


class FitSettings(_Strict):
    """How many rows are brought into memory to choose k and to fit on."""

    all_rows: Annotated[StrictInt, Field(ge=100)] = 20_000
    distinct_rows: Annotated[StrictInt, Field(ge=100)] = 50_000
    sample_rows: Annotated[StrictInt, Field(ge=1000)] = 100_000
    max_passes: Annotated[StrictInt, Field(ge=0)] = 50
    tolerance: Annotated[Real, Field(ge=0)] = 1e-4


class HealthSettings(_Strict):
    """Where a published segmentation stops being healthy; what chance alone does is allowed for on top."""

    stability_index: float = Field(default=0.1, gt=0)
    distance: float = Field(default=0.2, gt=0)
    segment_share: float = Field(default=0.05, gt=0)
    centroid_distance: float = Field(default=0.15, gt=0)
    outlier_share: float = Field(default=0.02, gt=0)
    missing_share: float = Field(default=0.05, gt=0)
    excluded_share: float = Field(default=0.05, gt=0)


class Action(_Strict):
    """What to do with a segment: where every feature named here is at that level, the action is suggested."""

    when: dict[str, Literal["low", "average", "typical", "high"]] = {}
    """`average` is `typical`, as configs of earlier versions call it."""
    action: str = Field(min_length=1)


class PublishSettings(_Strict):
    """What is kept of earlier runs (their evidence always is; their assignments take the room), and the snapshot."""

    keep_runs: Annotated[StrictInt, Field(ge=1)] | None = None
    keep_days: Annotated[StrictInt, Field(ge=1)] | None = None
    snapshot: Annotated[str, Field(min_length=1)] | None = None
    """Folder of the serving file that is written after every run; relative to the config file."""


class Config(_Strict):
    """The whole file."""

    warehouse: WarehouseSettings = WarehouseSettings()
    fit: FitSettings = FitSettings()
    publish: PublishSettings = PublishSettings()
    health: HealthSettings = HealthSettings()
    actions: tuple[Action, ...] | None = None
    segmentations: dict[str, Segmentation] = {}
    directory: Path = Path()
    """Where the file stands; paths in it are relative to this. Not a key of the file."""

    @field_validator("segmentations")
    @classmethod
    def _names_differ(cls, value: dict[str, Segmentation]) -> dict[str, Segmentation]:
        """Their views and tables are named after them, and to most warehouses `A` and `a` are one name."""
        seen: dict[str, str] = {}
        for name, one in value.items():
            if one.relation and one.model is not None:
                raise ValueError(f"{name} has a relation and a model; leave one out")
            if not name.strip():
                raise ValueError("a segmentation's name is empty")
            if (other := seen.setdefault(name.casefold(), name)) != name:
                raise ValueError(f"{other!r} and {name!r} differ in case only; name one of them otherwise")
        return value
