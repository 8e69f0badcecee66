"""segjob.toml as typed values: unknown keys are refused and every problem is said at once."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictInt,
    ValidationError,
    field_validator,
    model_validator,
)

from segjob.errors import ConfigError

FILE_NAME = "segjob.toml"
Scale = Literal["standard", "robust", "minmax", "none"]
Parsed = TypeVar("Parsed", bound=BaseModel)
Rule = Literal["elbow", "silhouette", "calinski_harabasz", "davies_bouldin"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Feature(_Strict):
    """One column of the feature relation and how it is prepared."""

    column: str = Field(min_length=1)
    kind: Literal["numeric", "categorical"] = "numeric"
    missing: Literal["impute", "exclude"] = "exclude"
    impute: Literal["median", "mean"] | float = "median"
    non_finite: Literal["error", "missing"] = "error"
    lower: float | None = None
    upper: float | None = None
    outside: Literal["clip", "exclude"] = "exclude"
    function: Literal["identity", "log1p"] = "identity"
    scale: Scale | None = None
    weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _sound(self) -> Feature:
        if self.lower is not None and self.upper is not None and self.lower >= self.upper:
            raise ValueError(f"lower ({self.lower:g}) must be below upper ({self.upper:g})")
        if self.kind == "categorical" and (
            self.lower is not None or self.upper is not None or self.function != "identity"
        ):
            raise ValueError("a categorical feature has no lower, upper or function")
        return self


class Segmentation(_Strict):
    """One segmentation: which rows, which features, how many segments."""

    relation: str = Field(min_length=1)
    key: str = Field(min_length=1)
    features: Annotated[tuple[Feature, ...], Field(min_length=1)]
    row_weight: str | None = None
    scale: Scale = "standard"
    k: Annotated[StrictInt, Field(ge=1)] | Literal["auto"] = "auto"
    k_range: tuple[Annotated[StrictInt, Field(ge=1)], Annotated[StrictInt, Field(ge=1)]] = (1, 10)
    rule: Rule = "silhouette"
    seed: Annotated[StrictInt, Field(ge=0, lt=2**31)] = 0
    n_init: Annotated[StrictInt, Field(ge=1, le=1000)] = 10

    @field_validator("features", mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        """A bare column name stands for a feature with nothing else said."""
        if isinstance(value, str):
            raise ValueError('features is a list, such as ["annual_income", "spending_score"]')
        if isinstance(value, (list, tuple)):
            return [{"column": item} if isinstance(item, str) else item for item in value]
        return value

    @field_validator("k", mode="before")
    @classmethod
    def _k_in_words(cls, value: Any) -> Any:
        if value != "auto" and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            raise ValueError(f'k is "auto" or a whole number from 1, not {value!r}')
        return value

    @model_validator(mode="after")
    def _sound(self) -> Segmentation:
        columns = [feature.column for feature in self.features]
        twice = sorted({column for column in columns if columns.count(column) > 1})
        if twice:
            raise ValueError(f"features names {', '.join(map(repr, twice))} more than once")
        if self.key in columns:
            raise ValueError(f"the key {self.key!r} is also a feature")
        if self.row_weight is not None and self.row_weight in (*columns, self.key):
            raise ValueError(f"row_weight {self.row_weight!r} is also the key or a feature")
        low, high = self.k_range
        if low > high:
            raise ValueError(f"k_range is upside down: {low} is above {high}; write [{high}, {low}]")
        if high > 50:
            raise ValueError(f"k_range ends at {high}; more than 50 segments is no segmentation")
        return self


class WarehouseSettings(_Strict):
    """Where the data is and where the tables go."""

    dbt_project: str | None = None
    target: str | None = None
    url: str | None = None
    schema_name: str = Field(default="segments", alias="schema", min_length=1)
    memory_limit: str | None = None
    temp_directory: str | None = None
    threads: Annotated[StrictInt, Field(ge=1)] | None = None
    lock_timeout: float = Field(default=30.0, ge=0)


class FitSettings(_Strict):
    """How many rows are brought into memory to choose k and to fit on."""

    all_rows: Annotated[StrictInt, Field(ge=100)] = 20_000
    distinct_rows: Annotated[StrictInt, Field(ge=100)] = 50_000
    sample_rows: Annotated[StrictInt, Field(ge=1000)] = 50_000
    max_passes: Annotated[StrictInt, Field(ge=0)] = 50
    tolerance: float = Field(default=1e-4, ge=0)


class Config(_Strict):
    """The whole file."""

    warehouse: WarehouseSettings = WarehouseSettings()
    fit: FitSettings = FitSettings()
    segmentations: dict[str, Segmentation] = {}
    directory: Path = Path()
    """Where the file stands; paths in it are relative to this. Not a key of the file."""


def find(start: Path) -> Path | None:
    """The nearest segjob.toml in `start` or above it."""
    return next((d / FILE_NAME for d in (start, *start.parents) if (d / FILE_NAME).is_file()), None)


def load(path: Path) -> Config:
    """Read and check a config file.

    Raises
    ------
    ConfigError : the file cannot be read, or it says something it must not; every problem at once.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"there is no config file {path}", hint="write one with `segjob init`") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None
    if "directory" in document:
        raise ConfigError(f"{path}: directory: unknown key")
    return parse(Config, {**document, "directory": path.parent}, where=str(path))


def parse(kind: type[Parsed], values: dict[str, Any], *, where: str) -> Parsed:
    """Validate plain values into `kind`; a ConfigError lists all that is wrong."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        problems = list(dict.fromkeys(_in_words(dict(problem)) for problem in error.errors()))
        text = problems[0] if len(problems) == 1 else "".join(f"\n  - {problem}" for problem in problems)
        raise ConfigError(f"{where}: {text}") from None


def _in_words(problem: dict[str, Any]) -> str:
    """One pydantic problem as a sentence that starts with the key's place in the file."""
    place = ".".join(
        str(part) for part in problem["loc"] if not str(part).startswith(("constrained-", "literal["))
    )
    message = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        message = "unknown key"
    elif problem["type"] == "missing":
        message = "is missing"
    elif not isinstance(problem.get("input"), (dict, list)) and repr(problem.get("input")) not in message:
        message += f" (got {problem.get('input')!r})"
    return f"{place}: {message}" if place else message
