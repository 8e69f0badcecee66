"""The options that verbs share, what they lead to, and how an error becomes words and an exit code."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from segjob.config import Config
    from segjob.pipeline.progress import Progress
    from segjob.registry.registry import Registry
    from segjob.warehouse.base import Warehouse

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="segjob.toml (default: the nearest one upwards)."),
]
WarehouseUrl = Annotated[
    str | None,
    typer.Option(
        "--warehouse",
        metavar="URL",
        help="The path of a DuckDB file, or a URL: postgresql://, spark://, sc://.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress; warnings and errors only.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="With an error, the statement that failed.")]
LockTimeout = Annotated[
    float | None,
    typer.Option("--lock-timeout", metavar="SECONDS", min=0, help="How long to wait for the file's lock."),
]
SegmentationArgument = Annotated[
    str | None, typer.Argument(metavar="SEGMENTATION", help="All of them if none is named.")
]
SegmentationName = Annotated[
    str | None, typer.Option("--segmentation", metavar="NAME", help="Which one, if there are several.")
]
From = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="RELATION", help="Table or view, or a CSV or Parquet file; needs no config file."
    ),
]
Orders = Annotated[
    str | None,
    typer.Option(
        "--orders",
        metavar="FILE",
        help="Order lines: recency, orders and revenue become features per customer.",
    ),
]
Table = Annotated[
    str | None,
    typer.Option("--table", metavar="NAME", help="With a file: the table that it is loaded into."),
]
Key = Annotated[
    str | None, typer.Option(metavar="COLUMN", help="With --from: the column that names a customer.")
]
Features = Annotated[
    str | None, typer.Option(metavar="A,B,C", help="With --from: the columns to segment by.")
]
Measures = Annotated[
    str | None, typer.Option(metavar="A,B", help="Columns that describe the segments and do not make them.")
]
Name = Annotated[str | None, typer.Option(metavar="NAME", help="With --from: the segmentation's name.")]
Where = Annotated[
    str | None,
    typer.Option(metavar="CONDITION", help="With --from: only rows where this SQL condition holds."),
]
PartitionBy = Annotated[
    str | None,
    typer.Option(metavar="COLUMN", help="A model and a choice of k for each value of this column."),
]
Partition = Annotated[
    str | None, typer.Option(metavar="VALUE", help="Of a run with partition_by: only this value's model.")
]
NumberOfSegments = Annotated[
    str | None, typer.Option("--k", metavar="K", help="A number of segments, or auto.")
]
KRange = Annotated[str | None, typer.Option(metavar="1:10", help="The numbers of segments that auto tries.")]
RuleName = Annotated[str | None, typer.Option("--rule", metavar="NAME", help="The rule that chooses k.")]
ScaleName = Annotated[
    str | None, typer.Option("--scale", metavar="NAME", help="standard, robust, minmax or none.")
]
Seed = Annotated[int | None, typer.Option(metavar="N", help="Seed of everything random.")]
AlgorithmName = Annotated[
    str | None,
    typer.Option(
        "--algorithm",
        metavar="NAME",
        help="kmeans, ward, gaussian_mixture, or auto: what follows the groups.",
    ),
]
Start = Annotated[
    str | None, typer.Option(metavar="WHERE", help="fresh, current, or a relation with a centroid per row.")
]
AllowOne = Annotated[bool, typer.Option("--allow-one", help="No structure publishes a single segment.")]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DATE", help="The day or moment that the rows stand for; else now."),
]
Refit = Annotated[
    str | None, typer.Option("--refit", metavar="WHEN", help="always, when_unhealthy or never.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print every statement of the run, and write nothing.")
]


@dataclass
class Session:
    """The options that every verb has, and what they lead to."""

    config: ConfigFile = None
    url: WarehouseUrl = None
    as_json: Json = False
    quiet: Quiet = False
    verbose: Verbose = False
    lock_timeout: LockTimeout = None
    is_described: bool = field(default=False, init=False)
    """Whether --from describes the segmentation."""
    has_written: bool = field(default=False, init=False)
    """Whether what the command is for is in place; from then on nothing turns its exit code."""

    def print_json(self, document: Mapping[str, Any]) -> None:
        """One JSON document on stdout, which names the config file in use."""
        from segjob.cli.output import print_json

        print_json({"config_file": None if self.config_file is None else str(self.config_file), **document})

    @contextmanager
    def written(self) -> Iterator[None]:
        """What stands in here only reports what is in place by now: if it fails, that is a warning."""
        self.has_written = True
        try:
            yield
        except typer.Exit:
            raise
        except Exception as error:
            from segjob.cli.output import print_warning

            print_warning(f"all is written, but it could not be shown: {type(error).__name__}: {error}")

    @functools.cached_property
    def config_file(self) -> Path | None:
        """The config file in use: the one that was named, else the nearest upwards."""
        from segjob.config_file import find

        return self.config or find(Path.cwd())

    @functools.cached_property
    def settings(self) -> Config:
        """The config file's settings, the defaults if there is no file; --lock-timeout wins over both."""
        from segjob.config import Config
        from segjob.config_file import load

        file = self.config_file
        settings = load(file) if file else Config(directory=Path.cwd())
        if file and self.is_described and self.url and file.parent != Path.cwd() and not self.config:
            # The command line says what to do and where: a file further up may name segmentations, and nothing else.
            settings = Config(directory=Path.cwd(), segmentations=settings.segmentations)
        if file and not self.quiet and not self.as_json:
            from segjob.cli.output import print_config_file

            print_config_file(file)
        if self.lock_timeout is None:
            return settings
        patient = settings.warehouse.model_copy(update={"lock_timeout": self.lock_timeout})
        return settings.model_copy(update={"warehouse": patient})

    @functools.cached_property
    def warehouse(self) -> Warehouse:
        """The warehouse; not open yet."""
        import logging

        from segjob.warehouse.connect import connect

        # SQLAlchemy logs what fails while it closes a broken connection, traceback and all; the error itself is shown.
        logging.getLogger("sqlalchemy").addHandler(logging.NullHandler())
        return connect(self.settings, warehouse=self.url)

    @functools.cached_property
    def registry(self) -> Registry:
        """The published schema in it."""
        from segjob.registry.registry import Registry

        return Registry(self.warehouse, self.settings.warehouse.schema_name)

    @functools.cached_property
    def progress(self) -> Progress:
        """Where a job reports what it does; a JSON document carries the warnings itself."""
        from segjob.cli import output
        from segjob.pipeline.progress import Progress

        if self.as_json:
            return Progress()
        return output.WarningsOnly() if self.quiet else output.LiveProgress()

    @property
    def same_place(self) -> list[str]:
        """The options that lead another command to the same warehouse; a URL's password is not repeated."""
        from segjob.warehouse.connect import without_secrets

        config = ["--config", str(self.config)] if self.config else []
        return config + (["--warehouse", without_secrets(self.url, self.warehouse)] if self.url else [])

    @property
    def secret_advice(self) -> str | None:
        """Where the secret has to be that `same_place` leaves out; None if there is none."""
        from segjob.warehouse.connect import secret_advice

        return secret_advice(self.url) if self.url else None


