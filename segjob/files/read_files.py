"""From the files that a command names to tables: customers, their orders, or both."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from segjob.errors import ConfigError, DataError
from segjob.files.dbt_models import CUSTOMER_MODELS, ORDERS_READ, DbtModels, FileRefused, quoted_name
from segjob.files.file_tables import FileContent, FileTable
from segjob.files.places import files_of
from segjob.files.read_table import CustomerTable, TableRequest, read_table
from segjob.files.table_rows import REJECTED, REPORT, ROWS

ORDER_FEATURES: tuple[dict[str, Any], ...] = (
    {"column": "recency_days"},
    {"column": "orders", "function": "log1p"},
    {"column": "revenue", "function": "log1p", "lower": 0},
)
"""Recency, frequency and monetary value, prepared as docs/config.md advises for counts and money, which are skewed."""
_ORDER_COLUMNS = ("recency_days", "orders", "revenue", "first_order_at", "last_order_at")
_SETTINGS = "SEGJOB_"


@dataclass(frozen=True)
class FileRequest:
    """What the command line names. customers, orders : paths or patterns, at least one of them.

    key, features : columns; table : name in the warehouse; None: the file's own, or customer_features for orders.
    """

    customers: str | None
    orders: str | None
    key: str | None
    features: Sequence[str] | None
    table: str | None


def read_files(request: FileRequest, environment: Mapping[str, str] = os.environ) -> FileContent:
    """Read everything; nothing is written anywhere.

    Raises
    ------
    ConfigError, DataError : a file is not what it should be, or nothing in it can be used.
    """
    named = {"--from": request.customers, "--orders": request.orders}
    for option, place in named.items():
        if place is not None:
            files_of(place, option)
    settings = {name: value for name, value in environment.items() if name.startswith(_SETTINGS)}
    settings.pop("SEGJOB_CUSTOMERS", None)
    settings["SEGJOB_ORDERS"] = request.orders or ""
    models = DbtModels(_connection(), settings, {"reads_without_dbt": True})
    try:
        return _customers(models, request) if request.orders is None else _orders(models, request)
    except duckdb.Error as error:
        raise _unreadable(request, error) from error


def _connection() -> duckdb.DuckDBPyConnection:
    """Nothing is ever downloaded: only local files are read."""
    connection = duckdb.connect(
        config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    )
    # DuckDB draws its bar on stdout, into the middle of a JSON document.
    connection.execute("set enable_progress_bar = false")
    return connection


def _unreadable(request: FileRequest, error: duckdb.Error) -> DataError:
    first = str(error).splitlines()[0]
    names = " and ".join(filter(None, (request.customers, request.orders)))
    return DataError(
        f"{names} cannot be read: {first}", hint="SEGJOB_ENCODING names the encoding of the file"
    )


def table_name(place: str) -> str:
    """A table's name from a file's: letters, digits and _ only.

    >>> table_name("exports/My shop-2024.csv.gz")
    'my_shop_2024'
    """
    stem = re.sub(r"\.(csv|tsv|tab|txt|dat|parquet|parq|pq)(\.(gz|zst))?$", "", Path(place).name.lower())
    name = re.sub(r"[^a-z0-9]+", "_", stem).strip("_")[:40]
    return f"file_{name}".rstrip("_") if not name or name[0].isdigit() else name


def _customers(models: DbtModels, request: FileRequest) -> FileContent:
    place = str(request.customers)
    customers = read_table(models, TableRequest(place, request.key, request.features))
    name = request.table or table_name(place)
    rows = FileTable(name, ROWS, f"Customers of {place}, loaded by segjob. One row per customer.")
    return FileContent(
        connection=models.connection,
        files=[place],
        key=customers.key,
        features=list(customers.features),
        tables=[*_line_tables(place, name), rows],
        messages=customers.messages,
        warnings=customers.warnings,
    )


def _line_tables(place: str, name: str) -> list[FileTable]:
    rejected = f"Lines of {place} that are not used, with the reason. One row per line."
    report = f"How {place} was read, and what decided it. One row per fact."
    return [
        FileTable(f"{name}_rejected_lines", REJECTED, rejected),
        FileTable(f"{name}_reading_report", REPORT, report),
    ]


def _orders(models: DbtModels, request: FileRequest) -> FileContent:
    """Customers by what they ordered, with the columns of a customers file where there is one."""
    customers = None
    own = [name for name in request.features or () if name not in _ORDER_COLUMNS]
    if request.customers is not None:
        table = TableRequest(request.customers, request.key, own)
        customers = read_table(models, table, needs_features=False)
    elif request.key not in (None, "customer_id") or own:
        raise _not_of_orders(request, own)
    models.make(ORDERS_READ)
    if customers is not None:
        _take_customers(models, customers)
    models.make(CUSTOMER_MODELS)
    tables = _order_tables(request)
    messages, warnings = _weigh_orders(models, str(request.orders), tables[0].name)
    _write_features(models, customers)
    return FileContent(
        connection=models.connection,
        files=[place for place in (request.customers, request.orders) if place],
        key="customer_id" if customers is None else customers.key,
        features=list(ORDER_FEATURES) if request.features is None else _features(request.features, customers),
        tables=tables,
        messages=[*(customers.messages if customers else []), *messages],
        warnings=[*(customers.warnings if customers else []), *warnings],
    )


def _features(named: Sequence[str], customers: CustomerTable | None) -> list[str]:
    own = iter(customers.features if customers else ())
    return [name if name in _ORDER_COLUMNS else next(own) for name in named]


def _not_of_orders(request: FileRequest, own: Sequence[str]) -> ConfigError:
    if own:
        return ConfigError(
            f"--orders alone makes {', '.join(_ORDER_COLUMNS)}, and no {', '.join(own)}",
            hint="other columns come from a customers file: --from CUSTOMERS.csv beside --orders",
        )
    return ConfigError(
        f"--key {request.key}: the customers of an orders file are named by its customer_id",
        hint=f"say which header that is: SEGJOB_ORDERS_COLUMNS='{{customer_id: \"{request.key}\"}}'",
    )


def _take_customers(models: DbtModels, customers: CustomerTable) -> None:
    """The customers file in the place of dbt's, of which the models of orders need the ids and no more."""
    taken = [name for (name, *_) in models.ask(f"describe {ROWS}") if name.casefold() in _ORDER_COLUMNS]
    if taken:
        raise ConfigError(
            f"the customers file has columns that are made of the orders: {', '.join(taken)}",
            hint="rename them in the file's header, or leave --orders out",
        )
    columns = models.call("accepted_spellings", "customers")
    values = ", ".join(
        f"{'cast(row_key as varchar)' if name == 'customer_id' else 'cast(null as varchar)'} as {name}"
        for name in columns
    )
    models.connection.execute(
        f"create or replace table base_customers as select file_row, {values}, raw_line, "
        "cast(1 as bigint) as physical_lines, cast(null as varchar) as line_problem from judged "
        "where rejection is null and copy = 1"
    )
    models.messages.clear()


