"""Results of the other verbs on the terminal."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from segjob.cli.evidence import print_fit, print_segments, print_votes
from segjob.cli.output import (
    cells,
    new_table,
    print_line,
    print_sql,
    print_warning,
    share_or_figure,
)
from segjob.cli.tables import print_table
from segjob.core.number_format import number, percent
from segjob.printable import one_line
from segjob.registry.runs import ASSIGNMENT

if TYPE_CHECKING:
    from segjob.cli.options import Session
    from segjob.commands.outputs.export import Export
    from segjob.commands.outputs.snapshot import Snapshot
    from segjob.commands.read.compare import Compared
    from segjob.commands.read.diff import Diff
    from segjob.commands.read.health import Health
    from segjob.commands.read.lift import MeasuredLift
    from segjob.commands.read.predict import Prediction
    from segjob.commands.write.backfill import Backfilled
    from segjob.commands.write.forget import Erasure
    from segjob.commands.write.load import LoadedFiles
    from segjob.commands.write.publish_each import RunResults
    from segjob.commands.write.run import Plan
    from segjob.registry.runs import PublishedRun

_SHELLS = {"duckdb": "the duckdb shell", "postgresql": "psql", "spark": "spark-sql"}


PrintDocument = Callable[[Mapping[str, Any]], None]


def print_run(
    outcome: RunResults,
    session: Session,
    print_document: PrintDocument | None,
    loaded: LoadedFiles | None = None,
) -> None:
    """`segjob run`; in the document, `error` is about the segmentations that are missing from `runs`.

    print_document : how to print it as one document; None for a terminal.
    loaded : the files that were loaded before, if any.
    """
    if print_document is not None:
        document: dict[str, Any] = {
            "warehouse": session.warehouse.label,
            **({"loaded": loaded.as_json()} if loaded else {}),
            "runs": [result.as_json() for result in outcome.results],
        }
        if outcome.failure is not None:
            document["error"] = outcome.failure.message
        print_document(document)
        return
    for result in outcome.results:
        print_segments(result.published)
        if result.reason is not None:
            print_line(result.reason)
        if result.published.run["kind"] == ASSIGNMENT:
            print_fit(result.published)
        else:
            print_votes(result.published)
        print_line("")
    published = [result.published for result in outcome.results]
    print_where_next(session, published)


def print_backfill(backfilled: Backfilled) -> None:
    """`segjob backfill`: a row for each date that was published."""
    table = new_table("as of", "run", "kind", "rows")
    for result in backfilled.results:
        run = result.published.run
        table.add_row(*cells(run["as_of"].date(), run["run_id"], run["kind"], run["rows_segmented"]))
    if backfilled.results:
        print_table(table)
    there = f"; {len(backfilled.already_there):,} were there already" if backfilled.already_there else ""
    print_line(
        f"{backfilled.segmentation}: {len(backfilled.results):,} dates published, all by the model of run "
        f"{backfilled.fit_run_id}{there}"
    )


def print_plan(plan: Plan, print_document: PrintDocument | None) -> None:
    """`segjob run --dry-run`: SQL that a shell would take, or one document."""
    if print_document is not None:
        error = {} if plan.failure is None else {"error": plan.failure.message}
        print_document({"statements": [dataclasses.asdict(step) for step in plan.statements], **error})
        return
    for step in plan.statements:
        print_line(f"-- {one_line(step.segmentation)}: {one_line(step.purpose)}")
        print_sql(f"{step.statement};\n")


def print_where_next(session: Session, published: Sequence[PublishedRun]) -> None:
    """Where the tables are and what to ask them, and how to get the page about them."""
    from sqlalchemy.engine.default import DefaultDialect

    warehouse, schema = session.warehouse, session.registry.schema
    quoted = DefaultDialect().identifier_preparer.quote
    name = str(published[0].run["segmentation"])
    views = [f"{quoted(schema)}.{quoted(view)}" for view in (f"{name}_profile", name)]
    shell = _SHELLS.get(warehouse.dialect.name, "an SQL shell")
    print_line(f"published in {warehouse.label}, schema {schema}. Next, in {shell} or a BI tool:")
    for question in (f"select * from {views[0]};", f"select * from {views[1]} limit 10;"):
        print_line((f"  {question}", "bold"))
    command = shlex.join(["segjob", "report", "--segmentation", name, *session.same_place])
    secret = f" ({session.secret_advice})" if session.secret_advice else ""
    print_line(f"As a page for everybody else, with the map and the evidence{secret}:")
    print_line((f"  {command}", "bold"))


def print_prediction(prediction: Prediction) -> None:
    """`segjob predict`."""
    print_line(
        ("segment ", ""),
        (f"{prediction.segment_id}: {prediction.segment_name}", "bold"),
        f"  (distance {number(prediction.distance)}{', an outlier' if prediction.is_outlier else ''})",
    )
    if prediction.next_segment_id is not None:
        less = "less likely, in log odds" if prediction.algorithm == "gaussian_mixture" else "further"
        print_line(
            f"runner-up {prediction.next_segment_id}: {prediction.next_segment_name}  "
            f"({number(prediction.margin)} {less})"
        )


def print_diff(diff: Diff) -> None:
    """`segjob diff`: a row per segment before, a column per segment after."""
    print_line((f"{diff.segmentation}: from run {diff.from_run} to run {diff.to_run}", "bold"))
    flows = {(flow["from_segment_id"], flow["to_segment_id"]): flow for flow in diff.flows}
    before, after = (_outside_last({ids[side] for ids in flows}) for side in (0, 1))
    table = new_table(
        "from", *("left" if i is None else f"to {i}: {diff.to_names.get(i, '?')}" for i in after)
    )
    for row in before:
        label = "entered" if row is None else f"{row}: {diff.from_names.get(row, '?')}"
        counts = (flows.get((row, column)) for column in after)
        table.add_row(
            *cells(label, *(f"{c['customers']:,} ({percent(c['share'])})" if c else "" for c in counts))
        )
    print_table(table)
    in_both = {ids: flow["customers"] for ids, flow in flows.items() if None not in ids}
    moved = sum(customers for (start, end), customers in in_both.items() if start != end)
    print_line(f"{moved:,} of {sum(in_both.values()):,} {diff.noun.many} in both runs changed their segment")
    if diff.moved_by is not None:
        by = diff.moved_by
        unknown = f", of {by['unknown']:,} it is not known" if by["unknown"] else ""
        print_line(
            f"of these, {by['itself']:,} moved by themselves (the model before would have moved them too), "
            f"{by['model']:,} were moved by the new model{unknown}"
        )


def _outside_last(ids: set[int | None]) -> list[int | None]:
    """Segments by number; None, which stands for no segment, comes last."""
    return sorted(ids, key=lambda i: (i is None, i or 0))


def print_health(health: Health) -> None:
    """`segjob health`: measures beyond their limits first."""
    state = "healthy" if health.is_healthy else "not healthy"
    print_line((f"{health.run['segmentation']} (run {health.run['run_id']}): {state}", "bold"))
    table = new_table("measure", "of", "at the run", "today", "limit", "")
    for finding in sorted(health.findings, key=lambda f: f.is_healthy):
        figures = (finding.reference, finding.value, finding.threshold)
        is_share = finding.measure.endswith("_share")
        table.add_row(
            *cells(
                finding.measure, finding.subject, *(share_or_figure(figure, is_share) for figure in figures)
            ),
            Text("") if finding.is_healthy else Text("beyond", style="bold red"),
        )
    print_table(table)


def print_comparison(comparison: Compared) -> None:
    """`segjob compare`: a row per algorithm, then the advice."""
    from segjob.core.compare.verdict import NAMES

    run = comparison.run
    print_line((f"{run['segmentation']} (run {run['run_id']}), other algorithms", "bold"))
    headers = ("silhouette", "Davies-Bouldin", "Calinski-Harabasz", "agreement", "seconds")
    table = new_table("algorithm", "clusters", "noise", *headers)
    for row in comparison.comparisons:
        name = NAMES[row.algorithm]
        if row.skipped is not None:
            table.add_row(*cells(name, *[None] * 7))
            continue
        measures = (row.silhouette, row.davies_bouldin, row.calinski_harabasz, row.agreement, row.fit_seconds)
        table.add_row(*cells(name, row.clusters, percent(row.noise_share), *measures))
    print_table(table)
    print_line(comparison.verdict.text)


def print_snapshot(snapshot: Snapshot) -> None:
    """`segjob snapshot`."""
    print_line(f"{snapshot.file}: {len(snapshot.relations)} tables, {snapshot.size / 1e6:,.1f} MB")
    if snapshot.parquet is not None:
        print_line(f"{snapshot.parquet}: the same as Parquet files")
    for name in snapshot.left_out:
        print_warning(f"{name} is left out: it cannot be read any more")


def print_export(export: Export) -> None:
    """`segjob export`."""
    for one in export.files:
        print_line(f"{one.file}: {one.rows:,} of segment {one.segment_id}, {one.name}")
    if export.held_out:
        where = "in the files, marked in is_holdout" if export.with_holdout else "in no file"
        print_line(f"{export.held_out:,} are held out, and {where}")


def print_erasure(erasure: Erasure) -> None:
    """`segjob forget`; no line names a key."""
    names = ", ".join(erasure.segmentations)
    print_line(
        f"forgotten: {erasure.keys:,} by {erasure.key_column}, {erasure.known:,} of them in runs of {names}; "
        f"{erasure.rows:,} rows deleted. Later runs leave them out"
    )
    for folder in erasure.snapshots:
        print_line(f"the snapshot in {folder} was written anew")
    for relation, rows in erasure.still_in.items():
        print_warning(f"{relation} still has {rows:,} rows of them: that table is yours, delete them there")
    for place in erasure.mentions:
        print_warning(f"{place}: a text there holds one of the keys; change it")
    if erasure.left_to_do is not None:
        print_warning(erasure.left_to_do)


def print_remembered(number: int, print_document: PrintDocument | None) -> None:
    """`segjob forget --remember`."""
    if print_document is not None:
        print_document({"remembered": number})
    else:
        print_line(f"{number:,} are taken again by later runs; what was deleted stays deleted")


def print_lift(result: MeasuredLift) -> None:
    """`segjob lift`: a row per segment, and one for all."""
    run, request = result.run, result.request
    print_line(
        (f"{run['segmentation']} (run {run['run_id']}): ", "bold"),
        f"{request.metric} per customer since {request.since}, treated against held out",
    )
    table = new_table(
        "segment", "treated", "mean", "held out", "mean", "difference", "95 % interval", "more customers"
    )
    for one in (*result.segments, result.overall):
        name = one.name if one.segment_id is None else f"{one.segment_id}: {one.name}"
        arms = (one.treated.customers, one.treated.mean, one.held_out.customers, one.held_out.mean)
        low, high = one.lift.low, one.lift.high
        interval = None if low is None or high is None else f"{number(low)} to {number(high)}"
        table.add_row(*cells(name, *arms, one.lift.difference, interval, one.lift.more_customers))
    print_table(table)
    print_line("more customers: to see a difference as large as this one in 80 % of such campaigns")
