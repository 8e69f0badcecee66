"""`segjob score`: any relation with the published model, without leaving the warehouse."""

from __future__ import annotations

from dataclasses import dataclass

from segjob.errors import ConfigError, DataError
from segjob.registry.registry import Registry
from segjob.registry.relations import ResolvedSegmentation, locate
from segjob.registry.rights import refuse_missing_rights_to_score
from segjob.registry.runs import settings_of
from segjob.statements import scoring
from segjob.statements.sql.ddl import CreateAs, DropTable
from segjob.warehouse.base import Warehouse


@dataclass(frozen=True)
class ScoredTable:
    """A table of scores that was written."""

    segmentation: str
    run_id: int
    relation: str
    table: str
    rows: int
    without_segment: int


def score(
    registry: Registry,
    relation: str,
    *,
    into: str,
    key: str | None = None,
    segmentation: str | None = None,
    replace: bool = False,
) -> ScoredTable:
    """Write each row's segment into a new table: one row per row of the relation.

    Parameters
    ----------
    relation : has the columns that the model was fitted on. All of its rows are scored, those too that the
        segmentation's own condition (`where`) would leave out: it may lack the columns of that. Only who was
        forgotten is left out.
    into : table, or schema.table, to write; `replace` allows it to be there already.
    key : the relation's key column, if it is not called as in the run.

    Raises
    ------
    ConfigError, DataError : the relation lacks columns, or the table is there already.
    """
    warehouse = registry.warehouse
    with warehouse.writing():
        run = registry.pick_run(segmentation=segmentation)
        published = registry.load_model(run)
        settings = settings_of(run).model_copy(
            update={
                "relation": relation,
                "key": key or run["key_column"],
                "row_weight": None,
                "where": None,
                "as_of_column": None,
                "measures": (),
            }
        )
        refuse_missing_rights_to_score(registry, relation, into)
        source = registry.resolve(str(run["segmentation"]), settings, key_column=run["key_column"])
        schema, name = _target(registry, source, into)
        _make_room(warehouse, schema, name, into, replace=replace)
        select = scoring.scores(source.relation, published.model, published.names)
        warehouse.execute(CreateAs("table", name, select, schema=schema))
        counts = warehouse.records(scoring.count_scores(name, schema))[0]
    return ScoredTable(
        str(run["segmentation"]), run["run_id"], relation, into, counts["rows"], counts["without_segment"]
    )


def _target(registry: Registry, source: ResolvedSegmentation, into: str) -> tuple[str, str]:
    """Schema and name of the table to write.

    Raises
    ------
    ConfigError : it would be among the published tables, or the scored table itself.
    """
    schema, name = locate(registry.warehouse, into)
    if schema == registry.schema:
        raise ConfigError(
            f"schema {schema} holds what segjob publishes", hint="write to a table of another schema"
        )
    if (schema, name) == (source.relation.schema, source.relation.name):
        raise ConfigError(f"{into!r} is the table that is scored", hint="write to another one")
    return schema, name


def _make_room(warehouse: Warehouse, schema: str, name: str, into: str, *, replace: bool) -> None:
    if not warehouse.columns_of(schema, name):
        return
    if not replace:
        raise DataError(f"there is a {into!r} already", hint="name another table, or say --replace")
    if not warehouse.is_table(schema, name):
        raise DataError(f"{into!r} is a view", hint="name another table: a view is not replaced")
    warehouse.execute(DropTable(name, schema=schema))
