"""The advisory lock of a PostgreSQL database by which jobs take turns: who holds it, and what one says that waited."""

from __future__ import annotations

from segjob.errors import WarehouseBusy

HOLDER = """select a.pid, coalesce(a.application_name, '') as application from pg_locks as l
inner join pg_stat_activity as a on a.pid = l.pid
where l.locktype = 'advisory' and l.granted and a.pid <> pg_backend_pid()
and l.database = (select oid from pg_database where datname = current_database())
and l.objid = cast(cast(hashtext(:key) as bigint) & 4294967295 as oid) limit 1"""
"""Of the lock that `pg_try_advisory_xact_lock(hashtext(:key))` asks for: others have locks of their own there."""


def busy(schema: str, label: str, holder: tuple[int, str] | None, waited: float) -> WarehouseBusy:
    """That another job held the lock for all the time. holder : process and application, where they are known."""
    who = f"process {holder[0]} ({holder[1]})" if holder else "another job"
    return WarehouseBusy(
        f"schema {schema} of {label} is being published to by {who}; waited {waited:g} s",
        hint="try again, or wait longer with --lock-timeout",
    )
