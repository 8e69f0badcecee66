"""`segjob forget`: keys leave every published table, the engine's files and the snapshots; counts stay true."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from segjob.commands.outputs.snapshot import refuse_unreplaceable, rewrite_snapshot
from segjob.config import Config
from segjob.errors import ConfigError, DataError
from segjob.registry.registry import Registry
from segjob.registry.relations import find_column, locate
from segjob.registry.runs import Record
from segjob.registry.schema import ensure_layout
from segjob.registry.views import point_at
from segjob.statements.measures import FORGOTTEN
from segjob.statements.published import erasure
from segjob.statements.sql.ddl import CreateAs, DropTable
from segjob.statements.sql.forgotten import Forgotten
from segjob.warehouse.base import Column, TemporaryTable

SHORTEST_MENTION = 4
"""Characters of a key that is looked for in texts: `12` stands in most of them by chance."""
MOST_TYPED = 500
"""Keys on the command line, which become one statement."""
_WORDS = re.compile(r"[^\s'\",;()\[\]{}=<>]+")


@dataclass(frozen=True)
class ForgetRequest:
    """Whom to forget: the keys themselves, or those in a column of a relation.

    column : of the relation; None: called as the key.
    """

    keys: Sequence[str] = ()
    relation: str | None = None
    column: str | None = None
    segmentation: str | None = None


@dataclass(frozen=True)
class Erasure:
    """What was done. Nothing in here names a key.

    known : how many of the keys were in some run; rows : that were deleted from histories and movements.
    still_in : relations of the user's that have some of the keys -> rows.
    mentions : where texts that somebody wrote hold one of them.
    left_to_do : for the person who runs the engine, in words.
    """

    key_column: str
    segmentations: Sequence[str]
    keys: int
    known: int
    rows: int
    still_in: Mapping[str, int]
    mentions: Sequence[str]
    snapshots: Sequence[str] = ()
    left_to_do: str | None = None


_WHOLE = re.compile(r"\s*[+-]?[0-9]+\s*")


@dataclass(frozen=True)
class _Keyed:
    """A segmentation with this key, and its current run where it has one."""

    name: str
    key: Column
    newest: Record
    current: Record | None


def forget(
    registry: Registry, request: ForgetRequest, config: Config, snapshots: Sequence[Path] = ()
) -> Erasure:
    """Delete the keys from all histories and movements, in one transaction, and leave them out of later runs.

    Parameters
    ----------
    snapshots : folders of serving files beside the config's.

    Raises
    ------
    ConfigError, DataError : there are no such keys, or it is not clear of which segmentations.
    WarehouseError : the rows are deleted, but the engine's files or a snapshot could not be written anew.
    """
    warehouse = registry.warehouse
    own = [] if config.publish.snapshot is None else [config.directory / config.publish.snapshot]
    for folder in (*own, *snapshots):
        refuse_unreplaceable(warehouse, folder)
    warehouse.refuse_unpurgeable()
    with warehouse.reading():
        targets = _targets(registry, request.segmentation)
        forgotten = Forgotten(registry.schema, targets[0].key.name)
        keys = _stage(registry, request, targets[0].key)
        known = int(warehouse.scalar(erasure.known_keys([_history(registry, one) for one in targets])))
        still_in, mentions = _still_in(registry, targets), list(_mentions(registry))
        with warehouse.writing():
            ensure_layout(registry)
            _note(registry, forgotten, keys)
            rows = sum(_erase(registry, one) for one in targets)
            _point_anew(registry, targets)
    tables = [f"{one.name}_{part}" for one in targets for part in ("history", "movements")]
    left_to_do = warehouse.purge(tables)
    for folder in (*own, *snapshots):
        rewrite_snapshot(registry, folder, config.warehouse.lock_timeout)
    return Erasure(
        targets[0].key.name,
        [one.name for one in targets],
        keys,
        known,
        rows,
        still_in,
        mentions,
        [str(folder) for folder in (*own, *snapshots)],
        left_to_do,
    )


def remember(registry: Registry, request: ForgetRequest) -> int:
    """Take keys off the list of those whom runs leave out; how many were on it. What was deleted stays deleted."""
    warehouse = registry.warehouse
    with warehouse.reading():
        targets = _targets(registry, request.segmentation)
        forgotten = Forgotten(registry.schema, targets[0].key.name)
        _stage(registry, request, targets[0].key)
        with warehouse.writing():
            ensure_layout(registry)
            table = registry.table("forgotten")
            hashes = sa.select(forgotten.salted_hash(erasure.forgotten_keys().c.row_key))
            own = sa.and_(table.c.key_column == forgotten.key_column.lower(), table.c.salted_hash.in_(hashes))
            number = int(warehouse.scalar(sa.select(sa.func.count()).select_from(table).where(own)))
            if number:
                warehouse.execute(sa.delete(table).where(own))
                _point_anew(registry, targets)
    return number


def _targets(registry: Registry, segmentation: str | None) -> list[_Keyed]:
    """The segmentations whose keys are meant: all with one key column, because one person is in each of them.

    Raises
    ------
    ConfigError : there are several key columns, and no segmentation is named.
    DataError : nothing is published.
    """
    runs = registry.runs()
    newest = {run["segmentation"]: run for run in reversed(runs)}
    if not runs or (segmentation is not None and segmentation not in newest):
        of = f" of {segmentation!r}" if segmentation else ""
        raise DataError(f"there is no run{of} in {registry.warehouse.label}", hint="see `segjob history`")
    current = {run["segmentation"]: run for run in runs if run["is_current"]}
    targets = [
        _Keyed(name, registry.key_column(run), run, current.get(name)) for name, run in sorted(newest.items())
    ]
    if segmentation is not None:
        column = next(one.key.name for one in targets if one.name == segmentation)
        return [one for one in targets if one.key.name.lower() == column.lower()]
    if len({one.key.name.lower() for one in targets}) > 1:
        listed = ", ".join(f"{one.name} by {one.key.name}" for one in targets)
        raise ConfigError(
            f"the segmentations have different keys: {listed}",
            hint="--segmentation names one: its key is meant, in every segmentation that has it",
        )
    return targets


def _history(registry: Registry, target: _Keyed) -> tuple[sa.Table, str]:
    return registry.history(target.name, target.key), target.key.name


def _stage(registry: Registry, request: ForgetRequest, key: Column) -> int:
    """Put the keys into a temporary table, each once and of the key's type; how many there are.

    Raises
    ------
    ConfigError : a key is not of that type, or the relation has no such column.
    DataError : there are none.
    """
    warehouse = registry.warehouse
    if len(request.keys) > MOST_TYPED:
        raise ConfigError(
            f"{len(request.keys):,} keys are too many to type, the most are {MOST_TYPED}",
            hint="put them into a table, and name it with --keys-from",
        )
    if request.relation is None:
        # An engine may round: 4.4 is not customer 4.
        broken = [typed for typed in request.keys if key.is_whole and not _WHOLE.fullmatch(typed)]
        if broken:
            raise ConfigError(f"a key as typed is no {key.type_name}, as {key.name!r} is: {broken[0]!r}")
        select = erasure.typed_keys(request.keys, key.type)
        where = "as typed"
    else:
        schema, name = locate(warehouse, request.relation)
        columns = warehouse.columns_of(schema, name)
        if not columns:
            raise DataError(f"there is no table or view {request.relation!r} in {warehouse.label}")
        column = find_column(request.column or key.name, columns, request.relation)
        select = erasure.keys_of(schema, name, column.name, key.type)
        where = f"in {request.relation}"
    if words := warehouse.refusal(select):
        raise ConfigError(f"a key {where} is no {key.type_name}, as {key.name!r} is: {words}")
    if request.relation is not None and key.is_whole and not column.is_whole:
        rounded = int(warehouse.scalar(erasure.rounded_keys(schema, name, column.name, key.type)))
        if rounded:
            raise ConfigError(
                f"{rounded:,} keys {where} have a fraction, and {key.name!r} ({key.type_name}) has none",
                hint="--key names the column that holds the keys",
            )
    create = CreateAs("temporary table", erasure.KEYS, select)
    warehouse.stage(TemporaryTable(erasure.KEYS, create, DropTable(erasure.KEYS)))
    number = int(warehouse.scalar(sa.select(sa.func.count()).select_from(erasure.forgotten_keys())))
    if not number:
        raise DataError(f"there is no key {where}")
    return number


def _still_in(registry: Registry, targets: Sequence[_Keyed]) -> dict[str, int]:
    """Relations that were segmented and have some of the keys: they are the user's."""
    warehouse, found = registry.warehouse, {}
    for relation in sorted({one.newest["relation"] for one in targets}):
        schema, name = locate(warehouse, relation)
        key = next(one.key.name for one in targets if one.newest["relation"] == relation)
        if key not in {column.name for column in warehouse.columns_of(schema, name)}:
            continue
        here = sa.table(name, sa.column(key), schema=schema)
        statement = sa.select(sa.func.count()).select_from(here).where(erasure.among_keys(here.c[key]))
        if warehouse.answers(statement) and (rows := int(warehouse.scalar(statement))):
            found[relation] = rows
    return found


