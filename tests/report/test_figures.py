"""What is drawn is what the report holds: the marks of the figures, read back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from segjob.report import figures, importance
from segjob.report.data import Report
from segjob.report.figures.algorithms import method_name
from segjob.report.figures.canvas import Figure, log_ticks, separate, style
from segjob.report.palette import LIGHT, segment_colour
from segjob.report.payload import document


@pytest.fixture(scope="module")
def by_name(report: Report) -> Iterator[dict[str, Figure]]:
    with style():
        yield {figure.name: figure for section in figures.sections(report).values() for figure in section}


def axes(figure: Figure, which: int = 0):  # type: ignore[no-untyped-def]
    return figure.plot.axes[which]


def test_every_kind_of_figure_is_drawn(by_name: dict[str, Figure]) -> None:
    expected = {
        "map",
        "components",
        "sizes",
        "heat",
        "elbow",
        "silhouette",
        "bands",
        "sizes_by_run",
        "migration",
    }
    assert expected <= set(by_name)
    assert {"correlations", "left_out", "outliers", "distribution_0", "categories_0"} <= set(by_name)
    assert sum(name.startswith("mean_") for name in by_name) == 4
    assert sum(name.startswith("share_") for name in by_name) == 1
    # The numbers of the small maps are the table below them.
    small = [figure for figure in by_name.values() if figure.name.startswith("method_")]
    assert small
    assert all(
        figure.title and figure.summary and (figure.rows or figure in small) for figure in by_name.values()
    )


def test_the_map_shows_each_sampled_customer_in_its_segments_colour(
    by_name: dict[str, Figure], report: Report
) -> None:
    first, second = importance.map_pairs(report)[0]
    assert report.sample is not None
    for segment in report.segments:
        colour = segment_colour(segment.segment_id)
        line = next(
            line
            for line in axes(by_name["map"]).lines
            if line.get_color() == colour and line.get_alpha() is not None
        )
        own = report.sample.segment_id == segment.segment_id
        np.testing.assert_allclose(line.get_xdata(), report.original[own, first])
        np.testing.assert_allclose(line.get_ydata(), report.original[own, second])


def test_the_second_map_shows_the_embedded_components(by_name: dict[str, Figure], report: Report) -> None:
    held = document(report)["components"]
    assert report.sample is not None
    for segment in report.segments:
        colour = segment_colour(segment.segment_id)
        lines = axes(by_name["components"]).lines
        line = next(line for line in lines if line.get_color() == colour and line.get_alpha() is not None)
        own = report.sample.segment_id == segment.segment_id
        np.testing.assert_allclose(line.get_xdata(), np.array(held["places"][0])[own], rtol=1e-4, atol=1e-9)
        np.testing.assert_allclose(line.get_ydata(), np.array(held["places"][1])[own], rtol=1e-4, atol=1e-9)


def test_small_maps_show_each_algorithms_clusters_in_the_same_places(
    by_name: dict[str, Figure], report: Report
) -> None:
    held = document(report)["comparisons"]
    assert len(held["rows"]) > 6
    limits = set()
    for row in held["rows"]:
        figure = by_name[f"method_{row['algorithm']}"]
        assert figure.title.startswith(method_name(row["algorithm"]))
        cluster = np.array([-1 if number is None else number for number in row["cluster"]])
        lines = axes(figure).lines
        assert len(lines) == len(np.unique(cluster))
        for number, line in zip(np.unique(cluster), lines, strict=True):
            assert line.get_color() == (LIGHT["bar"] if number < 0 else segment_colour(int(number)))
            np.testing.assert_allclose(
                line.get_xdata(), np.array(held["places"][0])[cluster == number], rtol=1e-4
            )
            np.testing.assert_allclose(
                line.get_ydata(), np.array(held["places"][1])[cluster == number], rtol=1e-4
            )
        limits.add((axes(figure).get_xlim(), axes(figure).get_ylim()))
    assert len(limits) == 1, "the same axes for all"


def test_sizes_and_means_are_bars_of_their_length(by_name: dict[str, Figure], report: Report) -> None:
    widths = [patch.get_width() for patch in axes(by_name["sizes"]).patches]
    assert widths == [segment.rows for segment in report.segments]
    for position in report.numeric:
        feature = report.transforms[position].feature
        ax = axes(by_name[f"mean_{position}"])
        means = [report.profile[s.segment_id, feature].mean for s in report.segments]
        assert [patch.get_width() for patch in ax.patches] == means
        assert (
            ax.lines[0].get_xdata()[0] == report.profile[report.segments[0].segment_id, feature].overall_mean
        )


def test_curves_are_the_sweep(by_name: dict[str, Figure], report: Report) -> None:
    curve = axes(by_name["elbow"]).lines[0]
    assert list(zip(curve.get_xdata(), curve.get_ydata(), strict=True)) == [
        (t.k, t.inertia) for t in report.sweep
    ]
    curve = axes(by_name["silhouette"]).lines[0]
    assert list(curve.get_ydata()) == [t.silhouette for t in report.sweep if t.silhouette is not None]
    ring = axes(by_name["elbow"]).lines[1]
    assert list(ring.get_xdata()) == [report.run["k"]]


def test_every_vote_has_its_dot(by_name: dict[str, Figure], report: Report) -> None:
    dots = [line.get_xdata()[0] for line in axes(by_name["elbow"], 1).lines if line.get_marker() == "o"]
    assert dots == [vote.k for vote in report.votes if vote.k is not None]


def test_the_gap_has_its_error_bars(report: Report) -> None:
    import dataclasses

    from segjob.report.figures import choice_of_k

    sweep = [dataclasses.replace(t, gap=0.1 * t.k, gap_se=0.01 * t.k) for t in report.sweep]
    with style():
        ax = axes(choice_of_k.gap(dataclasses.replace(report, sweep=sweep)))
    bars = ax.collections[0].get_segments()
    for tried, bar in zip(sweep, bars, strict=True):
        assert tried.gap is not None
        np.testing.assert_allclose(bar[:, 1], [tried.gap - 0.01 * tried.k, tried.gap + 0.01 * tried.k])


def test_heat_says_every_z(by_name: dict[str, Figure], report: Report) -> None:
    by_feature = {row[0]: row[1:] for row in by_name["heat"].rows}
    assert list(by_feature) == importance.feature_names(report)
    for transform, cells in zip(report.transforms, by_feature.values(), strict=True):
        for segment, cell in zip(report.segments, cells, strict=True):
            z = report.profile[segment.segment_id, transform.feature].z
            assert z is not None
            assert float(cell.replace("−", "-")) == pytest.approx(z, abs=0.0501)


def test_shares_of_categories_are_stacked(by_name: dict[str, Figure], report: Report) -> None:
    name = next(name for name in by_name if name.startswith("share_"))
    widths = sorted(patch.get_width() for patch in axes(by_name[name]).patches)
    own = [p.mean for p in report.profiles if p.feature.startswith("gender=") and p.mean is not None]
    overall = {p.feature: p.overall_mean for p in report.profiles if p.feature.startswith("gender=")}
    np.testing.assert_allclose(widths, sorted([*own, *overall.values()]))


def test_bands_hold_the_silhouettes(by_name: dict[str, Figure], report: Report) -> None:
    assert report.sample is not None
    ax = axes(by_name["bands"])
    for segment, band in zip(report.segments, ax.collections, strict=True):
        values = report.of_segment(report.sample.silhouette, segment.segment_id)
        edges = band.get_paths()[0].vertices[:, 0]
        assert edges.max() == pytest.approx(max(values.max(), 0.0))
        assert edges.min() == pytest.approx(min(values.min(), 0.0))


def test_migration_carries_everybody(by_name: dict[str, Figure], report: Report) -> None:
    ax = axes(by_name["migration"])
    heights = sorted(round(patch.get_height()) for patch in ax.patches)
    sides: dict[tuple[str, int | None], int] = {}
    for flow in report.flows:
        for end in (("from", flow.from_segment_id), ("to", flow.to_segment_id)):
            sides[end] = sides.get(end, 0) + flow.customers
    assert heights == sorted(sides.values())
    assert len(ax.collections) == len([f for f in report.flows if f.customers])


def test_shares_by_run_are_the_segments(by_name: dict[str, Figure], report: Report) -> None:
    lines = {line.get_color(): list(line.get_ydata()) for line in axes(by_name["sizes_by_run"]).lines}
    for segment in report.segments:
        expected = [s.share for s in report.sizes if s.segment_id == segment.segment_id]
        assert lines[segment_colour(segment.segment_id)] == expected


def test_histograms_are_shares_of_each_group(by_name: dict[str, Figure], report: Report) -> None:
    assert report.input_data is not None
    for position, column in enumerate(report.input_data.distributions):
        ax = axes(by_name[f"distribution_{position}"])
        counts = np.array(column.counts, dtype=float)
        bars = [p.get_height() for p in ax.patches if type(p).__name__ == "Rectangle"]
        np.testing.assert_allclose(bars, counts.sum(axis=0) / counts.sum())
        steps = [p.get_data().values for p in ax.patches if type(p).__name__ == "StepPatch"]
        np.testing.assert_allclose(steps, counts / counts.sum(axis=1, keepdims=True))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(5, 60), d=st.integers(2, 6))
def test_components_are_sklearns_on_copied_rows(seed: int, n: int, d: int) -> None:
    rng = np.random.default_rng(seed)
    scaled = rng.normal(size=(n, d)) * rng.uniform(0.5, 4, size=d)
    weight = rng.integers(1, 5, size=n)
    centroids = rng.normal(size=(3, d))
    result = importance.components(scaled, weight.astype(float), centroids)
    peer = PCA(2).fit(np.repeat(scaled, weight, axis=0))
    np.testing.assert_allclose(result.explained, peer.explained_variance_ratio_, atol=1e-9)
    np.testing.assert_allclose(np.abs(result.places), np.abs(peer.transform(scaled)), atol=1e-7)
    np.testing.assert_allclose(np.abs(result.centroids), np.abs(peer.transform(centroids)), atol=1e-7)
    assert (result.loadings[np.arange(2), np.abs(result.loadings).argmax(axis=1)] > 0).all()


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 300), st.floats(0, 300)), min_size=1, max_size=8),
)
def test_rings_part_and_lone_ones_stay(places: list[tuple[float, float]]) -> None:
    before = np.array(places)
    after = separate(before, 20.0)
    distance = np.hypot(*(before[:, None] - before[None]).transpose(2, 0, 1)) + np.eye(len(places)) * 1e3
    if (distance >= 20).all():
        np.testing.assert_array_equal(after, before)
    moved = np.hypot(*(after[:, None] - after[None]).transpose(2, 0, 1)) + np.eye(len(places)) * 1e3
    assert moved.min() > 15


@given(st.floats(0, 10), st.floats(1, 1e9))
def test_log_ticks_are_few_and_inside(low: float, factor: float) -> None:
    high = low + factor
    ticks = log_ticks(low, high)
    assert len(ticks) <= 5
    assert all(low <= tick <= high for tick in ticks)
