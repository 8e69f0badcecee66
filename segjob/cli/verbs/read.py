"""Verbs that read what is published."""

from __future__ import annotations

from typing import Annotated

import typer

from segjob.cli.options import (
    Partition,
    SegmentationName,
    Session,
)


def show(
    session: Session,
    run_id: Annotated[
        int | None, typer.Argument(metavar="RUN", help="A run's number; else the current run.")
    ] = None,
    segmentation: SegmentationName = None,
    partition: Partition = None,
) -> None:
    """One run's evidence: segments, votes for k, the sweep, what was left out.

    Example: segjob show --segmentation income_spending
    """
    from segjob.cli.evidence import print_evidence
    from segjob.commands.read.show import show as shown

    published = shown(session.registry, run_id, segmentation, partition)
    if session.as_json:
        session.print_json(published.as_json())
    else:
        print_evidence(published)


def history(session: Session, segmentation: SegmentationName = None) -> None:
    """All runs, newest first.

    Example: segjob history --json
    """
    from segjob.cli.evidence import print_runs
    from segjob.commands.read.history import history as listed

    runs = listed(session.registry, segmentation)
    if session.as_json:
        session.print_json({"runs": runs})
    else:
        print_runs(runs)


def diff(
    session: Session,
    from_run: Annotated[int, typer.Argument(metavar="RUN", help="The run before.")],
    to_run: Annotated[int, typer.Argument(metavar="RUN", help="The run after.")],
) -> None:
    """What moved between two runs, with counts and shares.

    Example: segjob diff 3 4
    """
    from segjob.cli.results import print_diff
    from segjob.commands.read.diff import diff as compared

    result = compared(session.registry, from_run, to_run)
    if session.as_json:
        session.print_json(result.as_json())
    else:
        print_diff(result)


def health(session: Session, segmentation: SegmentationName = None) -> None:
    """Is the published segmentation still right for today's customers? Exit code 5 where it is not.

    Example: segjob health --json
    """
    from segjob.cli.results import print_health
    from segjob.commands.read.health import check_health
    from segjob.errors import NoSegmentation

    result = check_health(session.registry, session.settings.health, segmentation)
    if session.as_json:
        session.print_json(result.as_json())
    elif not (session.quiet and result.is_healthy):
        print_health(result)
    if not result.is_healthy:
        raise typer.Exit(NoSegmentation.exit_code)


def predict(
    session: Session,
    values: Annotated[list[str], typer.Argument(metavar="COLUMN=VALUE...", help="One for each feature.")],
    segmentation: SegmentationName = None,
) -> None:
    """One customer: segment, name, distance and runner-up.

    Example: segjob predict annual_income=70 spending_score=60 --segmentation income_spending
    """
    from segjob.cli.results import print_prediction
    from segjob.commands.read.predict import parse_values
    from segjob.commands.read.predict import predict as predicted

    typed = parse_values(values)
    prediction = predicted(session.registry, segmentation, typed)
    if session.as_json:
        session.print_json(prediction.as_json())
    else:
        print_prediction(prediction)


def explain(
    session: Session,
    key: Annotated[str, typer.Argument(metavar="KEY", help="The customer's key.")],
    segmentation: SegmentationName = None,
) -> None:
    """Why one customer is in their segment: what speaks for it, and what for the runner-up.

    Example: segjob explain 12 --segmentation income_spending
    """
    from segjob.cli.explanation import print_explanation
    from segjob.commands.read.explain import explain as explained

    result = explained(session.registry, key, segmentation)
    if session.as_json:
        session.print_json(result.as_json())
    else:
        print_explanation(result)


def query(
    session: Session,
    question: Annotated[
        str | None, typer.Argument(metavar="QUESTION", help="Its name; without one, all are listed.")
    ] = None,
    segmentation: SegmentationName = None,
    other: Annotated[
        str | None, typer.Option("--with", metavar="NAME", help="The second one, of a question about two.")
    ] = None,
    values: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the question.")
    ] = None,
    used: Annotated[
        list[str] | None,
        typer.Option("--use", metavar="NAME=YOURS", help="Your column or table for one of the demo's."),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="All rows as CSV.")] = False,
    only_sql: Annotated[bool, typer.Option("--sql", help="Print the statement, and do not run it.")] = False,
) -> None:
    """An analyst's question about any segmentation: the list of questions, or the answer to one.

    Example: segjob query profile_card --segmentation income_spending
    """
    from segjob.cli.answers import print_answer, print_questions
    from segjob.commands.read.query import assignments, questions
    from segjob.commands.read.query import query as answered

    if question is None:
        if session.as_json:
            session.print_json({"questions": [one.as_json() for one in questions().values()]})
        else:
            print_questions(questions())
        return
    given = {"parameters": assignments("--set", values or ()), "used": assignments("--use", used or ())}
    answer = answered(session.registry, question, segmentation, other, only_sql=only_sql, **given)
    if session.as_json:
        session.print_json(answer.as_json())
    else:
        print_answer(answer, as_csv=as_csv, only_sql=only_sql)


def compare(session: Session, segmentation: SegmentationName = None) -> None:
    """Other algorithms on the same rows and features, and whether one of them is worth a change.

    Example: segjob compare --segmentation income_spending
    """
    from segjob.cli.results import print_comparison
    from segjob.commands.read.compare import compare as compared

    result = compared(session.registry, session.settings.fit, segmentation, session.progress)
    with session.written():
        if session.as_json:
            session.print_json(result.as_json())
        else:
            print_comparison(result)


def lift(
    session: Session,
    metric: Annotated[str, typer.Option("--metric", metavar="COLUMN", help="What is summed per customer.")],
    source: Annotated[str, typer.Option("--from", metavar="RELATION", help="Orders, visits and the like.")],
    at: Annotated[str, typer.Option("--at", metavar="COLUMN", help="Its column of when.")],
    since: Annotated[str, typer.Option("--since", metavar="DATE", help="When the campaign began.")],
    until: Annotated[str | None, typer.Option("--until", metavar="DATE", help="Before which day.")] = None,
    key: Annotated[
        str | None, typer.Option("--key", metavar="COLUMN", help="Its column of who, if called otherwise.")
    ] = None,
    segmentation: SegmentationName = None,
) -> None:
    """What treated customers brought more than held-out ones, by segment, with a 95 % interval.

    Example: segjob lift --metric revenue --from orders --at ordered_at --since 2025-07-01
    """
    from segjob.cli.results import print_lift
    from segjob.commands.read.lift import LiftRequest, measure_lift

    request = LiftRequest(metric, source, at, since, until, key, segmentation)
    result = measure_lift(session.registry, request)
    if session.as_json:
        session.print_json(result.as_json())
    else:
        print_lift(result)
