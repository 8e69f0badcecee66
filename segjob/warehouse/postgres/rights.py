"""The rights that a run needs and the connected user lacks, asked of the catalogue in one query."""

from __future__ import annotations

import sqlalchemy as sa

QUERY = sa.text(
    """
with published as (
    select n.oid, n.nspname from pg_namespace as n where n.nspname = :schema
),

problems as (
    select 1 as place, 'the server is a replica, which cannot be written' as problem
    where pg_is_in_recovery()
    union all
    select 2, 'transactions of this user are read-only (default_transaction_read_only)'
    where current_setting('default_transaction_read_only')::boolean and not pg_is_in_recovery()
    union all
    select 3, format('grant temporary on database %I to %I', current_database(), current_user)
    where not has_database_privilege(current_database(), 'TEMPORARY')
    union all
    select 4, format('grant create on database %I to %I, or create schema %I authorization %I',
        current_database(), current_user, cast(:schema as text), current_user)
    where not exists (select 1 from published) and not has_database_privilege(current_database(), 'CREATE')
    union all
    select 5, format('grant usage, create on schema %I to %I', p.nspname, current_user)
    from published as p
    where not (has_schema_privilege(p.oid, 'USAGE') and has_schema_privilege(p.oid, 'CREATE'))
    union all
    select distinct 6, format('grant select, insert, update, delete on all tables in schema %I to %I',
        p.nspname, current_user)
    from published as p
    inner join pg_class as c on c.relnamespace = p.oid
    where c.relkind in ('r', 'p') and c.relname = any(:tables) and not (
        has_table_privilege(c.oid, 'SELECT') and has_table_privilege(c.oid, 'INSERT')
        and has_table_privilege(c.oid, 'UPDATE') and has_table_privilege(c.oid, 'DELETE'))
    union all
    select 7, format('alter view %I.%I owner to %I', p.nspname, c.relname, current_user)
    from published as p
    inner join pg_class as c on c.relnamespace = p.oid
    where c.relkind = 'v' and c.relname = any(:views) and not pg_has_role(c.relowner, 'USAGE')
    union all
    select 8, format('grant usage on schema %I to %I', n.nspname, current_user)
    from pg_namespace as n
    where n.nspname = cast(:relation_schema as text) and not has_schema_privilege(n.oid, 'USAGE')
    union all
    select 9, format('grant select on %I.%I to %I', n.nspname, c.relname, current_user)
    from pg_class as c
    inner join pg_namespace as n on c.relnamespace = n.oid
    where n.nspname = cast(:relation_schema as text) and c.relname = cast(:relation as text)
        and not (has_table_privilege(c.oid, 'SELECT') or has_any_column_privilege(c.oid, 'SELECT'))
)

select problem from problems order by place, problem
"""
).bindparams(
    sa.bindparam("tables", type_=sa.ARRAY(sa.Text())), sa.bindparam("views", type_=sa.ARRAY(sa.Text()))
)
"""Parameters: schema, tables and views in it that are written; relation_schema and relation that are read."""
