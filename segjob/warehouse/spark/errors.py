"""Spark's errors as errors of ours: it does not start, it has gone away, or it refuses a statement."""

from __future__ import annotations

from segjob.errors import StatementFailed, WarehouseError
from segjob.warehouse.sqlalchemy import first_line
from segjob.warehouse.urls import scrubbed

_LOST = ("UNAVAILABLE", "StatusCode.UNAVAILABLE", "RETRIES_EXCEEDED", "SESSION_CLOSED", "SESSION_CHANGED")


def lost_errors() -> tuple[type[BaseException], ...]:
    """What is raised when Java or a Connect server is gone; each package may be absent."""
    kinds: list[type[BaseException]] = [EOFError]
    try:
        from py4j.protocol import Py4JError

        kinds.append(Py4JError)
    except ImportError:
        pass
    try:
        from grpc import RpcError  # type: ignore[import-untyped]

        kinds.append(RpcError)
    except ImportError:
        pass
    return tuple(kinds)


def start_error(label: str, error: BaseException) -> WarehouseError:
    """Why there is no session."""
    return WarehouseError(
        f"{label}: Spark does not start: {first_line(error)}",
        hint="it needs Java 17 (JAVA_HOME), or an address that it can reach",
    )


def failure(label: str, error: BaseException, secrets: frozenset[str], statement: str = "") -> WarehouseError:
    """What went wrong in a session: a statement that Spark refuses, or Spark itself."""
    from pyspark.errors import PySparkException

    words = scrubbed(first_line(error), secrets)
    is_refusal = isinstance(error, PySparkException) or hasattr(error, "java_exception")
    if is_refusal and not any(word in words for word in _LOST):
        return StatementFailed(f"{label} refused a statement: {words}", statement, words=words)
    gone = WarehouseError(
        f"{label}: Spark has gone away during the job",
        hint="its Java process or server has ended, for example because a machine had no memory left; "
        "&spark.driver.memory=2g in the URL sets what a local one may have. "
        "A run is published whole or not at all: see `segjob history`",
    )
    gone.statement = statement or None
    return gone
