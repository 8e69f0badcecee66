"""How results, progress and errors look to a person. Data goes to stdout, everything else to stderr."""

from __future__ import annotations

import dataclasses
import json
import math
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from segjob.core.segments.row_label import row_label_of
from segjob.pipeline.progress import Phase, Progress

if TYPE_CHECKING:
    from segjob.commands.compare import Compared
    from segjob.commands.diff import Diff
    from segjob.commands.health import Health
    from segjob.commands.predict import Prediction
    from segjob.commands.run import Planned, Ran
    from segjob.commands.snapshot import Snapshot
    from segjob.errors import SegjobError
    from segjob.registry.runs import Evidence, Record
    from segjob.warehouse.base import Warehouse

_WIDE = 160
_SHELLS = {"duckdb": "the duckdb shell", "postgresql": "psql", "spark": "spark-sql"}
out = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE)
err = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else _WIDE)


class Warned(Progress):
    """Warnings and nothing else: --quiet."""

    subject: str | None = None

    def turn_to(self, subject: str | None) -> None:
        """Warnings name it."""
        self.subject = subject

    def warn(self, text: str) -> None:
        """Say it at once."""
        super().warn(text)
        about = f"{self.subject}: " if self.subject else ""
        err.print(Text(f"  warning: {about}{text}", style="yellow"), soft_wrap=True)


class Shown(Warned):
    """Progress for a person: a live phase on a terminal, one line per phase otherwise."""

    def turn_to(self, subject: str | None) -> None:
        """A heading of its own."""
        if subject:
            err.print(Text(subject, style="dim"), soft_wrap=True)

    def started(self, phase: Phase) -> None:
        """Show the phase that is under way, where there is a line to overwrite."""
        if err.is_terminal:
            err.print(Text(f"  {phase.name} ...", style="dim"), end="\r")

    def ended(self, phase: Phase) -> None:
        """Replace it with what it took."""
        rate = f"{phase.rows / phase.seconds:,.0f} rows/s" if phase.rows and phase.seconds > 0 else ""
        rows = f"{phase.rows:,} rows" if phase.rows is not None else ""
        told = "  ".join(
            filter(None, [f"{phase.name:<28}", f"{phase.seconds:7.2f} s", rows, rate, phase.note])
        )
        err.print(Text(f"  {told}", style="dim"), soft_wrap=True)


def print_json(document: Any) -> None:
    """One JSON document on stdout."""
    sys.stdout.write(json.dumps(_plain(document), indent=2, ensure_ascii=False) + "\n")


def print_run_document(warehouse: str, ran: Ran) -> None:
    """`segjob run --json`; `error` is about the segmentations that are missing from `runs`."""
    document: dict[str, Any] = {"warehouse": warehouse, "runs": [result.as_json() for result in ran.results]}
    if ran.failure is not None:
        document["error"] = ran.failure.message
    print_json(document)


def print_plan(plan: Iterable[Planned], *, as_json: bool) -> None:
    """`segjob run --dry-run`: SQL that a shell would take, or one document."""
    if as_json:
        print_json({"statements": [dataclasses.asdict(step) for step in plan]})
        return
    for step in plan:
        sys.stdout.write(f"-- {step.segmentation}: {step.purpose}\n{step.statement};\n\n")


def print_error(error: SegjobError, *, as_json: bool, verbose: bool) -> None:
    """What was wrong and what to do; the statement that failed only when asked for."""
    if as_json:
        document = {"error": error.message, "hint": error.hint, "exit_code": error.exit_code}
        print_json(document | ({"statement": error.statement} if verbose else {}))
    err.print(Text.assemble(("error: ", "bold red"), error.message), soft_wrap=True)
    if error.hint:
        err.print(Text.assemble(("  hint: ", "bold"), error.hint), soft_wrap=True)
    if error.statement and verbose:
        err.print(Text(error.statement, style="dim"), soft_wrap=True)
    elif error.statement:
        err.print(Text("  the statement: add --verbose", style="dim"))


