"""Parse, call one job, print: one function per verb. Only here, and in `output`, is anything printed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segjob import __version__
from segjob.cli.options import (
    AlgorithmName,
    AllowOne,
    DryRun,
    Features,
    From,
    Key,
    KRange,
    Name,
    NumberOfSegments,
    RuleName,
    ScaleName,
    Seed,
    SegmentationArgument,
    SegmentationName,
    Session,
    Start,
    app,
    verb,
)

__all__ = ["app"]


@verb
def init(session: Session) -> None:
    """Write a commented segjob.toml, and the empty schema.

    Example: segjob init
    """
    from segjob.cli.output import print_line
    from segjob.commands.init import install, write_config
    from segjob.config_file import FILE_NAME

    file = session.config or Path(FILE_NAME)
    written = write_config(file)
    install(session.registry)
    with session.written():
        if session.as_json:
            session.print_json(
                {"config": str(file), "written": written, "warehouse": session.warehouse.label}
            )
        elif not session.quiet:
            print_line(
                f"{'wrote' if written else 'kept'} {file}; "
                f"schema {session.registry.schema} is ready in {session.warehouse.label}"
            )


@verb
def check(
    session: Session,
    segmentation: SegmentationArgument = None,
    picked: SegmentationName = None,
    source: From = None,
    key: Key = None,
    features: Features = None,
    name: Name = None,
) -> None:
    """Validate config, connection, relation, columns and rows; says all that is wrong and changes nothing.

    The segmentation is the argument, as of `run`, or an option, as of every other verb.

    Example: segjob check income_spending
    """
    from segjob.cli.output import print_line
    from segjob.cli.selection import select
    from segjob.commands.check import check_all
    from segjob.pipeline.progress import Progress

    described = {"source": source, "key": key, "features": features, "name": name}
    requested = select(session.settings, segmentation or picked, described)
    checked = check_all(session.registry, requested, Progress(), session.settings.fit)
    if session.as_json:
        session.print_json(
            {"warehouse": session.warehouse.label, "checked": [one.as_json() for one in checked]}
        )
    elif not session.quiet:
        for one in checked:
            print_line(f"{one.name}: {one.settings.relation} by {one.settings.key} is fine")


@verb
def run(
    session: Session,
    segmentation: SegmentationArgument = None,
    source: From = None,
    key: Key = None,
    features: Features = None,
    name: Name = None,
    k: NumberOfSegments = None,
    k_range: KRange = None,
    rule: RuleName = None,
    scale: ScaleName = None,
    algorithm: AlgorithmName = None,
    seed: Seed = None,
    start: Start = None,
    allow_one: AllowOne = False,
    dry_run: DryRun = False,
) -> None:
    """Choose k, fit, and publish the segments as tables.

    Example: segjob run income_spending

    Example: segjob run --from sales.customers --key id --features income,score --k auto
    """
    from segjob.cli.results import print_plan, print_run
    from segjob.cli.selection import select
    from segjob.commands.run import dry_run as planned
    from segjob.commands.run import run_all
    from segjob.pipeline.progress import Progress

    requested = select(
        session.settings,
        segmentation,
        {"source": source, "key": key, "features": features, "name": name},
        k=k,
        k_range=k_range,
        rule=rule,
        scale=scale,
        algorithm=algorithm,
        seed=seed,
        start=start,
        allow_one=allow_one or None,
    )
    if dry_run:
        plan = planned(session.registry, session.settings, requested, Progress())
        print_plan(plan, session.print_json if session.as_json else None)
        failure = plan.failure
    else:
        outcome = run_all(session.registry, session.settings, requested, session.progress)
        with session.written():
            document = session.print_json if session.as_json else None
            print_run(outcome, session.registry, session.same_place, document)
        failure = outcome.failure
    if failure is not None:
        raise typer.Exit(failure.exit_code) if session.as_json else failure


@verb
def show(
    session: Session,
    run_id: Annotated[
        int | None, typer.Argument(metavar="RUN", help="A run's number; else the current run.")
    ] = None,
    segmentation: SegmentationName = None,
) -> None:
    """One run's evidence: segments, votes for k, the sweep, what was left out.

    Example: segjob show --segmentation income_spending
    """
    from segjob.cli.evidence import print_evidence
    from segjob.commands.show import show as shown

    published = shown(session.registry, run_id, segmentation)
    if session.as_json:
        session.print_json(published.as_json())
    else:
        print_evidence(published)


@verb
def history(session: Session, segmentation: SegmentationName = None) -> None:
    """All runs, newest first.

    Example: segjob history --json
    """
    from segjob.cli.evidence import print_runs
    from segjob.commands.history import history as listed

    runs = listed(session.registry, segmentation)
    if session.as_json:
        session.print_json({"runs": runs})
    else:
        print_runs(runs)


@verb
def predict(
    session: Session,
    values: Annotated[list[str], typer.Argument(metavar="COLUMN=VALUE...", help="One for each feature.")],
    segmentation: SegmentationName = None,
) -> None:
    """One customer: segment, name, distance and runner-up.

    Example: segjob predict annual_income=70 spending_score=60 --segmentation income_spending
    """
    from segjob.cli.results import print_prediction
    from segjob.commands.predict import parse_values
    from segjob.commands.predict import predict as predicted

    typed = parse_values(values)
    prediction = predicted(session.registry, segmentation, typed)
    if session.as_json:
        session.print_json(prediction.as_json())
    else:
        print_prediction(prediction)


@verb
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
    from segjob.commands.score import score as scored

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


@verb
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
    from segjob.commands.name import name_segment
    from segjob.commands.snapshot import refresh

    of = name_segment(session.registry, segmentation, segment, name, description)
    with session.written():
        refresh(session.registry, session.settings, session.progress)
        if session.as_json:
            session.print_json(
                {"segmentation": of, "segment_id": segment, "name": name, "description": description}
            )
        elif not session.quiet:
            print_line(f"segment {segment} of {of} is called {name!r} from now on")


@verb
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
    from segjob.commands.rollback import rollback as rolled_back
    from segjob.commands.snapshot import refresh

    run = rolled_back(session.registry, run_id=run_id, segmentation=segmentation)
    with session.written():
        refresh(session.registry, session.settings, session.progress)
        if session.as_json:
            session.print_json({"segmentation": run["segmentation"], "current_run": run["run_id"]})
        elif not session.quiet:
            print_line(f"run {run['run_id']} is the current one of {run['segmentation']}")


@verb
def diff(
    session: Session,
    from_run: Annotated[int, typer.Argument(metavar="RUN", help="The run before.")],
    to_run: Annotated[int, typer.Argument(metavar="RUN", help="The run after.")],
) -> None:
    """What moved between two runs, with counts and shares.

    Example: segjob diff 3 4
    """
    from segjob.cli.results import print_diff
    from segjob.commands.diff import diff as compared

    result = compared(session.registry, from_run, to_run)
    if session.as_json:
        session.print_json(result.as_json())
    else:
        print_diff(result)


@verb
def health(session: Session, segmentation: SegmentationName = None) -> None:
    """Is the published segmentation still right for today's customers? Exit code 5 where it is not.

    Example: segjob health --json
    """
    from segjob.cli.results import print_health
    from segjob.commands.health import check_health
    from segjob.errors import NoSegmentation

    result = check_health(session.registry, session.settings.health, segmentation)
    if session.as_json:
        session.print_json(result.as_json())
    elif not (session.quiet and result.is_healthy):
        print_health(result)
    if not result.is_healthy:
        raise typer.Exit(NoSegmentation.exit_code)


@verb
def report(
    session: Session,
    segmentation: SegmentationName = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where the page goes (default: NAME-report.html)."),
    ] = None,
    figures: Annotated[
        Path | None, typer.Option("--figures", metavar="DIR", help="Also each figure as SVG and PNG.")
    ] = None,
) -> None:
    """One HTML page about the current run: the segments, the map and the evidence; needs no network.

    Example: segjob report --segmentation income_spending --out segments.html
    """
    from segjob.cli.output import print_line
    from segjob.commands.report import write_report

    written = write_report(session.registry, segmentation, out, figures)
    with session.written():
        if session.as_json:
            session.print_json(written.as_json())
        elif not session.quiet:
            files = f", {len(written.files)} files in {figures}" if figures else ""
            print_line(
                f"wrote {written.page} ({written.size / 1000:,.0f} kB, {len(written.figures)} figures){files}"
            )


@verb
def snapshot(
    session: Session,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the serving file stands.")],
    parquet: Annotated[bool, typer.Option("--parquet", help="Parquet files too, in DIR/parquet.")] = False,
) -> None:
    """Write what is published as a read-only file for dashboards, swapped in whole.

    Example: segjob snapshot /srv/dashboards --parquet
    """
    from segjob.cli.results import print_snapshot
    from segjob.commands.snapshot import write_snapshot

    patience = session.settings.warehouse.lock_timeout
    written = write_snapshot(session.registry, folder, parquet=parquet, lock_timeout=patience)
    with session.written():
        if session.as_json:
            session.print_json(written.as_json())
        elif not session.quiet:
            print_snapshot(written)


@verb
def compare(session: Session, segmentation: SegmentationName = None) -> None:
    """Other algorithms on the same rows and features, and whether one of them is worth a change.

    Example: segjob compare --segmentation income_spending
    """
    from segjob.cli.results import print_comparison
    from segjob.commands.compare import compare as compared

    result = compared(session.registry, session.settings.fit, segmentation, session.progress)
    with session.written():
        if session.as_json:
            session.print_json(result.as_json())
        else:
            print_comparison(result)


@app.callback(invoke_without_command=True)
def about(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """Customer segmentation inside the warehouse: `dbt run`, then `segjob run`."""
    if version:
        typer.echo(f"segjob {__version__}")
        raise typer.Exit
