"""segjob.toml as typed values: unknown keys are refused and every problem is said at once."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    ValidationError,
    field_validator,
    model_validator,
)

from segjob.errors import ConfigError

FILE_NAME = "segjob.toml"
Scale = Literal["standard", "robust", "minmax", "none"]
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
