"""Views and functions of which the new form has other columns or parameters: `create or replace` cannot change those.

They are dropped and created in the transaction of the run, with their owner's grants and options. Where something of
somebody else's depends on one, the run is refused, and nothing is changed: a user's view is never dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import sqlalchemy as sa

from segjob.errors import StatementFailed, WarehouseError
from segjob.warehouse.base import Replacement, Statement
from segjob.warehouse.sqlalchemy import SqlAlchemyWarehouse

_DEPENDENTS = sa.text(
    """
select distinct format('%I.%I', n.nspname, c.relname) as name
from pg_depend as d
inner join pg_rewrite as r on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
inner join pg_class as c on r.ev_class = c.oid
inner join pg_namespace as n on c.relnamespace = n.oid
where d.refobjid = any(:objects) and c.oid <> all(:objects)
union
select distinct format('function %s', p.oid::regprocedure)
from pg_depend as d
inner join pg_proc as p on d.classid = 'pg_proc'::regclass and d.objid = p.oid
where d.refobjid = any(:objects)
order by name
"""
).bindparams(sa.bindparam("objects", type_=sa.ARRAY(sa.BigInteger())))
_VIEW = sa.text(
    "select c.oid::bigint as oid, array_to_string(c.reloptions, ', ') as options from pg_class as c "
    "inner join pg_namespace as n on c.relnamespace = n.oid "
    "where n.nspname = :schema and c.relname = :name and c.relkind = 'v'"
)
_FUNCTIONS = sa.text(
    "select p.oid::bigint as oid, p.oid::regprocedure::text as signature, array("
    "select concat(a.name, ' ', format_type(a.type, null)) "
    "from unnest(p.proargnames, p.proargtypes::oid[]) with ordinality as a (name, type, place) "
    "order by a.place) as parameters from pg_proc as p "
    "inner join pg_namespace as n on p.pronamespace = n.oid where n.nspname = :schema and p.proname = :name"
)
_GRANTS = sa.text(
    """
with privileges as (
    select a.grantee, a.privilege_type, a.is_grantable, null::name as column_name
    from pg_class as c, aclexplode(c.relacl) as a
    where c.oid = any(:objects) and a.grantee <> c.relowner
    union all
    select a.grantee, a.privilege_type, a.is_grantable, t.attname
    from pg_attribute as t, aclexplode(t.attacl) as a
    where t.attrelid = any(:objects)
    union all
    select a.grantee, a.privilege_type, a.is_grantable, null
    from pg_proc as p, aclexplode(p.proacl) as a
    where p.oid = any(:objects) and a.grantee <> p.proowner
)

select
    privilege_type as privilege,
    column_name,
    case when grantee = 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end as grantee,
    is_grantable
