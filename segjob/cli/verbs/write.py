"""Verbs that change what is published."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segjob.cli.options import (
    AlgorithmName,
    AllowOne,
    AsOf,
    DryRun,
    Features,
    From,
    Key,
    KRange,
    Measures,
    Name,
    NumberOfSegments,
    Orders,
    PartitionBy,
    Refit,
    RuleName,
    ScaleName,
    Seed,
    SegmentationArgument,
    SegmentationName,
    Session,
    Start,
    Table,
    Where,
)


def run(
    session: Session,
    segmentation: SegmentationArgument = None,
    source: From = None,
    key: Key = None,
    features: Features = None,
    measures: Measures = None,
    name: Name = None,
    where: Where = None,
    partition_by: PartitionBy = None,
    orders: Orders = None,
    table: Table = None,
    k: NumberOfSegments = None,
    k_range: KRange = None,
    rule: RuleName = None,
    scale: ScaleName = None,
    algorithm: AlgorithmName = None,
    seed: Seed = None,
    start: Start = None,
    allow_one: AllowOne = False,
    refit: Refit = None,
    as_of: AsOf = None,
    dry_run: DryRun = False,
) -> None:
    """Choose k, fit, and publish the segments as tables.

    Example: segjob run income_spending

    Example: segjob run --from sales.customers --key id --features income,score --k auto

    Example: segjob run --from shop.csv --key id --features income,score

    Example: segjob run --orders orders.csv
    """
    from segjob.cli.files import load_named_files
    from segjob.cli.results import print_plan, print_run
    from segjob.cli.selection import moment, select
    from segjob.commands.write.run import dry_run as planned
    from segjob.commands.write.run import run_all
    from segjob.pipeline.progress import Progress

    described = {"source": source, "key": key, "features": features, "name": name, "where": where}
    loaded = load_named_files(session, described, orders, table, dry_run=dry_run)
    requested = select(
        session.settings,
        segmentation,
        described if loaded is None else loaded.described(described),
        measures=measures,
        partition_by=partition_by,
        k=k,
        k_range=k_range,
        rule=rule,
        scale=scale,
        algorithm=algorithm,
        seed=seed,
        start=start,
        allow_one=allow_one or None,
        refit=refit,
    )
    at = moment(as_of)
    if dry_run:
        plan = planned(session.registry, session.settings, requested, Progress(), at)
        print_plan(plan, session.print_json if session.as_json else None)
        failure = plan.failure
    else:
        outcome = run_all(session.registry, session.settings, requested, session.progress, at)
        with session.written():
            document = session.print_json if session.as_json else None
            print_run(outcome, session, document, loaded)
        failure = outcome.failure
    if failure is not None:
        raise typer.Exit(failure.exit_code) if session.as_json else failure


def assign(
    session: Session,
    segmentation: SegmentationArgument = None,
    picked: SegmentationName = None,
    as_of: AsOf = None,
) -> None:
    """Give today's rows segments by the model in use, as a new run; nothing is fitted.

    Example: segjob assign income_spending
    """
    from segjob.cli.results import print_run
    from segjob.cli.selection import moment
    from segjob.commands.write.assign import assign_all

    name = segmentation or picked
    outcome = assign_all(session.registry, session.settings, name, session.progress, moment(as_of))
    with session.written():
        print_run(outcome, session, session.print_json if session.as_json else None)
    if outcome.failure is not None:
        raise typer.Exit(outcome.failure.exit_code) if session.as_json else outcome.failure


def backfill(
    session: Session,
    segmentation: Annotated[str, typer.Argument(metavar="SEGMENTATION", help="One with an as_of_column.")],
    first: Annotated[str, typer.Option("--from", metavar="DATE", help="The first date.")],
    last: Annotated[str, typer.Option("--to", metavar="DATE", help="The last date.")],
    every: Annotated[str, typer.Option(metavar="STEP", help="day, week, month or quarter.")] = "month",
    fit_on: Annotated[
        str | None,
        typer.Option("--fit-on", metavar="DATE", help="Fit on these rows; else on the last date's."),
    ] = None,
) -> None:
    """Publish a run for every date of a history table: one fit, then assignments; can be repeated.

    Example: segjob backfill value --from 2025-01-31 --to 2025-12-31 --every month
    """
    from segjob.cli.results import print_backfill
    from segjob.cli.selection import day
    from segjob.commands.write.backfill import Dates
    from segjob.commands.write.backfill import backfill as filled

    fit_day = None if fit_on is None else day(fit_on, "--fit-on")
    dates = Dates(day(first, "--from"), day(last, "--to"), every, fit_day)
    result = filled(session.registry, session.settings, segmentation, dates, session.progress)
    with session.written():
        if session.as_json:
            session.print_json(result.as_json())
        elif not session.quiet:
            print_backfill(result)


def rollback(
    session: Session,
    run_id: Annotated[
        int | None, typer.Argument(metavar="RUN", help="Where to; else the run before.")
    ] = None,
    segmentation: SegmentationName = None,
) -> None:
    """Make an earlier run the current one again; a second time undoes it.

    Example: segjob rollback 3
    """
    from segjob.cli.output import print_line
    from segjob.commands.outputs.snapshot import refresh
    from segjob.commands.write.rollback import rollback as rolled_back

    run = rolled_back(session.registry, run_id=run_id, segmentation=segmentation)
    with session.written():
        refresh(session.registry, session.settings, session.progress)
        if session.as_json:
            session.print_json({"segmentation": run["segmentation"], "current_run": run["run_id"]})
        elif not session.quiet:
            print_line(f"run {run['run_id']} is the current one of {run['segmentation']}")


def name(
    session: Session,
    segment: Annotated[int, typer.Argument(metavar="SEGMENT", help="The segment's number.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it.")],
    description: Annotated[str | None, typer.Option(metavar="TEXT", help="What to say about it.")] = None,
    segmentation: SegmentationName = None,
) -> None:
    """Give a segment an analyst's name; it is kept across runs.

    Example: segjob name 3 "VIP" --description "spends much, earns much"
    """
    from segjob.cli.output import print_line
    from segjob.commands.outputs.snapshot import refresh
    from segjob.commands.write.name import name_segment

    of = name_segment(session.registry, segmentation, segment, name, description)
    with session.written():
        refresh(session.registry, session.settings, session.progress)
        if session.as_json:
            session.print_json(
                {"segmentation": of, "segment_id": segment, "name": name, "description": description}
            )
        elif not session.quiet:
            print_line(f"segment {segment} of {of} is called {name!r} from now on")


def forget(
    session: Session,
    keys: Annotated[list[str] | None, typer.Argument(metavar="KEY...", help="Whom to forget.")] = None,
    keys_from: Annotated[
        str | None, typer.Option("--keys-from", metavar="RELATION", help="Everybody in this table or view.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="With --keys-from: the keys, if called otherwise.")
    ] = None,
    snapshot: Annotated[
        list[Path] | None,
        typer.Option("--snapshot", metavar="DIR", help="Also this folder's snapshot; may be repeated."),
    ] = None,
    remember: Annotated[
        bool, typer.Option("--remember", help="Let runs take them again; what is deleted stays so.")
    ] = False,
    segmentation: SegmentationName = None,
) -> None:
    """Delete customers from all that is published, for good, and leave them out of later runs.

    Example: segjob forget 4711 4712
    """
    from segjob.cli.results import print_erasure, print_remembered
    from segjob.commands.write.forget import ForgetRequest
    from segjob.commands.write.forget import forget as forgotten
    from segjob.commands.write.forget import remember as remembered
    from segjob.errors import ConfigError

    if bool(keys) == (keys_from is not None):
        raise ConfigError("name the keys, or a relation that has them with --keys-from")
    if key is not None and keys_from is None:
        raise ConfigError("--key needs --keys-from RELATION")
    request = ForgetRequest(keys or (), keys_from, key, segmentation)
    if remember:
        number = remembered(session.registry, request)
        with session.written():
            print_remembered(number, session.print_json if session.as_json else None)
        return
    erasure = forgotten(session.registry, request, session.settings, snapshot or ())
    with session.written():
        if session.as_json:
            session.print_json(vars(erasure))
        elif not session.quiet:
            print_erasure(erasure)