def print_runs(runs: Sequence[Record]) -> None:
    """`segjob history`."""
    table = _table(
        "run", "segmentation", "status", "published (UTC)", "rows", "k", "rule", "outcome", "silhouette"
    )
    for run in runs:
        status = f"{run['status']}, current" if run["is_current"] else run["status"]
        table.add_row(
            *_cells(
                run["run_id"],
                run["segmentation"],
                status,
                run["published_at"],
                run["rows_segmented"],
                run["k"],
            ),
            *_cells(run["k_rule"], run["k_outcome"], run["silhouette"]),
        )
    out.print(table if runs else "no runs yet: publish one with `segjob run`")


def print_segments(evidence: Evidence) -> None:
    """The answer: the segments with the means of their features."""
    run = evidence.run
    excluded = f", {run['rows_excluded']:,} left out" if run["rows_excluded"] else ""
    k, noun = run["k"], "segment" if run["k"] == 1 else "segments"
    called = row_label_of(run["key_column"]).of(run["rows_segmented"])
    out.print(
        Text.assemble(
            (run["segmentation"], "bold"),
            f": {k} {noun} of {run['rows_segmented']:,} {called}{excluded} (run {run['run_id']})",
        )
    )
    shares = {row["feature"]: row["category"] is not None for row in evidence.transforms}
    mean = {(row["segment_id"], row["feature"]): row["mean"] for row in evidence.profiles}
    means = (f"share {feature}" if is_share else f"mean {feature}" for feature, is_share in shares.items())
    table = _table("segment", "name", "rows", "share", *means)
    for row in evidence.segments:
        own = (
            _part(mean.get((row["segment_id"], feature)), is_share) for feature, is_share in shares.items()
        )
        table.add_row(
            *_cells(row["segment_id"], row["name"], row["rows"]), f"{row['share']:.1%}", *_cells(*own)
        )
    out.print(table)
    if not _is_kmeans(run):
        out.print(Text(f"{run['algorithm']}, scored {run['scoring']}"), soft_wrap=True)


def _is_kmeans(run: Record) -> bool:
    return run["algorithm"] in (None, "kmeans")


def _of_its_own(run: Record) -> str:
    figures = {
        "inertia": run["inertia"],
        "silhouette": run["silhouette"],
        "Davies-Bouldin": run["davies_bouldin"],
        "Calinski-Harabasz": run["calinski_harabasz"],
    }
    return ", ".join(f"{name} {_cell(value)}" for name, value in figures.items() if value is not None)


def print_votes(evidence: Evidence) -> None:
    """Why this k: the decision and what each rule said."""
    run = evidence.run
    how = "fixed" if run["k_outcome"] == "fixed" else f"{run['k_outcome']} by {run['k_rule']}"
    out.print(Text(f"k = {run['k']}, {how}: {run['k_reason']}"), soft_wrap=True)
    table = _table("rule", "k", "why")
    for vote in evidence.votes:
        table.add_row(*_cells(vote["rule"], vote["k"], vote["reason"]))
    if evidence.votes:
        out.print(table)


def print_evidence(evidence: Evidence) -> None:
    """`segjob show`: one run, whole."""
    run = evidence.run
    chosen = "published" if _is_kmeans(run) else "chosen"
    print_segments(evidence)
    print_votes(evidence)
    table = _table(
        "k", "inertia", "silhouette", "Davies-Bouldin", "Calinski-Harabasz", "smallest", "largest", ""
    )
    for row in evidence.sweep:
        table.add_row(
            *_cells(
                row["k"], row["inertia"], row["silhouette"], row["davies_bouldin"], row["calinski_harabasz"]
            ),
            f"{row['smallest_share']:.1%}",
            f"{row['largest_share']:.1%}",
            chosen if row["is_chosen"] else "",
        )
    out.print(table)
    if not _is_kmeans(run):
        out.print(
            f"the sweep is of kmeans; {run['algorithm']} has {_of_its_own(run)}",
            soft_wrap=True,
        )
    print_rules(evidence)
    print_lineage(evidence)
    if evidence.exclusions:
        table = _table("left out because", "column", "rows")
        for row in evidence.exclusions:
            table.add_row(*_cells(row["reason"], row["column_name"], row["rows"]))
        out.print(table)
    state = "the current run" if evidence.is_current else run["status"]
    passes = f", {run['lloyd_passes']} passes over all rows" if run["lloyd_passes"] else ""
    out.print(
        f"{state}; {run['relation']} by {run['key_column']}; {run['rows_read']:,} rows read, fitted on "
        f"{run['fit_rows']:,} ({run['fit_method']}){passes}, seed {run['seed']}, "
        f"published {_cell(run['published_at'])} UTC",
        soft_wrap=True,
    )


