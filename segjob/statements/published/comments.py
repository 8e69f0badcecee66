"""What the views and their columns mean: the tables' own comments, and what only views have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import ExecutableDDLElement, SetColumnComment

from segjob.statements import reasons
from segjob.statements.published.tables import PublishedTables
from segjob.statements.relation import named
from segjob.statements.sql.ddl import SetViewComment, ViewComments

_NAME = "Name of the segment."
_LIVE = (
    "Every row of the feature relation, scored live with the published model. One row per customer of today."
)
_REASONS = (
    "Why a customer is in a segment and not in the runner-up. One row per customer of today and feature; the "
    "contributions of a customer sum to the squared distance from the runner-up less that from the own segment. "
    "Of a Gaussian mixture to the margin: features that vary together have one row together."
)
_SCORED = {"segment_id", "segment_name", "distance", "next_segment_id", "margin", "is_outlier"}
SHARED_VIEWS: dict[str, tuple[str, tuple[str, ...]]] = {
    "current_runs": ("The run that is in use. One row per segmentation.", ("runs.*",)),
    "current_segments": (
        "The segments of the run in use. One row per segmentation and segment.",
        ("runs.segmentation", "segments.*"),
    ),
    "current_profiles": (
        "What the segments in use look like. One row per segmentation, segment and feature or measure.",
        ("runs.segmentation", "profiles.*"),
    ),
    "current_sweep": (
        "The evidence for k behind the run in use, of its fit. One row per segmentation and k.",
        ("runs.segmentation", "sweeps.*"),
    ),
    "trend": (
        "How sizes and means of the segments went from run to run, by as_of. One row per run, segment, feature.",
        (
            *("runs.segmentation", "runs.run_id", "runs.published_at", "segments.segment_id"),
            *(
                "segment_name",
                "segment_rows",
                "segments.share",
                "profiles.feature",
                "profiles.mean",
                "profiles.z",
            ),
            *("runs.as_of", "runs.kind"),
        ),
    ),
    "migration": (
        "Who went where, run to run. One row per run, segment before and segment now.",
        (
            *("runs.segmentation", "transitions.from_run_id", "transitions.run_id"),
            *(
                "transitions.from_segment_id",
                "from_segment_name",
                "transitions.to_segment_id",
                "to_segment_name",
            ),
            *("transitions.customers", "transitions.share", "runs.as_of"),
        ),
    ),
}
"""View -> (comment, columns): columns of tables, whose comments they have, and those of `_RENAMED`."""
_RENAMED = {
    "segment_name": _NAME,
    "segment_rows": "Customers in it.",
    "from_segment_name": "Its name in the run compared with.",
    "to_segment_name": "Its name in this run.",
}


def tables_of_shared_views() -> list[str]:
    """The tables all of whose columns some view has."""
    columns = (column for _, columns in SHARED_VIEWS.values() for column in columns)
    return sorted({column.removesuffix(".*") for column in columns if column.endswith(".*")})


def of_shared_view(
    tables: PublishedTables, name: str, columns: Mapping[str, Sequence[str]]
) -> tuple[list[str], ViewComments]:
    """The columns of a view that all segmentations share, in order, and what they mean.

    Parameters
    ----------
    columns : of each of `tables_of_shared_views`, as they stand in the warehouse.
    """
    comment, listed = SHARED_VIEWS[name]
    said: dict[str, str] = {}
    for entry in listed:
        table, _, column = entry.rpartition(".")
        if not table:
            said[column] = _RENAMED[column]
            continue
        known = _by_name(tables.table(table))
        said |= {name: known.get(name, "") for name in (columns[table] if column == "*" else [column])}
    return list(said), ViewComments(comment, said)


def of_assignment(history: sa.Table) -> ViewComments:
    """Of view `<s>`."""
    columns = {**_by_name(history), "segment_name": _NAME}
    return ViewComments("Who is in which segment, in the run in use. One row per customer.", columns)


def of_scores(history: sa.Table) -> ViewComments:
    """Of view `<s>_scores`."""
    columns = {
        name: f"{text} Null where the model excludes the row." if name in _SCORED else text
        for name, text in of_assignment(history).columns.items()
    }
    return ViewComments(_LIVE, columns)


def of_profile(
    features: Mapping[str, str], shares: Mapping[str, str], tables: PublishedTables
) -> ViewComments:
    """Of view `<s>_profile`.

    Parameters
    ----------
    features : the view's column -> the model feature or measure whose mean it holds.
    shares : the view's column -> the measure whose share it holds.
    """
    own = _by_name(tables.table("segments"))
    means = {
        column: f"Mean of {feature} in the segment{', a share' if '=' in feature else ''}."
        for column, feature in features.items()
    }
    parts = {
        column: f"The segment's share of the sum of {measure} over all segments, 0 to 1."
        for column, measure in shares.items()
    }
    comment = "What the segments look like side by side. One row per segment."
    return ViewComments(comment, {**own, **means, **parts})


def of_reasons(history: sa.Table, key: str) -> ViewComments:
    """Of view `<s>_reasons`."""
    columns = {
        "feature": "Column of the relation; of a Gaussian mixture also columns together, and (size): how much more "
        "common the own segment is.",
        "value": "The customer's value as it stands in the relation; 1 for a category; null: missing.",
        "category": "The customer's category; null for a numeric feature.",
        "model_value": "The value that the model takes: imputed where missing, moved to the bound where outside.",
        "segment_mean": "Mean of the segment's customers, of those who have a value; their share in the category.",
        "next_mean": "The same of the runner-up's customers.",
        "contribution": "How much the feature speaks for the own segment, below 0 for the runner-up: squared distance "
        "from the runner-up's centroid less that from the own, scaled units; of a Gaussian mixture log odds. Null "
        "where the feature has no contribution of its own.",
    }
    own = {reasons.column(name, key): text for name, text in columns.items()}
    return ViewComments(_REASONS, {**_by_name(history), **own})


def of_audience(history: sa.Table, key: str) -> ViewComments:
    """Of view `<s>_audience`."""
    known = _by_name(history)
    columns = {
        "audience_id": known["segment_id"],
        "audience_name": _NAME,
        "key": known[key],
        "is_holdout": "Whether campaigns should leave the customer out, so that others can be compared with.",
        "since": "The moment that the run stands for in which the customer came into the segment, as far back as runs "
        "are kept (UTC).",
    }
    comment = "Who is in which audience, for activation tools, in the run in use. One row per customer."
    return ViewComments(comment, columns)


def _by_name(table: sa.Table) -> dict[str, str]:
    return {column.name: str(column.comment) for column in table.columns}


def statements(
    schema: str, view: str, columns: Sequence[str], comments: ViewComments
) -> list[ExecutableDDLElement]:
    """What gives a view that is there its comments, on an engine that takes them in statements of their own.

    Parameters
    ----------
    columns : those that the view has.
    """
    result: list[ExecutableDDLElement] = [SetViewComment(schema, view, comments.view)]
    for name, text in comments.of(columns):
        column: sa.Column[Any] = sa.Column(named(name), sa.Text(), comment=text)
        sa.Table(named(view), sa.MetaData(), column, schema=named(schema))
        result.append(SetColumnComment(column))
    return result
