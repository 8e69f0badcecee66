"""What every engine can do for a job, in the same few methods."""

from __future__ import annotations

import re
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

import sqlalchemy as sa
from sqlalchemy.sql.selectable import SelectBase
from sqlalchemy.types import TypeEngine, UserDefinedType

from segjob.errors import ConfigError, StatementFailed

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

BATCH_ROWS = 10_000
"""Of a result that is too large to hold, how many rows are in memory at a time."""

Statement = sa.Executable | SelectBase
"""Anything that an engine can run."""


class NativeType(UserDefinedType[Any]):
    """A column type exactly as the engine's catalogue names it, to make a column of the same type."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        """The type in DDL."""
        return self.name


@dataclass(frozen=True)
class Column:
    """One column of a relation, from the catalogue."""

    name: str
    kind: Literal["number", "text", "boolean", "time", "other"]
    type_name: str

    @property
    def is_whole(self) -> bool:
        """Whether it holds whole numbers of at most 64 bits, with a sign."""
        return re.fullmatch(r"(tiny|small|big)?int(eger)?", self.type_name, re.IGNORECASE) is not None

    @property
    def type(self) -> TypeEngine[Any]:
        """The type for DDL; text for an enumeration, which may have other members tomorrow."""
        return NativeType("VARCHAR" if self.type_name.startswith("ENUM") else self.type_name)


@dataclass(frozen=True)
class WriteTarget:
    """What a job is about to write: tables and views of one schema, which need not be there yet."""

    schema: str
    tables: Sequence[str] = ()
    views: Sequence[str] = ()


@dataclass(frozen=True)
class Replacement:
    """A view or function that takes the place of one of that name, which may have other columns or parameters.

    statement : creates or replaces it; columns : of the view, or the function's parameters as `name type`.
    """

    kind: Literal["view", "function"]
    schema: str
    name: str
    statement: Statement
    columns: Sequence[str] = ()


@dataclass(frozen=True)
class TemporaryTable:
    """A table that no other job sees. create, drop : the statements; drop removes it where it is there."""

    name: str
    create: Statement
    drop: Statement


@dataclass
class Ledger:
    """What was sent to the engine in this process: statements and the seconds they took."""

    statements: int = 0
    seconds: float = 0.0
    _lock: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)

    @contextmanager
    def entry(self) -> Iterator[None]:
        """Count one statement."""
        started = time.perf_counter()
        try:
            yield
        finally:
            with self._lock:
                self.statements += 1
                self.seconds += time.perf_counter() - started


@dataclass
class Warehouse(ABC):
    """One engine, as a job uses it.

    Statements run inside `reading()` (one snapshot, no write lock) or `writing()` (one transaction, all or nothing).
    `writing()` may stand inside `reading()`; the lock is taken there and not before.
    """

    label: str
    """How messages name the warehouse; never holds a password."""
    ledger: Ledger = field(default_factory=Ledger, init=False)
    replacing_views_disturbs: ClassVar[bool] = False
    """Whether a view that can stay should: replacing it waits for its readers, and makes new ones wait, or is slow."""
    has_transactions: ClassVar[bool] = True
    """Whether `writing()` is all or nothing. Where not, each statement is, and what is written last decides."""
    tables_hold_still: ClassVar[bool] = True
    """Whether a table's rows stay what they are inside `reading()`, whoever writes to it."""
    reads_in_order: ClassVar[bool] = True
    """Whether comparing each row with the one before it is a scan, and does not bring all rows to one place."""
    has_bitmaps: ClassVar[bool] = False
    """Whether whole numbers can be aggregated into a bitmap: `bitstring_agg`, and what works on its result."""
    writing_sees_others: ClassVar[bool] = False
    """Whether `writing()` inside `reading()` sees what others have written since the reading began."""
    comments_on_view_columns: ClassVar[bool] = True
    """Whether the columns of a view can have comments."""
    relation_names: ClassVar[re.Pattern[str] | None] = None
    """What a table or view may be called; None for any name."""
    may_have_changed: bool = field(default=False, init=False)
    """Inside `writing()`: whether somebody may have written since `reading()` began; then tables are checked again."""

    late_failures: list[str] = field(default_factory=list, init=False)
    """What went wrong after a commit: the commit stands, so each is a warning and no error."""

    @property
    def file(self) -> Path | None:
        """The file that the warehouse is, where it is one: while somebody writes it, nobody can read it."""
        return None

    @contextmanager
    def new_file(self, file: Path) -> Iterator[str]:
        """Attach a new file of the same engine, inside `reading()`: the name of its catalogue, quoted, for statements.

        The file is whole and closed when the block ends.
        """
        raise ConfigError(
            f"{self.label} is not a file, and only a file has a serving file",
            hint="connect the dashboards to it directly: its readers and writers do not block each other",
        )
        yield ""

    def refuse_unpurgeable(self) -> None:  # noqa: B027
        """To be called before what `purge` is to remove is deleted.

        Raises
        ------
        WarehouseError : `purge` could not do it.
        """

    def purge(self, tables: Sequence[str]) -> str | None:
        """Remove from the engine's files what was deleted from its tables; the warehouse is not open.

        Parameters
        ----------
        tables : of the schema that segjob publishes in.

        Returns
        -------
        What is left to do for the person who runs the engine, in words; None if nothing is.

        Raises
        ------
        WarehouseError : it could not be done, and nothing changed.
        """
        return None

    def versions(self) -> dict[str, str]:
        """What a run says of the rows that it read, by a name; inside `writing()`. Empty where rows have no version."""
        return {}

    @property
    @abstractmethod
    def dialect(self) -> sa.Dialect:
        """For compiling statements."""

    @abstractmethod
    @contextmanager
    def reading(self, *, create: bool = False) -> Iterator[None]:
        """Statements in here see one snapshot and change nothing that outlives it.

        create : whether `writing(create=True)` follows.
        """

    @abstractmethod
    @contextmanager
    def writing(self, *, create: bool = False) -> Iterator[None]:
        """One transaction: committed when the block ends, undone whole when it raises."""

    def claim_number(self, schema: str, after: int) -> int:
        """The number of the next run: above `after`, and no other job's; inside `writing()`."""
        return after + 1

    def refuse_lost_lock(self) -> None:  # noqa: B027
        """To be called before what publishes a run is written; inside `writing()`.

        Raises
        ------
        WarehouseBusy : this job may no longer be the only one that writes.
        """

    @abstractmethod
    def records(self, statement: Statement) -> list[dict[str, Any]]:
        """A small result, row by row as column -> value."""

    def records_of_each(self, statements: Sequence[Statement]) -> list[list[dict[str, Any]]]:
        """The small results of several statements, in their order."""
        return [self.records(statement) for statement in statements]

    @abstractmethod
    def batches(self, statement: Statement) -> Iterator[Sequence[Sequence[Any]]]:
        """The rows of a result of any size, some thousand at a time, so that they never are in memory together."""

    def scalar(self, statement: Statement) -> Any:
        """The first column of the first row."""
        return next(iter(self.records(statement)[0].values()))

    def answers(self, statement: Statement) -> bool:
        """Whether the engine accepts a statement; see `refusal`."""
        return self.refusal(statement) is None

    def refusal(self, statement: Statement) -> str | None:
        """The engine's words if it refuses a statement that reads, None if it accepts it; inside `reading()`."""
        try:
            self.records(statement)
        except StatementFailed as failure:
            return failure.words
        return None

    @abstractmethod
    def arrays(self, statement: Statement) -> dict[str, NDArray[np.float64]]:
        """A bounded numeric result, column by column, as float64."""

    @abstractmethod
    def execute(self, statement: Statement) -> None:
        """A statement without a result."""

    def stage(self, table: TemporaryTable) -> None:
        """Make a temporary table, or make it anew; inside `reading()`, and it is there in the `writing()` inside."""
        self.execute(table.drop)
        self.execute(table.create)

    def insert_frame(self, table: sa.Table, frame: pd.DataFrame) -> None:
        """Put many rows into a table; the frame's columns are in the table's order, and None or NaT is null."""
        raise ConfigError(f"{self.label} takes no rows from a file")

    def execute_each(self, statements: Sequence[Statement]) -> None:
        """Statements without a result that do not need each other: an engine may take them in any order, or at once."""
        for statement in statements:
            self.execute(statement)

    def replace_each(self, replacements: Sequence[Replacement]) -> None:
        """Create views and functions, or replace those of their names.

        Raises
        ------
        WarehouseError : something of somebody else's depends on one in a way that keeps it from being replaced.
        """
        self.execute_each([replacement.statement for replacement in replacements])

    def refuse_dependents(self, replacements: Sequence[Replacement]) -> None:  # noqa: B027
        """Raises the same error as `replace_each` would; inside `reading()`, and changes nothing."""

    def folded(self, schema: str, relation: str) -> tuple[str, str]:
        """Schema and relation as the catalogue has them, where names without quotes are read in another case."""
        return schema, relation

    @abstractmethod
    def columns_of(self, schema: str | None, relation: str) -> list[Column]:
        """The relation's columns in order; empty where there is no such relation."""

    def columns_of_each(self, schema: str | None, relations: Sequence[str]) -> dict[str, list[Column]]:
        """The columns of several relations, in as few queries of the catalogue as the engine needs."""
        return {relation: self.columns_of(schema, relation) for relation in relations}

    @abstractmethod
    def is_table(self, schema: str | None, relation: str) -> bool:
        """Whether it is a base table, whose rows cannot change within a snapshot."""

    def missing_rights(self, written: WriteTarget, read: tuple[str, str] | None = None) -> list[str]:
        """What the connected user may not do although the job needs it, one phrase each; inside `reading()`.

        Parameters
        ----------
        written : what the job writes; read : schema and name of the relation that it reads.
        """
        return []

    @abstractmethod
    def relations(self) -> list[str]:
        """Names of all tables and views, with their schema where it is not the default one."""

    def sql(self, statement: Statement, *, literal: bool = False) -> str:
        """The statement in the engine's own SQL."""
        options = {"literal_binds": True} if literal else {}
        element = cast(sa.ClauseElement, statement)
        return str(element.compile(dialect=self.dialect, compile_kwargs=options))
