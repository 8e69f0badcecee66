"""The driver's errors as errors of ours: no server, a connection that ended, a statement that was refused."""

from __future__ import annotations

import psycopg
import sqlalchemy as sa

from segjob.errors import ConfigError, StatementFailed, WarehouseBusy, WarehouseError
from segjob.warehouse.sqlalchemy import first_line
from segjob.warehouse.urls import scrubbed

DRIVER_ERRORS = (psycopg.Error, sa.exc.DBAPIError)
"""What escapes the driver, with and without SQLAlchemy."""
_ENDED = (
    psycopg.errors.AdminShutdown,
    psycopg.errors.CrashShutdown,
    psycopg.errors.CannotConnectNow,
    psycopg.errors.IdleInTransactionSessionTimeout,
    psycopg.errors.IdleSessionTimeout,
    psycopg.errors.ConnectionException,
    psycopg.errors.ProtocolViolation,
)
_ADVICE: dict[type[psycopg.Error], str] = {
    psycopg.errors.InsufficientPrivilege: "`segjob check` lists the rights that are missing",
    psycopg.errors.ReadOnlySqlTransaction: "connect to the primary server, with a user that may write",
    psycopg.errors.DiskFull: "free some space on the server",
    psycopg.errors.IdleInTransactionSessionTimeout: "a fit may take longer than idle_in_transaction_session_timeout: "
    "`alter role ... set idle_in_transaction_session_timeout = 0` for segjob's user",
    psycopg.errors.QueryCanceled: "statement_timeout may be too short for segjob's user",
    psycopg.errors.SerializationFailure: "somebody else wrote to segjob's tables; run again",
}
_POOLER_ADVICE = {
    "query_wait_timeout": "the pooler had no connection free: a run takes two of them at once (default_pool_size)",
    "idle transaction timeout": "a fit takes longer than pgbouncer's idle_transaction_timeout",
}
"""pgbouncer's errors have one SQLSTATE and these words."""


def connection_error(label: str, error: Exception, secrets: frozenset[str]) -> WarehouseError | ConfigError:
    """Why there is no connection."""
    words = scrubbed(first_line(error), secrets)
    if isinstance(_driver_error(error), psycopg.ProgrammingError) or not isinstance(error, DRIVER_ERRORS):
        return ConfigError(
            f"{label} is not a URL that the driver takes: {words}",
            hint="check port and options; those of libpq are allowed",
        )
    return WarehouseError(
        f"{label} cannot be reached: {words}",
        hint=_advice(error)
        or "check host, port, database and user; the password comes from PGPASSWORD, ~/.pgpass or dbt's profile",
    )


def failure(
    label: str, error: Exception, secrets: frozenset[str], statement: str = "", waited: float = 0.0
) -> WarehouseError:
    """What went wrong with an open connection. waited : seconds that a statement waits for a lock."""
    cause, words = _driver_error(error), scrubbed(first_line(error), secrets)
    advice = _advice(error)
    if isinstance(cause, psycopg.errors.LockNotAvailable):
        return WarehouseBusy(
            f"somebody reads what {label} has to replace; waited {waited:g} s: {_start(statement)}",
            hint="end the open transaction there, or wait longer with --lock-timeout",
        )
    if has_ended(error):
        problem = WarehouseError(
            f"the connection to {label} ended: {words}",
            hint=advice or "nothing was published; run again when the server is there",
        )
        problem.statement = statement or None
        return problem
    return StatementFailed(f"{label} refused a statement: {words}", statement, words=words, hint=advice)


def has_ended(error: Exception) -> bool:
    """Whether the connection is gone, and not only a statement refused."""
    cause = _driver_error(error)
    if isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated:
        return True
    # A lost connection has no SQLSTATE, because no server sent it.
    return isinstance(cause, _ENDED) or (
        isinstance(cause, psycopg.OperationalError) and cause.sqlstate is None
    )


def _advice(error: Exception) -> str | None:
    """What to do about the server's words, or a pooler's."""
    cause, words = _driver_error(error), first_line(error)
    said = (advice for part, advice in _POOLER_ADVICE.items() if part in words)
    return next(said, None) or next(
        (advice for kind, advice in _ADVICE.items() if isinstance(cause, kind)), None
    )


def _driver_error(error: Exception) -> BaseException | None:
    return error.orig if isinstance(error, sa.exc.DBAPIError) else error


def _start(statement: str) -> str:
    return (statement.splitlines() or [""])[0][:100]
