"""Runs and their evidence on the terminal: `segjob history`, `show`, and what `run` prints in the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from segjob.cli.output import cell, cells, new_table, print_line
from segjob.cli.tables import fits, print_blocks, print_table
from segjob.core.number_format import number, passes_over_rows, percent
from segjob.core.segments.feature_words import measures_of_run, words_of_run
from segjob.core.segments.row_label import row_label_of
from segjob.core.select_k.structure import headline, stability_word
from segjob.printable import one_line
from segjob.registry.runs import ASSIGNMENT

if TYPE_CHECKING:
    from segjob.registry.runs import PublishedRun, Record

_MOST_WIDE = 8
"""Features and measures that stand side by side; more of them are rows."""


def print_runs(runs: Sequence[Record]) -> None:
    """`segjob history`."""
    table = new_table(
        "run",
        "segmentation",
        "kind",
        "status",
        "published (UTC)",
        "rows",
        "k",
        "structure",
        "rule",
        "silhouette",
    )
    for run in runs:
        status = f"{run['status']}, current" if run["is_current"] else run["status"]
        table.add_row(
            *cells(
                run["run_id"],
                run["segmentation"],
                run["kind"],
                status,
                run["as_of"],
                run["rows_segmented"],
                run["k"],
            ),
            *cells(run["structure"] or run["k_outcome"], run["k_rule"], run["silhouette"]),
        )
    if runs:
        print_table(table)
    else:
        print_line("no runs yet: publish one with `segjob run`")


def print_segments(evidence: PublishedRun) -> None:
    """What came of the run, in one line; then the segments with the means of their features."""
    run = evidence.run
    _print_headline(run)
    if run["k"] is None:
        return
    headers, columns = _described(evidence)
    own = [
        (row["segment_id"], row["name"], row["rows"], percent(row["share"]), stability_word(row["stability"]))
        for row in evidence.segments
    ]
    table = new_table("segment", "name", "rows", "share", "holds", *headers)
    for i, row in enumerate(own):
        table.add_row(*cells(*row, *(column[i] for column in columns)))
    if len(headers) <= _MOST_WIDE and fits(table):
        print_table(table)
    else:
        table = new_table("segment", "name", "rows", "share", "holds")
        for row in own:
            table.add_row(*cells(*row))
        print_table(table)
        ids = [str(row["segment_id"]) for row in evidence.segments]
        rows = [(header, *column) for header, column in zip(headers, columns, strict=True)]
        print_blocks(["segment", *ids], rows)
    if not _is_kmeans(run):
        print_line(f"{run['algorithm']}, scored {run['scoring']}")


def _described(evidence: PublishedRun) -> tuple[list[str], list[list[str]]]:
    """Features and measures: what is said of each, and its value for every segment."""
    shares = {row["feature"]: row["category"] is not None for row in evidence.transforms}
    measures = measures_of_run(evidence.run["config"])
    columns = (*(row["source_column"] for row in evidence.transforms), *measures)
    words = words_of_run(evidence.run["config"], columns, evidence.profiles)
    profile = {(row["segment_id"], row["feature"]): row for row in evidence.profiles}

    def values(feature: str, column: str, said: Callable[[float | None], str]) -> list[str]:
        rows = (profile.get((row["segment_id"], feature), {}) for row in evidence.segments)
        return [said(row.get(column)) for row in rows]

    described = {
        f"share {feature}" if is_share else f"mean {feature}": values(
            feature, "mean", percent if is_share else words[feature].value
        )
        for feature, is_share in shares.items()
    }
    described |= {f"share of {measure}": values(measure, "total_share", percent) for measure in measures}
    only = [measure for measure in measures if measure not in shares]
    described |= {f"mean {measure}": values(measure, "mean", words[measure].value) for measure in only}
    return list(described), list(described.values())


def _print_headline(run: Record) -> None:
    excluded = f", {run['rows_excluded']:,} left out" if run["rows_excluded"] else ""
    excluded += f", {run['rows_outside']:,} others not asked for" if run["rows_outside"] else ""
    rows = f"{run['rows_segmented']:,} {row_label_of(run['key_column']).of(run['rows_segmented'])}{excluded}"
    number = f" (run {run['run_id']})"
    if run["k"] is None:
        print_line((run["segmentation"], "bold"), f": no segments of {rows}{number}: {headline(run)}")
        return
    noun = "segment" if run["k"] == 1 else "segments"
    said = f": {headline(run)}" if run["structure"] else ""
    print_line((run["segmentation"], "bold"), f": {run['k']} {noun} of {rows}{number}{said}")


def _is_kmeans(run: Record) -> bool:
    return run["algorithm"] in (None, "kmeans")


def print_votes(evidence: PublishedRun) -> None:
    """Why this k: the decision, and every k rule's vote; of a run with partitions, one line for each of them."""
    run = evidence.run
    if evidence.partitions:
        _print_partitions(evidence)
        return
    k = "no k" if run["k"] is None else f"k = {run['k']}"
    how = "fixed" if run["k_outcome"] == "fixed" else f"{run['k_outcome']} by {run['k_rule']}"
    print_line(f"{k}, {how}: {run['k_reason']}")
    table = new_table("rule", "k", "why")
    for vote in evidence.votes:
        table.add_row(*cells(vote["rule"], vote["k"], vote["reason"]))
    if evidence.votes:
        print_table(table)