def print_diff(diff: Diff) -> None:
    """`segjob diff`: a row per segment before, a column per segment after."""
    out.print(Text(f"{diff.segmentation}: from run {diff.from_run} to run {diff.to_run}", style="bold"))
    flows = {(flow["from_segment_id"], flow["to_segment_id"]): flow for flow in diff.flows}
    columns = sorted({to for _, to in flows if to is not None}) + (
        [None] if any(to is None for _, to in flows) else []
    )
    rows = sorted({of for of, _ in flows if of is not None}) + (
        [None] if any(of is None for of, _ in flows) else []
    )
    table = _table(
        "from", *("left" if to is None else f"to {to}: {diff.to_names.get(to, '?')}" for to in columns)
    )
    for of in rows:
        cells = (flows.get((of, to)) for to in columns)
        label = "entered" if of is None else f"{of}: {diff.from_names.get(of, '?')}"
        table.add_row(*_cells(label, *(f"{c['customers']:,} ({c['share']:.1%})" if c else "" for c in cells)))
    out.print(table)
    moved = sum(flow["customers"] for (of, to), flow in flows.items() if None not in (of, to) and of != to)
    stayed = sum(flow["customers"] for (of, to), flow in flows.items() if of == to)
    out.print(f"{moved:,} of {moved + stayed:,} {diff.noun.many} in both runs changed their segment")


def print_health(health: Health) -> None:
    """`segjob health`: what is beyond its threshold first."""
    state = "healthy" if health.is_healthy else "not healthy"
    out.print(Text(f"{health.run['segmentation']} (run {health.run['run_id']}): {state}", style="bold"))
    table = _table("measure", "of", "at the run", "today", "limit", "")
    for finding in sorted(health.findings, key=lambda f: f.is_healthy):
        figures = (finding.reference, finding.value, finding.threshold)
        is_share = finding.measure.endswith("_share")
        table.add_row(
            *_cells(finding.measure, finding.subject, *(_part(figure, is_share) for figure in figures)),
            Text("") if finding.is_healthy else Text("beyond", style="bold red"),
        )
    out.print(table)


def print_comparison(found: Compared) -> None:
    """`segjob compare`: a row per algorithm, then the advice."""
    from segjob.core.compare.verdict import NAMES

    out.print(
        Text(f"{found.run['segmentation']} (run {found.run['run_id']}), other algorithms", style="bold")
    )
    table = _table(
        "algorithm",
        "clusters",
        "noise",
        "silhouette",
        "Davies-Bouldin",
        "Calinski-Harabasz",
        "agreement",
        "seconds",
    )
    for one in found.comparisons:
        if one.skipped is not None:
            table.add_row(*_cells(NAMES[one.algorithm], "-", "-", None, None, None, None, None))
            continue
        table.add_row(
            *_cells(NAMES[one.algorithm], one.clusters),
            f"{one.noise_share:.1%}",
            *_cells(
                one.silhouette, one.davies_bouldin, one.calinski_harabasz, one.agreement, one.fit_seconds
            ),
        )
    out.print(table)
    out.print(Text(found.verdict.text), soft_wrap=True)


def print_snapshot(written: Snapshot) -> None:
    """`segjob snapshot`."""
    out.print(
        f"{written.file}: {len(written.relations)} tables, {written.size / 1e6:,.1f} MB", soft_wrap=True
    )
    if written.parquet is not None:
        out.print(f"{written.parquet}: the same as Parquet files", soft_wrap=True)
    for name in written.left_out:
        err.print(
            Text(f"  warning: {name} is left out: it cannot be read any more", style="yellow"), soft_wrap=True
        )


