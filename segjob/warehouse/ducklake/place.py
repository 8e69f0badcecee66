"""Where a DuckLake is, from its URL. Nothing is opened here."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import sqlalchemy as sa

from segjob.errors import ConfigError
from segjob.warehouse.urls import may_hold_a_secret, scheme_of, without_secret

SCHEME = "ducklake:"
_FORMS = "write ducklake:FILE?data_path=FOLDER, or ducklake:postgresql://user@host/database?data_path=FOLDER"
_TAKEN = ("memory", "system", "temp", "main")
"""Names that DuckDB gives to databases and schemas of its own."""


@dataclass(frozen=True)
class LakePlace:
    """A DuckLake: `file` or `database` holds its catalogue.

    name : what statements call it: as DuckDB does for a file, and its database for PostgreSQL.
    label : how messages name it.
    database : a URL as PostgreSQL's own library takes it, with its password.
    data_path : the folder that a new DuckLake keeps its data in; one that is there knows its own.
    metadata_schema : of the database, if it is not the default one.
    """

    name: str
    label: str
    file: Path | None = None
    database: str | None = field(default=None, repr=False)
    data_path: Path | None = None
    metadata_schema: str | None = None

    @property
    def catalogue(self) -> str:
        """What DuckDB attaches."""
        return f"{SCHEME}{self.file}" if self.database is None else f"{SCHEME}postgres:{self.database}"


def read_url(url: str, folder: Path, schema: str) -> LakePlace:
    """The place behind a URL; relative paths are under `folder`. schema : in which segjob publishes.

    Raises
    ------
    ConfigError : it says something that is not understood.
    """
    catalogue, _, query = url.strip()[len(SCHEME) :].partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    data_path, metadata_schema = options.pop("data_path", None), options.pop("metadata_schema", None)
    if data_path is not None and scheme_of(data_path):
        raise ConfigError("the data_path of a DuckLake has to be a folder", hint=_FORMS)
    where = {
        "data_path": None if data_path is None else Path(os.path.realpath(folder / data_path)),
        "metadata_schema": metadata_schema,
    }
    scheme = scheme_of(catalogue)
    if scheme in ("postgresql", "postgres") and "://" in catalogue:
        database = catalogue + (f"?{urlencode(options)}" if options else "")
        name, label = _database(database), SCHEME + without_secret(database)
        return LakePlace(_free(name, schema), label, database=database, **where)  # type: ignore[arg-type]
    path = catalogue.removeprefix("//")
    if scheme is not None or not path.strip() or may_hold_a_secret(url):
        # Not shown: it may hold a password.
        raise ConfigError("the URL of the DuckLake is not understood", hint=_FORMS)
    if options or metadata_schema:
        unknown = next(iter(options), "metadata_schema")
        raise ConfigError(f"a DuckLake in a file has no option {unknown!r}", hint=_FORMS)
    file = Path(os.path.realpath(folder / path))
    return LakePlace(_free(file.stem, schema), f"{SCHEME}{file}", file=file, **where)  # type: ignore[arg-type]


def _database(url: str) -> str:
    try:
        parsed = sa.make_url(url.replace("postgres://", "postgresql://"))
    except (sa.exc.ArgumentError, ValueError):
        raise ConfigError(f"{without_secret(url)} is not a PostgreSQL URL", hint=_FORMS) from None
    if "@" in (parsed.host or ""):
        raise ConfigError(
            f"{without_secret(url)}: there is an @ within the password",
            hint="write it as %40, or leave the password out and set PGPASSWORD",
        )
    return parsed.database or ""


def _free(name: str, schema: str) -> str:
    """A name of the lake that no schema has, so that a query cannot mean either."""
    return "lake" if name.casefold() in ("", *_TAKEN, schema.casefold()) else name