def _weigh_orders(models: DbtModels, place: str, rejected: str) -> tuple[list[str], list[str]]:
    """What was read and how; what should be looked at. Nothing of the file to be used is an error, as in dbt."""
    ((lines, kept),) = models.ask(
        "select count(*), count(*) filter (where outcome = 'kept') from int_orders_judged"
    )
    if not lines:
        raise DataError(f"{place} has a header and no line below it", hint="name a file with rows")
    models.messages.clear()
    models.failures("most_order_lines_can_be_used")
    warnings = [one.replace("in rejected_orders.", f"in {rejected}.") for one in models.messages]
    models.messages.clear()
    models.call("say_how_files_were_read")
    described = [one for one in models.messages if one.startswith("Read orders")]
    if not kept:
        raise FileRefused(f"no line of {place} is an order that can be used")
    return [f"read {lines:,} lines of {place}, {kept:,} of them kept", *described], warnings


def _write_features(models: DbtModels, customers: CustomerTable | None) -> None:
    """`file_features`: the mart, or the customers file with the mart's columns about orders; by key."""
    if customers is None:
        columns = ", ".join(("customer_id", *_ORDER_COLUMNS))
        models.connection.execute(
            f"create table file_features as select {columns} from customer_features order by customer_id"
        )
        return
    made = [
        f"{f'coalesce(bought.{column}, 0)' if column in ('orders', 'revenue') else f'bought.{column}'} as {column}"
        for column in _ORDER_COLUMNS
    ]
    models.connection.execute(
        f"create table file_features as select customers.*, {', '.join(made)} from {ROWS} as customers left join "
        f"customer_features as bought on cast(customers.{quoted_name(customers.key)} as varchar) = bought.customer_id "
        f"order by customers.{quoted_name(customers.key)}"
    )


def _order_tables(request: FileRequest) -> list[FileTable]:
    """The tables that dbt makes, under dbt's names unless another name is given or a customers file has one."""
    name = request.table or (table_name(request.customers) if request.customers else None)
    prefix = f"{name}_" if name else ""
    place = request.orders
    tables = (
        ("rejected_orders", f"Lines of {place} that are not used, with the reason. One row per line."),
        ("cleaning_report", f"What became of the lines of {place}, in numbers. One row per finding."),
        ("reading_report", f"How {place} was read, and what decided it. One row per fact."),
    )
    customers = "Customers by what they ordered, loaded by segjob. One row per customer."
    return [
        *(FileTable(f"{prefix}{one}", one, comment) for one, comment in tables),
        *(_line_tables(request.customers, str(name))[:1] if request.customers else ()),
        FileTable(name or "customer_features", "file_features", customers),
    ]