def _print_partitions(evidence: PublishedRun) -> None:
    run = evidence.run
    table = new_table(run["partition_by"], "segments", "rows", "structure", "silhouette", "why")
    for row in evidence.partitions:
        why = f"refused, {row['reason']}" if row["k"] is None else row["k_reason"]
        table.add_row(
            *cells(row["partition"], row["k"], row["rows"], row["structure"], row["silhouette"], why)
        )
    print_table(table)
    print_line(f"the evidence for one of them: segjob show {run['run_id']} --partition VALUE")


def print_fit(evidence: PublishedRun) -> None:
    """Of an assignment: whose model it is by, and that it is not in use if that is so."""
    run = evidence.run
    if run["kind"] == ASSIGNMENT:
        print_line(f"segments by the model of run {run['fit_run_id']}; nothing was fitted")
    if not evidence.is_current and run["status"] == "published":
        print_line(f"its rows stand for {cell(run['as_of'])} UTC; a newer run stays in use")


def print_evidence(evidence: PublishedRun) -> None:
    """`segjob show`: one run, whole."""
    print_segments(evidence)
    print_fit(evidence)
    print_votes(evidence)
    if not evidence.partitions:
        print_sweep(evidence)
    print_segment_rules(evidence)
    print_lineage(evidence)
    if evidence.exclusions:
        table = new_table("left out because", "column", "rows")
        for row in evidence.exclusions:
            reason = row["reason"] if row["partition"] is None else f"{row['reason']}: {row['partition']}"
            table.add_row(*cells(reason, row["column_name"], row["rows"]))
        print_table(table)
    run = evidence.run
    state = "the current run" if evidence.is_current else run["status"]
    read = "fitted on" if run["k"] is not None else "looked for segments in"
    outside = _outside(run)
    passes = f", {passes_over_rows(run['lloyd_passes'])}" if run["lloyd_passes"] else ""
    print_line(
        f"{state}; {run['relation']} by {run['key_column']}; {run['rows_read']:,} rows read{outside}, {read} "
        f"{run['fit_rows']:,} ({run['fit_method']}){passes}, seed {run['seed']}, "
        f"{'published' if run['k'] is not None else 'refused'} {cell(run['published_at'])} UTC"
    )


def _outside(run: Record) -> str:
    """The condition on the rows, and how many it leaves out; empty without one."""
    where = json.loads(run["config"]).get("where")
    return f" where {one_line(where)} ({run['rows_outside']:,} others not)" if where else ""


def print_sweep(evidence: PublishedRun) -> None:
    """The measures of every number of segments that was tried."""
    run = evidence.run
    measures = ("inertia", "silhouette", "davies_bouldin", "calinski_harabasz")
    headers = ("inertia", "silhouette", "Davies-Bouldin", "Calinski-Harabasz")
    table = new_table("k", "", *headers, "explained", "least stable", "smallest", "largest")
    for row in evidence.sweep:
        mark = ("published" if _is_kmeans(run) else "chosen") if row["is_chosen"] else ""
        shares = (percent(row["smallest_share"]), percent(row["largest_share"]))
        explained, holds = percent(row["explained_variance"]), row["segment_stability"]
        values = (row[measure] for measure in measures)
        table.add_row(*cells(row["k"], mark, *values, explained, holds), *shares)
    print_table(table)
    if not _is_kmeans(run):
        print_line(f"the sweep is of kmeans; {run['algorithm']} has {_measures(run)}")


def _measures(run: Record) -> str:
    measures = {
        "inertia": run["inertia"],
        "silhouette": run["silhouette"],
        "Davies-Bouldin": run["davies_bouldin"],
        "Calinski-Harabasz": run["calinski_harabasz"],
    }
    return ", ".join(f"{name} {cell(value)}" for name, value in measures.items() if value is not None)


def print_segment_rules(evidence: PublishedRun) -> None:
    """Each segment's SQL condition, how well that predicts the segment, and what to do."""
    table = new_table("segment", "nearly the same as", "precision", "recall", "what to do")
    for row in evidence.segments:
        scores = (row["rule_precision"], row["rule_recall"])
        shares = (None if score is None else percent(score) for score in scores)
        table.add_row(*cells(row["segment_id"], row["rule"], *shares, row["action"]))
    if any(row["rule"] for row in evidence.segments):
        print_table(table)


def print_lineage(evidence: PublishedRun) -> None:
    """What happened to each segment since the run before."""
    changed = [row for row in evidence.lineage if row["change"] not in ("first", "same")]
    names = {row["segment_id"]: row["name"] for row in evidence.segments}
    if changed:
        table = new_table("segment", "since the run before", "name")
        for row in changed:
            table.add_row(*cells(row["segment_id"], _change(row), names.get(row["segment_id"])))
        print_table(table)
    elif evidence.lineage and evidence.lineage[0]["previous_run_id"] is not None:
        print_line(f"all segments are the same as in run {evidence.lineage[0]['previous_run_id']}")


def _change(row: Record) -> str:
    if row["change"] == "changed":
        return f"changed: {percent(row['similarity'])} alike, its centroid moved by {number(row['moved'])}"
    if row["split_from_segment_id"] is not None:
        return f"new, split from {row['split_from_segment_id']}"
    if row["merged_into_segment_id"] is not None:
        return f"retired, merged into {row['merged_into_segment_id']}"
    return str(row["change"])
