"""The published tables as SQLAlchemy MetaData: what each is for and what every column means."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

LAYOUT_VERSION = 5
"""Raised whenever a column or table changes; `layout` in the warehouse says which one it was written with."""

_INT = sa.Integer
_BIG = sa.BigInteger
_REAL = sa.Double
_TEXT = sa.Text
_TIME = sa.DateTime
_BOOL = sa.Boolean

_Columns = tuple[tuple[str, type[TypeEngine[Any]], str], ...]

_RUN: _Columns = (("run_id", _BIG, "The run that wrote this row."),)
_SEGMENT: _Columns = (("segment_id", _INT, "Number of the segment; stays the same across runs."),)
_FEATURE: _Columns = (("feature", _TEXT, "Model feature; a one-hot feature is written column=category."),)
_PARTITION: _Columns = (
    (
        "partition",
        _TEXT,
        "Value of the column runs.partition_by, as text, whose rows alone this is about. Null: all rows.",
    ),
)

SHARED: dict[str, tuple[str, _Columns]] = {
    "files": (
        "Tables that segjob has loaded from files, and may replace. One row per table.",
        (
            ("relation", _TEXT, "The table, with its schema."),
            ("file", _TEXT, "The file that it was read from, or the files."),
            ("loaded_at", _TIME, "When it was loaded (UTC)."),
            ("rows", _BIG, "Rows that were loaded."),
            ("columns", _TEXT, "Names and types of its columns (json)."),
        ),
    ),
    "layout": (
        "Which layout of these tables the warehouse holds. One row.",
        (
            ("version", _INT, "Number of the layout."),
            ("written_by", _TEXT, "Version of segjob that made or upgraded the tables."),
        ),
    ),
    "runs": (
        "What was run, on what, and what came of it. One row per run.",
        (
            ("run_id", _BIG, "Number of the run, counting up."),
            ("segmentation", _TEXT, "Name of the segmentation."),
            (
                "status",
                _TEXT,
                "published; rolled_back when a rollback, or a later run as of the same moment, took it out of use; "
                "refused: nothing was published, only the evidence is kept.",
            ),
            ("started_at", _TIME, "When the job started (UTC)."),
            ("published_at", _TIME, "When the tables were published, or a refused run's evidence (UTC)."),
            ("relation", _TEXT, "Table or view that was segmented."),
            ("key_column", _TEXT, "Its column that names a customer."),
            ("rows_read", _BIG, "Rows of the relation, where its condition holds; the sum of the next two."),
            ("rows_segmented", _BIG, "Rows that have a segment; of a refused run, that would have one."),
            ("rows_excluded", _BIG, "Rows left out, by reason in exclusions."),
            ("fit_rows", _BIG, "Rows brought into memory to choose k and fit on."),
            ("fit_method", _TEXT, "all_rows, distinct_rows (with counts; lossless) or sample."),
            ("k", _INT, "Number of segments; null for a refused run."),
            ("k_rule", _TEXT, "Rule that chose k; fixed where the user did."),
            (
                "k_outcome",
                _TEXT,
                "chosen, divided (a continuum), fixed (by the user) or none; ambiguous in runs of earlier versions.",
            ),
            ("k_reason", _TEXT, "Why this k, in words."),
            (
                "inertia",
                _REAL,
                "Sum of squared distances of all segmented rows to their centroids, scaled units; exact.",
            ),
            ("silhouette", _REAL, "Mean silhouette of the fit rows, -1 to 1."),
            ("davies_bouldin", _REAL, "Davies-Bouldin index of the fit rows; lower is better."),
            ("calinski_harabasz", _REAL, "Calinski-Harabasz index of the fit rows; higher is better."),
            (
                "stability",
                _REAL,
                "Mean adjusted Rand index between k-means on random halves, up to 1; null for other algorithms.",
            ),
            (
                "lloyd_passes",
                _INT,
                "Passes over all rows that refined the fit; 0 where the fit saw all rows, and for ward.",
            ),
            ("converged", _BOOL, "Whether the centroids had stopped moving."),
            ("seed", _BIG, "Seed of everything random in the run."),
            ("config", _TEXT, "The segmentation's settings (json)."),
            ("versions", _TEXT, "Versions of segjob and the libraries (json)."),
            ("warnings", _TEXT, "What a careful analyst would point out about the run (json)."),
            ("algorithm", _TEXT, "kmeans, ward or gaussian_mixture: what made the segments. Null: kmeans."),
            (
                "scoring",
                _TEXT,
                "How a row gets its segment, and how far that is what the algorithm itself says, in words.",
            ),
            (
                "structure",
                _TEXT,
                "natural: the groups are there. reproducible: the borders are a convention, but other customers would "
                "give the same. constructive: neither.",
            ),
            (
                "density_agreement",
                _REAL,
                "Adjusted Rand index of the groups that density shows and the segments; null without groups.",
            ),
            (
                "rows_outside",
                _BIG,
                "Rows of the relation that the segmentation's condition (where) leaves out, not in rows_read; null "
                "without one.",
            ),
            (
                "kind",
                _TEXT,
                "fit: k was chosen and a model fitted. assignment: the rows got segments by the model of fit_run_id, "
                "whose evidence (k, silhouette and the like) the row repeats. Null: fit.",
            ),
            ("fit_run_id", _BIG, "The run that fitted the model; a fit's own number. Null: its own."),
            (
                "as_of",
                _TIME,
                "The moment that the rows stand for (UTC); the run in use is the newest by it. Null: published_at.",
            ),
            (
                "partition_by",
                _TEXT,
                "Column of the relation for each value of which there is a model: partitions has what k and its kin "
                "are of each. Null: one model for all rows.",
            ),
        ),
    ),
    "sweeps": (
        "The evidence for k: fits of k-means, whatever is published then. One row per fit and k.",
        (
            *_RUN,
            ("k", _INT, "Number of segments tried."),
            ("inertia", _REAL, "Sum of squared distances, scaled units; see inertia_is_exact."),
            ("silhouette", _REAL, "Mean silhouette; null for k = 1."),
            ("davies_bouldin", _REAL, "Davies-Bouldin index; null for k = 1."),
            ("calinski_harabasz", _REAL, "Calinski-Harabasz index; null for k = 1."),
            ("gap", _REAL, "Gap statistic (Tibshirani, Walther and Hastie 2001)."),
            ("gap_se", _REAL, "Its standard error."),
            ("stability", _REAL, "Mean adjusted Rand index between k-means on random halves."),
            ("smallest_share", _REAL, "Share of the smallest segment, 0 to 1."),
            ("largest_share", _REAL, "Share of the largest segment, 0 to 1."),
            ("fit_seconds", _REAL, "Seconds this k took."),
            (
                "is_chosen",
                _BOOL,
                "Whether this k was published. Null for one of several partitions, see there.",
            ),
            (
                "inertia_is_exact",
                _BOOL,
                "False where inertia is a sample's, scaled up to all rows.",
            ),
            ("fit_rows", _BIG, "Rows that this k was fitted on."),
            ("silhouette_rows", _BIG, "Rows that silhouette was computed on."),
            (
                "segment_stability",
                _REAL,
                "How well the least stable segment is found again on random halves: mean Jaccard index, 0 to 1.",
            ),
            ("explained_variance", _REAL, "Share of the variance between segments, 0 to 1, scaled units."),
            *_PARTITION,
        ),
    ),
    "k_votes": (
        "What each rule says about k. One row per fit and rule.",
        (
            *_RUN,
            ("rule", _TEXT, "Name of the rule."),
            ("k", _INT, "Its k; null where it finds none."),
            ("strength", _REAL, "How clear the evidence is to the rule itself, 0 to 1."),
            ("reason", _TEXT, "Why, in words."),
            *_PARTITION,
        ),
    ),
    "exclusions": (
        "Rows left out. One row per run, reason and column; a row counts under its first reason.",
        (
            *_RUN,
            ("reason", _TEXT, "Why the rows were left out."),
            ("column_name", _TEXT, "Column that the reason is about."),
            ("rows", _BIG, "How many rows."),
            *_PARTITION,
        ),
    ),
    "transforms": (
        "How a column becomes a coordinate. One row per run and model feature. "
        "x = (function(clip(coalesce(value, impute_value))) - center) / scale * weight.",
        (
            *_RUN,
            *_FEATURE,
            ("position", _INT, "Order of the coordinates, from 0."),
            ("source_column", _TEXT, "Column of the relation."),
            ("category", _TEXT, "Category that a one-hot feature stands for."),
            ("impute_value", _REAL, "Stands in for a missing value; null: such rows are excluded."),
            ("lower_bound", _REAL, "Lowest value taken."),
            ("upper_bound", _REAL, "Highest value taken."),
            ("outside", _TEXT, "What happens outside the bounds: clip, or exclude the row."),
            ("function", _TEXT, "identity, log1p or one_hot."),
            ("center", _REAL, "Subtracted after the function."),
            ("scale", _REAL, "Divided by after that."),
            ("weight", _REAL, "Importance that the user gave the feature."),
            *_PARTITION,
        ),
    ),
    "centroids": (
        "Where the segments' centres are. One row per run, segment and model feature.",
        (
            *_RUN,
            *_SEGMENT,
            *_FEATURE,
            ("value", _REAL, "In the column's own units; a share for a one-hot feature."),
            ("scaled_value", _REAL, "In the scaled units that distances are measured in."),
            *_PARTITION,
        ),
    ),
    "profiles": (
        "What the segments look like. One row per run, segment and model feature or measure; values as they stand in "
        "the relation, nulls left out.",
        (
            *_RUN,
            *_SEGMENT,
            *_FEATURE,
            ("rows", _BIG, "Customers of the segment that have a value."),
            ("mean", _REAL, "Their mean."),
            ("stddev", _REAL, "Their standard deviation."),
            ("minimum", _REAL, "Their minimum."),
            ("p25", _REAL, "Their lower quartile."),
            ("median", _REAL, "Their median."),
            ("p75", _REAL, "Their upper quartile."),
            ("maximum", _REAL, "Their maximum."),
            ("overall_mean", _REAL, "Mean of all segmented customers."),
            ("z", _REAL, "How many overall standard deviations the segment's mean is from everyone's."),
            (
                "is_feature",
                _BOOL,
                "Whether the segments were made from it; false for a measure, which only describes them. Null: true.",
            ),
            (
                "total_share",
                _REAL,
                "For a measure: the segment's share of the sum over all segments, 0 to 1; null if that is not above 0.",
            ),
            (
                "partition",
                _TEXT,
                "Value of the column runs.partition_by, as text; overall_mean, z and total_share compare within it. "
                "Null: all rows.",
            ),
        ),
    ),
    "segments": (
        "The segments. One row per run and segment.",
        (
            *_RUN,
            *_SEGMENT,
            ("name", _TEXT, "Its name, unique within a run."),
            ("named_by", _TEXT, "segjob, or analyst."),
            ("description", _TEXT, "An analyst's description."),
            ("rows", _BIG, "Customers in it."),
            ("share", _REAL, "Their share of all segmented customers, 0 to 1."),
            ("inertia", _REAL, "Sum of squared distances to its centroid, scaled units."),
            (
                "silhouette",
                _REAL,
                "Mean silhouette of its fit rows; like stability and the rule, of the fit.",
            ),
            (
                "outlier_distance",
                _REAL,
                "Who is further than this from the centroid is an outlier; in the terms of distance.",
            ),
            ("rule", _TEXT, "Readable SQL condition that nearly describes it."),
            ("rule_precision", _REAL, "Share of the rule's customers that are in the segment."),
            ("rule_recall", _REAL, "Share of the segment's customers that the rule finds."),
            ("action", _TEXT, "What marketing could do with it."),
            ("mixing_weight", _REAL, "Its share in a Gaussian mixture, 0 to 1; null for other algorithms."),
            (
                "stability",
                _REAL,
                "How well it is found again on random halves of the customers: mean Jaccard index, 0 to 1.",
            ),
            *_PARTITION,
        ),
    ),
    "partitions": (
        "What came of each value of the column runs.partition_by. One row per run and value; its segments are in "
        "segments.",
        (
            *_RUN,
            *_PARTITION,
            ("status", _TEXT, "segmented, or refused: its rows are left out."),
            ("rows", _BIG, "Its rows that could have a segment."),
            ("reason", _TEXT, "Why it was refused; null if it was not."),
            ("fit_rows", _BIG, "Rows brought into memory to choose k and fit on."),
            ("fit_method", _TEXT, "all_rows or sample."),
            ("k", _INT, "Number of its segments; null if it was refused."),
            ("k_rule", _TEXT, "Rule that chose k; fixed where the user did."),
            ("k_outcome", _TEXT, "chosen, divided (a continuum), fixed (by the user) or none."),
            ("k_reason", _TEXT, "Why this k, in words."),
            ("structure", _TEXT, "natural, reproducible or constructive, as in runs."),
            (
                "inertia",
                _REAL,
                "Sum of squared distances of its rows to their centroids, in its own scaled units.",
            ),
            ("silhouette", _REAL, "Mean silhouette of its fit rows, -1 to 1."),
            ("davies_bouldin", _REAL, "Davies-Bouldin index of its fit rows."),
            ("calinski_harabasz", _REAL, "Calinski-Harabasz index of its fit rows."),
            ("stability", _REAL, "Mean adjusted Rand index between k-means on random halves."),
            ("density_agreement", _REAL, "As in runs."),
            (
                "lloyd_passes",
                _INT,
                "Passes over all rows that refined its fit; 0 where the fit saw all its rows.",
            ),
            ("converged", _BOOL, "Whether its centroids had stopped moving."),
            ("warnings", _TEXT, "What a careful analyst would point out about it (json)."),
        ),
    ),
    "covariances": (
        "The shapes of a Gaussian mixture's segments. One row per run, segment and pair of features, each pair once; a "
        "feature with itself is its variance.",
        (
            *_RUN,
            *_SEGMENT,
            *_FEATURE,
            ("other_feature", _TEXT, "The other model feature; not after this one in position."),
            ("value", _REAL, "Their covariance within the segment, in scaled units."),
        ),
    ),
    "lineage": (
        "What became of each segment since the run before. One row per run and segment, retired ones too.",
        (
            *_RUN,
            *_SEGMENT,
            ("previous_run_id", _BIG, "The run compared with; null on the first run."),
            ("change", _TEXT, "first, same, changed, new or retired."),
            ("similarity", _REAL, "Customers in both over customers in either, before and now; 0 to 1."),
            ("moved", _REAL, "How far the centroid moved, in the scaled units of this run."),
            (
                "split_from_segment_id",
                _INT,
                "For a new segment: the one that most of its customers come from.",
            ),
            (
                "merged_into_segment_id",
                _INT,
                "For a retired segment: the one that most of its customers went to.",
            ),
        ),
    ),
    "transitions": (
        "How many customers went from where to where since the run before. One row per run and pair of segments.",
        (
            *_RUN,
            ("from_run_id", _BIG, "The run compared with."),
            ("from_segment_id", _INT, "Segment before; null for customers who entered."),
            ("to_segment_id", _INT, "Segment now; null for customers who left."),
            ("customers", _BIG, "How many."),
            ("share", _REAL, "Their share of all who were in from_segment_id (or who entered)."),
        ),
    ),
    "names": (
        "Names that analysts gave; they win over automatic ones in every run. One row per segmentation and segment.",
        (
            ("segmentation", _TEXT, "Name of the segmentation."),
            *_SEGMENT,
            ("name", _TEXT, "The name."),
            ("description", _TEXT, "What the analyst says about it."),
            ("named_at", _TIME, "When it was given (UTC)."),
        ),
    ),
    "distributions": (
        "What the features looked like when the run was fitted, to compare today with. One row per fit, feature, bin.",
        (
            *_RUN,
            *_FEATURE,
            ("bin", _INT, "Number of the bin, from 0 upwards; -1 counts missing values."),
            ("lower", _REAL, "Values in the bin are above this; null: no limit."),
            ("upper", _REAL, "Values in the bin are at most this; null: no limit."),
            ("share", _REAL, "Share of the rows that have a value; of all rows for bin -1."),
            ("rows", _BIG, "Rows that were looked at."),
        ),
    ),
    "health": (
        "Whether a run still fits its customers. One row per check and measure.",
        (
            *_RUN,
            ("checked_at", _TIME, "When it was checked (UTC)."),
            ("measure", _TEXT, "What was measured, such as drift or share_of_outliers."),
            ("subject", _TEXT, "The feature or segment that it is about."),
            ("reference", _REAL, "Its value when the run was published."),
            ("value", _REAL, "Its value today."),
            ("threshold", _REAL, "Where it would stop being healthy."),
            ("is_healthy", _BOOL, "Whether it is within the threshold."),
        ),
    ),
    "comparisons": (
        "Other algorithms on the same features. One row per run and algorithm.",
        (
            *_RUN,
            ("algorithm", _TEXT, "Name of the algorithm."),
            ("parameters", _TEXT, "Its parameters, and the rule that chose them (json)."),
            ("clusters", _INT, "Clusters it found, noise not counted."),
            ("noise_share", _REAL, "Share of the rows it puts in no cluster."),
            ("silhouette", _REAL, "Mean silhouette of the rows it puts in a cluster."),
            ("davies_bouldin", _REAL, "Davies-Bouldin index of the same rows."),
            ("calinski_harabasz", _REAL, "Calinski-Harabasz index of the same rows."),
            ("agreement", _REAL, "Adjusted Rand index with the published segments."),
            ("fit_seconds", _REAL, "Seconds it took."),
            ("advice", _TEXT, "What to do about all of them, in a sentence; in the published segments' row."),
            (
                "drawn",
                _TEXT,
                "For a map: the cluster of some of the compared rows, null for noise; in the published segments' row "
                "also where they are, in scaled units by feature (json).",
            ),
        ),
    ),
    "erasures": (
        "That persons were forgotten: one row per `segjob forget`.",
        (
            ("erased_at", _TIME, "When (UTC)."),
            ("keys", _BIG, "How many keys."),
            (
                "salted_hash",
                _TEXT,
                "Salted SHA-256 of the key; of several keys, SHA-256 of their hashes in order.",
            ),
        ),
    ),
    "forgotten": (
        "Who is left out of later runs, until `segjob forget --remember`. One row per key column and person.",
        (
            ("key_column", _TEXT, "Name of the key column, in lower case."),
            ("salted_hash", _TEXT, "Salted SHA-256 of the key."),
            ("forgotten_at", _TIME, "Since when (UTC)."),
        ),
    ),
    "salts": (
        "The salt of the hashes in erasures and forgotten, made at random. One row; snapshots have none.",
        (
            ("salt", _TEXT, "The salt."),
            ("made_at", _TIME, "When it was made (UTC)."),
        ),
    ),
}
"""Table name -> (comment, columns). Insertion order is the order of creation."""


VIEWS = ("current_runs", "current_segments", "current_profiles", "current_sweep", "trend", "migration")
"""The views of sql/views that all segmentations share, in the order to create them."""


@dataclass(frozen=True)
class PublishedTables:
    """The tables of one schema, ready to be created, inserted into and selected from."""

    schema: str

    def table(self, name: str) -> sa.Table:
        """One of the tables that all segmentations share."""
        return _shared(self.schema, name)

    def shared(self) -> list[sa.Table]:
        """All of them, in the order to create them."""
        return [self.table(name) for name in SHARED]

    def history(self, segmentation: str, key: str, key_type: TypeEngine[Any]) -> sa.Table:
        """Who was in which segment, run by run.

        Parameters
        ----------
        key, key_type : the key column of the feature relation, under its own name and type.
        """
        return self._keyed(
            f"{segmentation}_history",
            "Who was in which segment. One row per run and customer.",
            (key, key_type),
            (
                *_SEGMENT,
                (
                    "distance",
                    _REAL,
                    "Distance to the segment's centroid, scaled units; of a Gaussian mixture Mahalanobis' distance, "
                    "in standard deviations of the segment.",
                ),
                ("next_segment_id", _INT, "The runner-up: the second nearest segment, or second likeliest."),
                (
                    "margin",
                    _REAL,
                    "How much further the runner-up is; of a Gaussian mixture, the logarithm of how many times "
                    "likelier the own segment is. Near 0 is on the border.",
                ),
                ("is_outlier", _BOOL, "Further from the centroid than the segment's outlier_distance."),
            ),
        )

    def movements(self, segmentation: str, key: str, key_type: TypeEngine[Any]) -> sa.Table:
        """Who entered, left or moved since the run before; parameters as for `history`."""
        return self._keyed(
            f"{segmentation}_movements",
            "Who entered, left or moved since the run before. One row per run and such customer.",
            (key, key_type),
            (
                ("change", _TEXT, "entered, left or moved."),
                ("from_segment_id", _INT, "Segment before; null for who entered."),
                ("to_segment_id", _INT, "Segment now; null for who left."),
                (
                    "moved_by",
                    _TEXT,
                    "Of who moved: itself, if the model before would have moved it too; model, if only the new model "
                    "does; null where that is not known.",
                ),
            ),
        )

    def _keyed(
        self, name: str, comment: str, key: tuple[str, TypeEngine[Any]], columns: _Columns
    ) -> sa.Table:
        own = sa.Column(*key, comment="Key of the feature relation.")
        return sa.Table(
            name,
            sa.MetaData(),
            *_columns(_RUN),
            own,
            *_columns(columns),
            schema=self.schema,
            comment=comment,
            info={"partition_by": "run_id"},
        )


@functools.cache
def _shared(schema: str, name: str) -> sa.Table:
    """Made once: a run asks for its tables a hundred times."""
    comment, columns = SHARED[name]
    return sa.Table(name, sa.MetaData(), *_columns(columns), schema=schema, comment=comment)


def _columns(columns: _Columns) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind(), comment=comment) for name, kind, comment in columns]
