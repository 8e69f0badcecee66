"""segjob: customer segmentation inside the warehouse.

    >>> import segjob
    >>> w = segjob.open("shop.duckdb")
    >>> run = w.run(relation="customers", key="id", features=["income", "score"], k=5)
    >>> run.segments[["segment_id", "rows"]].shape
    (5, 2)

Nothing heavy is imported before it is used.
"""

from __future__ import annotations

TYPE_CHECKING = False  # not from typing: importing that takes longer than all else here
if TYPE_CHECKING:
    from typing import Any

    from segjob.api.connection import Connection as Connection
    from segjob.api.connection import open as open
    from segjob.api.publishing import publish as publish
    from segjob.api.run import Run as Run
    from segjob.errors import (
        ConfigError as ConfigError,
    )
    from segjob.errors import (
        DataError as DataError,
    )
    from segjob.errors import (
        NoSegmentation as NoSegmentation,
    )
    from segjob.errors import (
        SegjobError as SegjobError,
    )
    from segjob.errors import (
        WarehouseError as WarehouseError,
    )

__version__ = "0.1.0"
__all__ = [
    "ConfigError",
    "Connection",
    "DataError",
    "NoSegmentation",
    "Run",
    "SegjobError",
    "WarehouseError",
    "__version__",
    "open",
    "publish",
]

_PLACES = {
    "Connection": "segjob.api.connection",
    "open": "segjob.api.connection",
    "publish": "segjob.api.publishing",
    "Run": "segjob.api.run",
    **dict.fromkeys(
        ("ConfigError", "DataError", "NoSegmentation", "SegjobError", "WarehouseError"), "segjob.errors"
    ),
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _PLACES:
        raise AttributeError(f"module 'segjob' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_PLACES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
