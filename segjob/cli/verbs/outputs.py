"""Verbs that hand something out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from segjob.cli.options import (
    Partition,
    SegmentationName,
    Session,
)

ExportFormat = Literal["csv", "parquet"]


def report(
    session: Session,
    segmentation: SegmentationName = None,
    partition: Partition = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where the page goes (default: NAME-report.html)."),
    ] = None,
    figures: Annotated[
        Path | None, typer.Option("--figures", metavar="DIR", help="Also each figure as SVG and PNG.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="One page of all segmentations, and how they cross.")
    ] = False,
) -> None:
    """One HTML page about the current run: the segments, the map and the evidence; needs no network.

    Example: segjob report --segmentation income_spending --out segments.html
    """
    if every:
        _report_all(session, segmentation or partition, out, figures)
        return
    from segjob.cli.output import print_line
    from segjob.commands.outputs.report import write_report

    written = write_report(session.registry, segmentation, out, figures, partition)
    with session.written():
        if session.as_json:
            session.print_json(written.as_json())
        elif not session.quiet:
            files = f", {len(written.files)} files in {figures}" if figures else ""
            print_line(
                f"wrote {written.page} ({written.size / 1000:,.0f} kB, {len(written.figures)} figures){files}"
            )


def _report_all(session: Session, segmentation: str | None, out: Path | None, figures: Path | None) -> None:
    from segjob.cli.output import print_line
    from segjob.commands.outputs.report_all import write_overview
    from segjob.errors import ConfigError

    one = [name for name, given in (("--segmentation", segmentation), ("--figures", figures)) if given]
    if one:
        raise ConfigError(
            f"--all is of every segmentation, and {' and '.join(one)} of one", hint="leave one out"
        )
    written = write_overview(session.registry, out)
    with session.written():
        if session.as_json:
            session.print_json(written.as_json())
        elif not session.quiet:
            several = f"{len(written.segmentations)} segmentations, {written.crossings} crossings"
            print_line(f"wrote {written.page} ({written.size / 1000:,.0f} kB, {several})")


def snapshot(
    session: Session,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the serving file stands.")],
    parquet: Annotated[bool, typer.Option("--parquet", help="Parquet files too, in DIR/parquet.")] = False,
) -> None:
    """Write what is published as a read-only file for dashboards, swapped in whole.

    Example: segjob snapshot /srv/dashboards --parquet
    """
    from segjob.cli.results import print_snapshot
    from segjob.commands.outputs.snapshot import write_snapshot

    patience = session.settings.warehouse.lock_timeout
    written = write_snapshot(session.registry, folder, parquet=parquet, lock_timeout=patience)
    with session.written():
        if session.as_json:
            session.print_json(written.as_json())
        elif not session.quiet:
            print_snapshot(written)


def score(
    session: Session,
    relation: Annotated[
        str, typer.Argument(metavar="RELATION", help="Table or view with the model's columns.")
    ],
    into: Annotated[str, typer.Option("--into", metavar="TABLE", help="The table to write.")],
    key: Annotated[str | None, typer.Option(metavar="COLUMN", help="Its key, if called otherwise.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="The table may be there already.")] = False,
    segmentation: SegmentationName = None,
) -> None:
    """Score any relation with the published model into a new table.

    Example: segjob score new_customers --into new_customers_segments
    """
    from segjob.cli.output import print_line
    from segjob.commands.outputs.score import score as scored

    result = scored(
        session.registry,
        relation,
        into=into,
        key=key,
        segmentation=segmentation,
        replace=replace,
    )
    with session.written():
        if session.as_json:
            session.print_json(vars(result))
        else:
            without = (
                f", {result.without_segment:,} of them without a segment" if result.without_segment else ""
            )
            print_line(
                f"{result.table}: {result.rows:,} rows of {result.relation} by run {result.run_id}{without}"
            )


def export(
    session: Session,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files go.")],
    file_format: Annotated[ExportFormat, typer.Option("--format", help="What the files are.")] = "csv",
    hash_email: Annotated[
        str | None,
        typer.Option("--hash-email", metavar="COLUMN", help="Also this column of the relation, as SHA-256."),
    ] = None,
    with_holdout: Annotated[
        bool, typer.Option("--with-holdout", help="The held-out customers too, marked in is_holdout.")
    ] = False,
    segmentation: SegmentationName = None,
) -> None:
    """One file per segment for activation tools, without the customers who are held out.

    Example: segjob export audiences --format parquet --hash-email email
    """
    from segjob.cli.results import print_export
    from segjob.commands.outputs.export import export as exported

    written = exported(
        session.registry,
        folder,
        segmentation=segmentation,
        file_format=file_format,
        hash_column=hash_email,
        with_holdout=with_holdout,
        lock_timeout=session.settings.warehouse.lock_timeout,
    )
    with session.written():
        if session.as_json:
            session.print_json(written.as_json())
        elif not session.quiet:
            print_export(written)