def _mentions(registry: Registry) -> Iterator[str]:
    """Texts that people wrote and that hold a key as a word: names, descriptions, conditions."""
    texts = {
        f"{row['segmentation']}, segment {row['segment_id']}, its name or description": (
            f"{row['name']} {row['description'] or ''}"
        )
        for row in registry.rows(registry.table("names"))
    }
    for run in registry.runs(with_refused=True):
        texts[f"run {run['run_id']}, its settings"] = str(run["config"])
    words = {text: {w for w in _WORDS.findall(text) if len(w) >= SHORTEST_MENTION} for text in texts.values()}
    every = sorted(set().union(*words.values())) if words else []
    if not every:
        return
    key = sa.cast(erasure.forgotten_keys().c.row_key, sa.Text())
    found = {
        row["word"] for row in registry.warehouse.records(sa.select(key.label("word")).where(key.in_(every)))
    }
    for place, text in texts.items():
        if words[text] & found:
            yield place


def _note(registry: Registry, forgotten: Forgotten, keys: int) -> None:
    """Write the hashes, before anything is deleted: whoever dies later on an engine without transactions has these."""
    warehouse, now = registry.warehouse, datetime.now(UTC).replace(tzinfo=None)
    salts, table = registry.table("salts"), registry.table("forgotten")
    if not warehouse.scalar(sa.select(sa.func.count()).select_from(salts)):
        warehouse.execute(sa.insert(salts).values(salt=secrets.token_hex(16), made_at=now))
    hashes = [row["salted_hash"] for row in warehouse.records(erasure.hashed(forgotten))]
    known = {row["salted_hash"] for row in warehouse.records(forgotten.hashes())}
    new = [
        {"key_column": forgotten.key_column.lower(), "salted_hash": one, "forgotten_at": now}
        for one in hashes
        if one not in known
    ]
    for i in range(0, len(new), _BLOCK):
        warehouse.execute(sa.insert(table).values(new[i : i + _BLOCK]))
    together = hashes[0] if len(hashes) == 1 else hashlib.sha256("\n".join(hashes).encode()).hexdigest()
    warehouse.execute(
        sa.insert(registry.table("erasures")).values(erased_at=now, keys=keys, salted_hash=together)
    )


