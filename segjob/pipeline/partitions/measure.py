"""First stage: what each value of the column of partitions holds, and which of them are refused."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from segjob.core.model import Model
from segjob.core.moments import merged_moments
from segjob.errors import DataError
from segjob.pipeline.measure import (
    Dataset,
    measure_means,
    measured_partitions,
    refuse_rows,
    snapshot,
    with_left_out,
)
from segjob.pipeline.progress import Progress
from segjob.pipeline.transforms import quartiles_by_partition, transforms
from segjob.registry.rejected_lines import explained
from segjob.registry.relations import ResolvedSegmentation
from segjob.statements.measures import ExcludedRows, Measured, Moments
from segjob.statements.relation import Relation, partition_sizes
from segjob.warehouse.base import Warehouse

MOST_PARTITIONS = 100
"""Each has its numbers in the statements and views: the text grows with them."""
MOST_VALUES = 1_000
"""A column with more values names no markets."""
NO_PARTITION = "no partition"
SMALL = "partition below minimum"
UNFIT = "partition refused"
UNKNOWN = "partition without a model"
_NAMED = 10


@dataclass(frozen=True)
class Refusal:
    """A value of the column whose rows get no segments; None: rows without a value.

    rows : that could have had one; reason : as in table `exclusions`; words : why, for people.
    """

    value: str | None
    rows: int
    reason: str
    words: str


@dataclass(frozen=True)
class PartitionedRows:
    """The rows of a segmentation, measured by partition.

    dataset : all of them together; its `transforms` are the first partition's, and alike in all.
    parts : of each partition that gets segments, with its own counts and transforms.
    """

    dataset: Dataset
    parts: Mapping[str, Dataset]
    refusals: tuple[Refusal, ...]

    @property
    def column(self) -> str:
        """The column of partitions."""
        return str(self.dataset.settings.partition_by)

    def without(self, refusals: Sequence[Refusal]) -> PartitionedRows:
        """The same after more were refused.

        Raises
        ------
        DataError : none is left.
        """
        values = {refusal.value for refusal in refusals}
        parts = {value: part for value, part in self.parts.items() if value not in values}
        if not parts:
            raise DataError(
                f"no value of {self.column!r} can be segmented: {named(refusals)}",
                hint="segjob check tells what is wrong with the rows; leave partition_by out for one model of all rows",
            )
        counts = _less(self.dataset.counts, refusals, self.column)
        counts = dataclasses.replace(counts, moments=_moments([part.counts for part in parts.values()]))
        first = next(iter(parts.values())).transforms
        dataset = dataclasses.replace(self.dataset, counts=counts, transforms=first)
        return PartitionedRows(dataset, parts, (*self.refusals, *refusals))


def measure_partitions(
    warehouse: Warehouse, source: ResolvedSegmentation, progress: Progress, fitted: Model | None = None
) -> PartitionedRows:
    """Count the rows of each partition in one scan, and measure what the transforms are made of.

    Parameters
    ----------
    fitted : the model of an earlier fit, whose partitions and transforms are used as they are.

    Raises
    ------
    DataError : with everything that is wrong with the rows.
    """
    with progress.phase("measuring", warehouse.ledger) as phase:
        relation = snapshot(warehouse, source)
        try:
            by_value, everything = _count(warehouse, source, relation)
        except DataError as problem:
            raise explained(warehouse, source, problem) from None
        phase.rows = everything.rows
        means = measure_means(warehouse, source, relation, progress)
        counts, outside = with_left_out(warehouse, source, everything)
        dataset = Dataset(source, relation, counts, (), rows_outside=outside, measure_means=means)
        parts = {
            value: dataclasses.replace(dataset, counts=own)
            for value, own in sorted(
                (str(value), own) for value, own in by_value.items() if value is not None
            )
        }
        refusals = [*_without_value(by_value, source), *_refusals(source, parts, fitted)]
        if fitted is None:
            refused = {refusal.value for refusal in refusals}
            _refuse_too_many(source, len(parts.keys() - refused))
            refusals += _with_transforms(warehouse, parts, refused)
        elif fitted.partitions is not None:
            for value, own in zip(fitted.partitions.values, fitted.partitions.transforms, strict=True):
                if value in parts:
                    parts[value] = dataclasses.replace(parts[value], transforms=own)
        phase.note = f"{len(parts)} values of {source.settings.partition_by}"
    rows = PartitionedRows(dataset, parts, ()).without(refusals)
    warn(progress, source, refusals)
    return rows


def counts_by_model(
    warehouse: Warehouse, source: ResolvedSegmentation, relation: Relation, model: Model
) -> Measured:
    """What the rows hold for a model with partitions: those of values that it does not know are excluded."""
    by_value = measured_partitions(warehouse, relation, source.settings.features)
    assert model.partitions is not None
    known = set(model.partitions.values)
    strangers = [
        Refusal(value, own.kept, UNKNOWN if value is not None else NO_PARTITION, "")
        for value, own in by_value.items()
        if value not in known and own.kept
    ]
    return _less(_together(by_value.values()), strangers, model.partitions.column)


def named(refusals: Sequence[Refusal]) -> str:
    """Up to ten of them, each with the reason."""
    said = [f"{refusal.value!r} ({refusal.words})" for refusal in refusals[:_NAMED]]
    more = f" and {len(refusals) - _NAMED} more" if len(refusals) > _NAMED else ""
    return ", ".join(said) + more


def warn(progress: Progress, source: ResolvedSegmentation, refusals: Sequence[Refusal]) -> None:
    """Name those that get no segments."""
    nulls = sum(refusal.rows for refusal in refusals if refusal.value is None)
    if nulls:
        progress.warn(f"{nulls:,} rows have no {source.settings.partition_by}: they get no segments")
    if others := [refusal for refusal in refusals if refusal.value is not None and refusal.rows]:
        progress.warn(f"no segments for {source.settings.partition_by} {named(others)}")


def _count(
    warehouse: Warehouse, source: ResolvedSegmentation, relation: Relation
) -> tuple[dict[str | None, Measured], Measured]:
    """The counts by value and together; everything that is wrong with any row is refused."""
    column = source.settings.partition_by
    values = warehouse.records(partition_sizes(relation, MOST_VALUES + 1))
    if len(values) > MOST_VALUES:
        raise DataError(
            f"{column!r} of {source.settings.relation} has more than {MOST_VALUES:,} values, such as "
            + ", ".join(repr(row["part"]) for row in values[:3]),
            hint="partition_by names a column of few values, such as a country",
        )
    by_value = measured_partitions(warehouse, relation, source.settings.features)
    everything = _together(by_value.values())
    refuse_rows(warehouse, source, dataclasses.replace(relation, partition=None), everything)
    return by_value, everything


def _refuse_too_many(source: ResolvedSegmentation, large: int) -> None:
    """Large : values with rows enough."""
    settings = source.settings
    if large > MOST_PARTITIONS:
        raise DataError(
            f"{large} values of {settings.partition_by!r} have {settings.min_partition_rows} rows and more; a model is "
            f"fitted for at most {MOST_PARTITIONS}",
            hint="group them in the feature view, raise min_partition_rows, or choose some with where",
        )


def _without_value(by_value: Mapping[str | None, Measured], source: ResolvedSegmentation) -> list[Refusal]:
    nulls = by_value.get(None)
    if nulls is None or not nulls.kept:
        return []
    return [Refusal(None, nulls.kept, NO_PARTITION, f"no {source.settings.partition_by}")]


def _refusals(
    source: ResolvedSegmentation, parts: Mapping[str, Dataset], fitted: Model | None
) -> list[Refusal]:
    """The values that are too small for a model, or that the model of an earlier fit does not know."""
    least = source.settings.min_partition_rows
    if fitted is None:
        return [
            Refusal(value, part.counts.kept, SMALL, f"{part.counts.kept:,} of at least {least:,} rows")
            for value, part in parts.items()
            if part.counts.kept < least
        ]
    known = set() if fitted.partitions is None else set(fitted.partitions.values)
    return [
        Refusal(value, part.counts.kept, UNKNOWN, f"the model has none; {part.counts.kept:,} rows")
        for value, part in parts.items()
        if value not in known
    ]


def _with_transforms(
    warehouse: Warehouse, parts: dict[str, Dataset], refused: set[str | None]
) -> list[Refusal]:
    """Give each partition that is not refused its transforms; those whose features cannot be scaled are refused."""
    problems = []
    quartiles = None
    for value, part in parts.items():
        if value in refused:
            continue
        if quartiles is None:
            quartiles = quartiles_by_partition(warehouse, part.relation, part.settings)
        try:
            own = transforms(warehouse, part.settings, part.relation, part.counts, quartiles.get(value, {}))
            parts[value] = dataclasses.replace(part, transforms=own)
        except DataError as problem:
            problems.append(Refusal(value, part.counts.kept, UNFIT, problem.message))
    return problems


def _less(counts: Measured, refusals: Iterable[Refusal], column: str) -> Measured:
    """The counts with the refused rows among the exclusions."""
    left_out = [
        ExcludedRows(refusal.reason, column, refusal.rows, refusal.value)
        for refusal in refusals
        if refusal.rows
    ]
    rows = sum(excluded.rows for excluded in left_out)
    return dataclasses.replace(counts, kept=counts.kept - rows, exclusions=(*counts.exclusions, *left_out))


def _together(counts: Iterable[Measured]) -> Measured:
    """The counts of several partitions as those of all their rows."""
    every = list(counts)
    exclusions: dict[tuple[str, str], int] = {}
    fingerprint = 0
    for one in every:
        fingerprint ^= one.fingerprint
        for e in one.exclusions:
            exclusions[e.reason, e.column] = exclusions.get((e.reason, e.column), 0) + e.rows
    return Measured(
        rows=sum(one.rows for one in every),
        null_keys=sum(one.null_keys for one in every),
        kept=sum(one.kept for one in every),
        weight=sum(one.weight for one in every),
        null_weights=sum(one.null_weights for one in every),
        negative_weights=sum(one.negative_weights for one in every),
        non_finite_weights=sum(one.non_finite_weights for one in every),
        exclusions=tuple(ExcludedRows(reason, column, rows) for (reason, column), rows in exclusions.items()),
        moments=_moments(every),
        fingerprint=fingerprint,
    )


def _moments(counts: Sequence[Measured]) -> tuple[Moments, ...]:
    if not counts:
        return ()
    columns = zip(*(one.moments for one in counts), strict=True)
    return tuple(_one_moment(list(of_column)) for of_column in columns)


def _one_moment(parts: Sequence[Moments]) -> Moments:
    present = [part for part in parts if part.count and part.weight > 0]
    mean, variance = merged_moments([(part.weight, part.mean, part.variance) for part in present])
    return Moments(
        column=parts[0].column,
        count=sum(part.count for part in parts),
        weight=sum(part.weight for part in parts),
        missing_weight=sum(part.missing_weight for part in parts),
        nan=sum(part.nan for part in parts),
        inf=sum(part.inf for part in parts),
        minimum=min((part.minimum for part in present), default=math.nan),
        maximum=max((part.maximum for part in present), default=math.nan),
        mean=mean,
        variance=variance,
    )
