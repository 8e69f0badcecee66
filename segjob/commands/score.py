"""`segjob score`: any relation with the published model, without leaving the warehouse."""

from __future__ import annotations

from dataclasses import dataclass

from segjob.config import Segmentation
from segjob.errors import ConfigError, DataError
from segjob.registry.models import load
from segjob.registry.relations import locate, resolve
from segjob.registry.runs import pick_run
from segjob.statements import scoring
from segjob.statements.published.tables import PublishedTables
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
    warehouse: Warehouse,
    contract: PublishedTables,
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
    relation : has the columns that the model was fitted on.
    into : table, or schema.table, to write; `replace` allows it to be there already.
    key : the relation's key column, where it is not called as in the run.

    Raises
    ------
    ConfigError, DataError : the relation lacks columns, or the table is there already.
    """
    with warehouse.writing():
        run = pick_run(warehouse, contract, segmentation=segmentation)
        published = load(warehouse, contract, run)
        settings = Segmentation.model_validate_json(run["config"]).model_copy(
            update={"relation": relation, "key": key or run["key_column"], "row_weight": None}
        )
        resolved = resolve(warehouse, str(run["segmentation"]), settings)
        schema, name = locate(warehouse, into)
        if schema == contract.schema:
            raise ConfigError(
                f"schema {schema} holds what segjob publishes", hint="write to a table of another schema"
            )
        if (schema, name) == (resolved.relation.schema, resolved.relation.name):
            raise ConfigError(f"{into!r} is the table that is scored", hint="write to another one")
        _make_room(warehouse, schema, name, into, replace=replace)
        select = scoring.scores(resolved.relation, published.model, published.names)
        warehouse.execute(CreateAs("table", name, select, schema=schema))
        counted = warehouse.records(scoring.count_scores(name, schema))[0]
    return ScoredTable(
        str(run["segmentation"]), run["run_id"], relation, into, counted["rows"], counted["without_segment"]
    )


def _make_room(warehouse: Warehouse, schema: str, name: str, into: str, *, replace: bool) -> None:
    if not warehouse.columns_of(schema, name):
        return
    if not replace:
        raise DataError(f"there is a {into!r} already", hint="name another table, or say --replace")
    if not warehouse.is_table(schema, name):
        raise DataError(f"{into!r} is a view", hint="name another table: a view is not replaced")
    warehouse.execute(DropTable(name, schema=schema))