_BLOCK = 1000
"""Rows of one insert of values."""


def _erase(registry: Registry, target: _Keyed) -> int:
    """Delete the keys from a segmentation's tables, and bring its counts to what is there; rows deleted."""
    warehouse, deleted = registry.warehouse, 0
    history, key = _history(registry, target)
    affected: set[int] = set()
    for table in (registry.movements(target.name, target.key), history):
        if not warehouse.columns_of(table.schema, table.name):
            continue  # the first layout had no movements
        own = erasure.among_keys(table.c[key])
        counted = sa.select(table.c.run_id, sa.func.count().label("rows")).where(own).group_by(table.c.run_id)
        rows = warehouse.records(counted)
        deleted += sum(row["rows"] for row in rows)
        if rows:
            warehouse.execute(sa.delete(table).where(own))
        if table is history:
            affected = {row["run_id"] for row in rows}
    _settle(registry, target.name, history, affected)
    return deleted


def _settle(registry: Registry, segmentation: str, history: sa.Table, affected: set[int]) -> None:
    """Let sizes, shares and exclusions of every run whose customers are kept say what its history holds now.

    From the history itself, so that it comes out right too if an earlier attempt died on its way.
    """
    warehouse = registry.warehouse
    sizes: dict[int, dict[int, int]] = defaultdict(dict)
    for row in warehouse.records(erasure.segment_sizes(history)):
        sizes[row["run_id"]][row["segment_id"]] = row["rows"]
    runs = {
        run["run_id"]: run
        for run in registry.runs(segmentation)
        if (run["run_id"] in sizes or run["run_id"] in affected)
        and sum(sizes[run["run_id"]].values()) != run["rows_segmented"]
    }
    if not runs:
        return
    exclusions, segments = registry.table("exclusions"), registry.table("segments")
    total = {run_id: sum(sizes[run_id].values()) for run_id in runs}
    others: dict[int, int] = defaultdict(int)
    for row in registry.rows(exclusions, exclusions.c.run_id.in_(runs), exclusions.c.reason != FORGOTTEN):
        others[row["run_id"]] += row["rows"]
    ours = sa.and_(exclusions.c.run_id.in_(runs), exclusions.c.reason == FORGOTTEN)
    warehouse.execute(sa.delete(exclusions).where(ours))
    warehouse.execute(
        sa.insert(exclusions).values(
            [
                {
                    "run_id": run_id,
                    "reason": FORGOTTEN,
                    "column_name": run["key_column"],
                    "rows": run["rows_read"] - total[run_id] - others[run_id],
                }
                for run_id, run in runs.items()
            ]
        )
    )
    of_segments: dict[tuple[int, ...], dict[str, Any]] = {}
    for row in registry.rows(segments, segments.c.run_id.in_(runs)):
        run_id, rows = row["run_id"], sizes[row["run_id"]].get(row["segment_id"], 0)
        share = rows / total[run_id] if total[run_id] else row["share"]
        of_segments[run_id, row["segment_id"]] = {"rows": rows, "share": share}
    warehouse.execute(erasure.with_values(segments, ("run_id", "segment_id"), of_segments))
    of_runs: dict[tuple[int, ...], dict[str, Any]] = {
        (run_id,): {"rows_segmented": total[run_id], "rows_excluded": run["rows_read"] - total[run_id]}
        for run_id, run in runs.items()
    }
    warehouse.execute(erasure.with_values(registry.table("runs"), ("run_id",), of_runs))


def _point_anew(registry: Registry, targets: Sequence[_Keyed]) -> None:
    """Make the views again, so that those that read the relation leave out who is forgotten."""
    for one in targets:
        if one.current is not None:
            point_at(registry, registry.load_model(one.current), one.key)
