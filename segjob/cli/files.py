"""Files that a command line names in the place of a relation: where they are loaded, and what is said of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from segjob.errors import ConfigError

if TYPE_CHECKING:
    from segjob.cli.options import Session
    from segjob.commands.write.load import LoadedFiles
    from segjob.files.read_files import FileRequest

DEFAULT_FILE = "segjob.duckdb"
"""The warehouse beside the file where nothing names one."""


def load_named_files(
    session: Session,
    described: Mapping[str, str | None],
    orders: str | None,
    table: str | None,
    *,
    dry_run: bool = False,
) -> LoadedFiles | None:
    """Load the files that the options name, and say so; None where they name none.

    Raises
    ------
    SegjobError : nothing was loaded.
    """
    request = file_request(described, orders, table)
    if request is None:
        return None
    if dry_run:
        raise ConfigError(
            "--dry-run is for tables: a file is not in the warehouse before it is loaded",
            hint="`segjob check` with the same options says what is wrong with it and loads nothing",
        )
    from segjob.commands.write.load import load
    from segjob.warehouse.connect import is_named

    if not is_named(session.settings, session.url):
        session.url = str(
            (Path(request.orders or str(request.customers)).expanduser().parent / DEFAULT_FILE).resolve()
        )
    is_new = session.warehouse.file is not None and not session.warehouse.file.exists()
    loaded = load(session.registry, request, session.progress)
    if not (session.quiet or session.as_json):
        from segjob.cli.output import print_line

        print_line(
            f"loaded {' and '.join(loaded.files)} into {loaded.warehouse}{' (new)' if is_new else ''}: "
            + ", ".join(f"{one.relation} ({one.rows:,} rows)" for one in reversed(loaded.tables) if one.rows)
        )
    return loaded


def file_request(
    described: Mapping[str, str | None], orders: str | None, table: str | None
) -> FileRequest | None:
    """What the options name of files; None where they name none."""
    from segjob.files.places import names_a_file

    source, features = described["source"], described["features"]
    customers = source if source is not None and names_a_file(source) else None
    if customers is None and orders is None:
        if table is not None:
            raise ConfigError("--table needs a file: --from FILE or --orders FILE")
        return None
    from segjob.cli.selection import split_names
    from segjob.files.read_files import FileRequest

    if source is not None and customers is None:
        raise ConfigError(
            f"--orders is a file, so --from {source} has to be one too",
            hint="--from CUSTOMERS.csv --orders ORDERS.csv, or --orders alone",
        )
    if table is not None and not re.fullmatch(r"([A-Za-z_]\w*\.)?[A-Za-z_]\w{0,39}", table):
        raise ConfigError(
            f"--table {table}: a table is named by letters, digits and _", hint="such as shop, or sales.shop"
        )
    named = None if features is None else split_names(features)
    return FileRequest(customers, orders, described["key"], named, table)


@contextmanager
def load_named_files_elsewhere(
    session: Session, described: Mapping[str, str | None], orders: str | None
) -> Iterator[LoadedFiles | None]:
    """The files that the options name in a warehouse that is gone afterwards; None where they name none."""
    request = file_request(described, orders, None)
    if request is None:
        yield None
        return
    from segjob.commands.write.load import load

    with TemporaryDirectory(prefix="segjob-check-") as folder:
        session.url = str(Path(folder) / DEFAULT_FILE)
        yield load(session.registry, request, session.progress)