def _mention_lost_output(session: Session) -> None:
    """A warning if the output could not be written.

    Raises
    ------
    WarehouseError : the output is all that the command does.
    """
    from segjob.cli.streams import lost_output

    if (problem := lost_output()) is None:
        return
    message = f"the output could not be written: {problem.strerror}"
    if session.has_written:
        from segjob.cli.output import print_warning

        print_warning(f"all is done, but {message}")
        return
    from segjob.errors import WarehouseError

    raise WarehouseError(message, hint="check the disk that it goes to")


def _mention_late_failures(session: Session) -> None:
    """What went wrong after a commit, as warnings: what was committed stands, and so does the exit code."""
    warehouse = vars(session).get("warehouse")  # not connected just to be asked
    if warehouse is not None and warehouse.late_failures:
        from segjob.cli.output import print_warning

        for message in warehouse.late_failures:
            print_warning(message)


def verb(function: Callable[..., None]) -> Callable[..., None]:
    """A command: gets the session's options too, and its errors become words and the contract's exit codes."""
    own = dict(inspect.signature(function, eval_str=True).parameters)
    del own["session"]
    shared = inspect.signature(Session, eval_str=True).parameters

    @functools.wraps(function)
    def guarded(**options: Any) -> None:
        from segjob.errors import SegjobError

        session = Session(**{name: options.pop(name) for name in shared})
        session.is_described = options.get("source") is not None or options.get("orders") is not None
        try:
            function(session, **options)
            _mention_lost_output(session)
        except SegjobError as error:
            from segjob.cli.output import print_error

            print_error(error, as_json=session.as_json, verbose=session.verbose)
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            typer.echo("interrupted; a run is published whole or not at all: see `segjob history`", err=True)
            raise typer.Exit(130) from None
        finally:
            _mention_late_failures(session)

    together = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in (*own.values(), *shared.values())]
    guarded.__signature__ = inspect.Signature(together)  # type: ignore[attr-defined]
    guarded.__annotations__ = {p.name: p.annotation for p in together}
    del guarded.__wrapped__
    return guarded
