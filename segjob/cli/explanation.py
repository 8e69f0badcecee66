"""`segjob explain` on the terminal: sentences, then a bar per feature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from segjob.cli.output import cells, new_table, print_line
from segjob.cli.tables import print_table
from segjob.core.number_format import number
from segjob.core.segments.explanation import (
    Reason,
    Shown,
    is_close_call,
    is_negligible,
    largest,
    mean_text,
    sentences,
    value_text,
)
from segjob.core.segments.feature_words import words_of_run
from segjob.core.segments.row_label import row_label_of
from segjob.statements.reasons import SIZE

if TYPE_CHECKING:
    from segjob.commands.read.explain import Explanation

_BAR = 24
"""Characters of the longest bar."""


def print_explanation(explained: Explanation) -> None:
    """Where the customer is, what decides it, and the features one by one."""
    own = f"segment {explained.segment_id}"
    _print_where(explained, own)
    columns = [reason.feature for reason in explained.reasons if not reason.is_together]
    words = words_of_run(explained.run["config"], columns, explained.profiles)

    def label(feature: str) -> str:
        if feature == SIZE:
            return "the segments' sizes"
        return " + ".join(words[name].label if name in words else name for name in feature.split(" + "))

    def shown(feature: str, value: float | None) -> str:
        return words[feature].value(value)

    following = f"segment {explained.next_segment_id}"
    if explained.next_segment_id is None:
        print_line("It is the only segment.")
    else:
        for sentence in sentences(explained.reasons, (own, following), label):
            print_line(sentence)
    print_line("")
    _print_table(explained, [label(reason.feature) for reason in explained.reasons], shown)


def _print_where(explained: Explanation, own: str) -> None:
    run, noun = explained.run, row_label_of(explained.run["key_column"])
    print_line(
        (f"{noun.one} {explained.key}", "bold"),
        f" is in {own}, ",
        (explained.segment_name, "bold"),
        f" ({run['segmentation']}, run {run['run_id']})",
        f"; the runner-up is segment {explained.next_segment_id}, {explained.next_segment_name}"
        if explained.next_segment_id is not None
        else "",
    )
    if explained.published_segment_id is None:
        print_line(f"Run {run['run_id']} did not know this {noun.one}: the model scores the values of today.")
    elif explained.published_segment_id != explained.segment_id:
        print_line(
            f"Run {run['run_id']} itself put the {noun.one} in segment {explained.published_segment_id}: "
            "the values have changed since."
        )
    if explained.is_outlier:
        print_line(f"An outlier: unlike most {noun.many} of the segment too.")
    if is_close_call(explained.margin, explained.algorithm):
        print_line("A close call: near the border of the two segments.")


def _print_table(explained: Explanation, labels: Sequence[str], shown: Shown) -> None:
    own, following = explained.segment_id, explained.next_segment_id
    has_next = following is not None
    headers = ["feature", str(explained.key), f"segment {own}"]
    table = new_table(*headers, *([f"segment {following}", "speaks for", "", ""] if has_next else []))
    longest = largest(explained.reasons)
    for reason, label in zip(explained.reasons, labels, strict=True):
        row = [label, value_text(reason, shown), mean_text(reason, reason.segment_mean, shown)]
        if has_next:
            row.append(mean_text(reason, reason.next_mean, shown))
        table.add_row(*cells(*row), *(_bar(reason, explained, longest) if has_next else []))
    print_table(table)
    if has_next:
        total = sum(reason.contribution or 0.0 for reason in explained.reasons)
        unit = (
            "log odds: how much likelier the segment is than the runner-up"
            if explained.algorithm == "gaussian_mixture"
            else "squared distance from the runner-up less that from the segment, in scaled units"
        )
        print_line(f"together {_signed(total)} ({unit})")


def _bar(reason: Reason, explained: Explanation, longest: float) -> list[Text]:
    """Whom the feature speaks for, and how much."""
    size = reason.contribution
    if size is None:
        return [Text(""), Text(""), Text("")]
    length = 0 if is_negligible(reason, longest) else max(1, round(_BAR * abs(size) / longest))
    segment, mark, style = (
        (explained.segment_id, "█", "green") if size >= 0 else (explained.next_segment_id, "░", "yellow")
    )
    speaks = f"segment {segment}" if length else "neither"
    return [Text(speaks), Text(mark * length, style=style), Text(_signed(size))]


def _signed(value: float) -> str:
    return f"{'+' if value >= 0 else ''}{number(value)}"
