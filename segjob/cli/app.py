"""The program: every verb, in the order in which `--help` lists them, from the first day to the last."""

from __future__ import annotations

from typing import Annotated

import typer

from segjob import __version__
from segjob.cli.program import Program
from segjob.cli.verbs import outputs, read, setup, write

__all__ = ["app"]

Program.verbs = (
    setup.init,
    setup.check,
    setup.schema,
    setup.sources,
    write.run,
    write.assign,
    write.backfill,
    read.show,
    read.history,
    read.predict,
    read.explain,
    read.query,
    outputs.score,
    write.name,
    write.rollback,
    write.forget,
    read.diff,
    read.health,
    outputs.report,
    outputs.snapshot,
    outputs.export,
    read.lift,
    read.compare,
)

app = typer.Typer(
    name="segjob",
    cls=Program,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def about(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """Customer segmentation inside the warehouse: `dbt run`, then `segjob run`."""
    if version:
        typer.echo(f"segjob {__version__}")
        raise typer.Exit