def print_where_next(
    warehouse: Warehouse, schema: str, published: Sequence[Evidence], options: Sequence[str]
) -> None:
    """Where the tables are and what to ask them, and how to get the page about them.

    options : that lead a command to the same warehouse.
    """
    from sqlalchemy.engine.default import DefaultDialect

    quoted = DefaultDialect().identifier_preparer.quote
    name = str(published[0].run["segmentation"])
    views = [f"{quoted(schema)}.{quoted(view)}" for view in (f"{name}_profile", name)]
    shell = _SHELLS.get(warehouse.dialect.name, "an SQL shell")
    out.print(
        f"published in {warehouse.label}, schema {schema}. Next, in {shell} or a BI tool:", soft_wrap=True
    )
    for question in (f"select * from {views[0]};", f"select * from {views[1]} limit 10;"):
        out.print(Text(f"  {question}", style="bold"), soft_wrap=True)
    command = shlex.join(["segjob", "report", "--segmentation", name, *options])
    out.print("As a page for everybody else, with the map and the evidence:", soft_wrap=True)
    out.print(Text(f"  {command}", style="bold"), soft_wrap=True)


def print_rules(evidence: Evidence) -> None:
    """Who is in each segment as a condition, how well it tells, and what to do."""
    table = _table("segment", "nearly the same as", "precision", "recall", "what to do")
    for row in evidence.segments:
        scores = (row["rule_precision"], row["rule_recall"])
        told = (None if score is None else f"{score:.1%}" for score in scores)
        table.add_row(*_cells(row["segment_id"], row["rule"], *told, row["action"]))
    if any(row["rule"] for row in evidence.segments):
        out.print(table)


def print_lineage(evidence: Evidence) -> None:
    """What became of each segment since the run before, where anything did."""
    told = [(row, _fate(row)) for row in evidence.lineage if row["change"] not in ("first", "same")]
    names = {row["segment_id"]: row["name"] for row in evidence.segments}
    if told:
        table = _table("segment", "since the run before", "name")
        for row, fate in told:
            table.add_row(*_cells(row["segment_id"], fate, names.get(row["segment_id"])))
        out.print(table)
    elif evidence.lineage and evidence.lineage[0]["previous_run_id"] is not None:
        out.print(f"all segments are the same as in run {evidence.lineage[0]['previous_run_id']}")


def _fate(row: Record) -> str:
    if row["change"] == "changed":
        return f"changed: {row['similarity']:.0%} alike, its centroid moved by {row['moved']:.2g}"
    if row["split_from_segment_id"] is not None:
        return f"new, split from {row['split_from_segment_id']}"
    if row["merged_into_segment_id"] is not None:
        return f"retired, merged into {row['merged_into_segment_id']}"
    return str(row["change"])


def print_prediction(prediction: Prediction) -> None:
    """`segjob predict`."""
    out.print(
        Text.assemble(
            ("segment ", ""),
            (f"{prediction.segment_id}: {prediction.segment_name}", "bold"),
            f"  (distance {prediction.distance:.4g}{', an outlier' if prediction.is_outlier else ''})",
        )
    )
    if prediction.next_segment_id is not None:
        less = "less likely, in log odds" if prediction.algorithm == "gaussian_mixture" else "further"
        out.print(
            f"runner-up {prediction.next_segment_id}: {prediction.next_segment_name}  "
            f"({prediction.margin:.4g} {less})"
        )


def _table(*headers: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for header in headers:
        numeric = header in (
            "run",
            "rows",
            "share",
            "k",
            "segment",
            "silhouette",
            "inertia",
            "smallest",
            "largest",
        )
        table.add_column(
            Text(header),
            justify="right"
            if numeric or header.startswith(("mean ", "share ", "Davies", "Calinski"))
            else "left",
        )
    return table


def _part(figure: float | None, is_share: bool) -> float | str | None:
    """A share as a percentage; any other figure as it is."""
    return f"{figure:.1%}" if is_share and figure is not None else figure


def _cells(*values: object) -> Iterable[Text]:
    # Text, so that a name such as "[red]" is shown and not obeyed.
    return (Text(_cell(value)) for value in values)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return str(value)


def _plain(value: Any) -> Any:
    """Values as JSON has them; what has no number there is null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