from privileges
order by grantee, privilege, column_name
"""
).bindparams(sa.bindparam("objects", type_=sa.ARRAY(sa.BigInteger())))
_PUBLIC_MAY_EXECUTE = sa.text(
    "select coalesce(bool_and(p.proacl is null "
    "or exists (select 1 from aclexplode(p.proacl) as a where a.grantee = 0)), true) as yes "
    "from pg_proc as p where p.oid = any(:objects)"
).bindparams(sa.bindparam("objects", type_=sa.ARRAY(sa.BigInteger())))


def replace_view(warehouse: SqlAlchemyWarehouse, view: Replacement) -> None:
    """Create a view, or put it in the place of one with any other columns.

    Raises
    ------
    WarehouseError : the columns change, and something depends on the view.
    """
    if _accepted(warehouse, view.statement, "42P16"):  # invalid_table_definition: a column would go or change
        return
    schema, name = view.schema, view.name
    objects = warehouse.records(_VIEW.bindparams(schema=schema, name=name))
    _refuse_dependents(warehouse, objects, f"view {schema}.{name}")
    grants = warehouse.records(_GRANTS.bindparams(objects=_oids(objects)))
    quoted = _quoted(schema, name)
    _send(warehouse, f"drop view {quoted}")
    warehouse.execute(view.statement)
    for old in objects:
        if old["options"]:
            _send(warehouse, f"alter view {quoted} set ({old['options']})")
    for grant in grants:
        if grant["column_name"] in (None, *view.columns):
            _send(warehouse, _grant(grant, quoted))


def replace_function(warehouse: SqlAlchemyWarehouse, function: Replacement) -> None:
    """Create a scoring function in the place of all its forms: one that stays would score with an old model.

    Raises
    ------
    WarehouseError : the parameters change, and something depends on the function.
    """
    schema, name = function.schema, function.name
    listed = _FUNCTIONS.bindparams(schema=schema, name=name)
    before = warehouse.records(listed)
    with suppress(_Other):
        # invalid_function_definition: a parameter would be called otherwise
        if _accepted(
            warehouse, function.statement, "42P13", lambda: not before or warehouse.records(listed) == before
        ):
            return
    _refuse_dependents(warehouse, before, f"function {schema}.{name}")
    objects = _oids(before)
    grants = warehouse.records(_GRANTS.bindparams(objects=objects))
    is_public = warehouse.scalar(_PUBLIC_MAY_EXECUTE.bindparams(objects=objects))
    for old in before:
        _send(warehouse, f"drop function {old['signature']}")
    warehouse.execute(function.statement)
    (created,) = warehouse.records(listed)
    target = f"function {created['signature']}"
    if not is_public:
        _send(warehouse, f"revoke execute on {target} from public")
    for grant in grants:
        _send(warehouse, _grant(grant, target))


def refuse_changes_in_use(warehouse: SqlAlchemyWarehouse, replacements: Sequence[Replacement]) -> None:
    """The same refusals ahead of time, by names and types alone.

    Raises
    ------
    WarehouseError : columns or parameters change, and something depends on the view or function.
    """
    for new in replacements:
        if new.kind == "view":
            before = warehouse.records(_VIEW.bindparams(schema=new.schema, name=new.name))
            columns = [column.name for column in warehouse.columns_of(new.schema, new.name)]
            is_kept = columns == list(new.columns[: len(columns)])
        else:
            before = warehouse.records(_FUNCTIONS.bindparams(schema=new.schema, name=new.name))
            is_kept = [row["parameters"] for row in before] == [list(new.columns)]
        if before and not is_kept:
            _refuse_dependents(warehouse, before, f"{new.kind} {new.schema}.{new.name}")


class _Other(Exception):
    """The statement worked, and did something else than to replace what was there."""


def _accepted(
    warehouse: SqlAlchemyWarehouse,
    statement: Statement,
    refusal: str,
    is_right: Callable[[], bool] = lambda: True,
) -> bool:
    """Whether the server takes the statement as it is; if not, with the SQLSTATE `refusal`, nothing has happened."""
    try:
        with warehouse.connection.begin_nested():
            warehouse.execute(statement)
            if not is_right():
                raise _Other
    except StatementFailed as failure:
        cause = failure.__cause__
        if getattr(getattr(cause, "orig", None), "sqlstate", None) != refusal:
            raise
        return False
    return True


def _send(warehouse: SqlAlchemyWarehouse, sql: str) -> None:
    """SQLAlchemy's text takes a colon for the beginning of a parameter."""
    warehouse.execute(sa.text(sql.replace(":", "\\:")))


def _refuse_dependents(warehouse: SqlAlchemyWarehouse, objects: Sequence[dict[str, Any]], what: str) -> None:
    dependents = warehouse.records(_DEPENDENTS.bindparams(objects=_oids(objects)))
    if dependents:
        names = ", ".join(row["name"] for row in dependents)
        raise WarehouseError(
            f"{what} of {warehouse.label} gets other columns, but this depends on it: {names}",
            hint="drop that and create it again after the run, or publish under another name (--name)",
        )


def _oids(objects: Sequence[dict[str, Any]]) -> list[int]:
    return [row["oid"] for row in objects]


def _grant(grant: dict[str, Any], target: str) -> str:
    columns = f" ({_quoted(grant['column_name'])})" if grant["column_name"] else ""
    option = " with grant option" if grant["is_grantable"] else ""
    return f"grant {grant['privilege']}{columns} on {target} to {grant['grantee']}{option}"


def _quoted(*names: str) -> str:
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)
