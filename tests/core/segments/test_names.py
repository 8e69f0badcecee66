"""Names in plain words: no two alike, and every word true of the numbers."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segjob.core.segments.feature_words import feature_words
from segjob.core.segments.names import MOST_WORDS, automatic_names
from segjob.core.segments.position import NamedFeature, SegmentPosition

MALL = ("annual_income", "spending_score")
MALL_Z = [[-0.2, -0.03], [0.99, 1.24], [1.06, -1.29], [-1.31, -1.14], [-1.33, 1.13]]


def named(columns: tuple[str, ...], z: object, mean: object = None, kind: str = "number") -> list[str]:
    """Names of segments with these z; arithmetic means follow them unless given."""
    values = np.array(z, dtype=np.float64)
    means = values if mean is None else np.array(mean, dtype=np.float64)
    features = []
    for column in columns:
        source, _, category = column.partition("=")
        features.append(NamedFeature(feature_words(source, kind), source, category or None))  # type: ignore[arg-type]
    shares = np.full(len(values), 1 / len(values))
    return automatic_names(features, SegmentPosition(values, means, values, shares))


def test_the_mall_groups() -> None:
    assert named(MALL, MALL_Z) == [
        "typical",
        "high annual income, high spending score",
        "high annual income, low spending score",
        "low annual income, low spending score",
        "low annual income, high spending score",
    ]


def test_lapsed_one_time_buyers_are_no_average() -> None:
    columns = ("recency_days", "orders", "revenue")
    z = [[1.4, -0.9, -0.8], [-0.7, 1.1, 1.2], [-0.4, -0.3, -0.2]]
    assert named(columns, z, kind="count") == ["lapsed, few orders", "many orders, high revenue", "typical"]


def test_a_large_segment_at_one_end_is_not_typical() -> None:
    """98 % of the customers are near everyone, being nearly everyone; beside the others they have the fewest orders."""
    assert named(("orders",), [[-0.07], [3.43]], kind="count") == ["fewest orders", "many orders"]


def test_the_lowest_is_lower_than_the_low() -> None:
    names = named(("revenue",), [[-1.8], [-0.8], [0.1], [1.2]])
    assert names == ["lowest revenue", "revenue about -0.8", "typical", "high revenue"]


def test_a_word_that_others_share_is_made_definite_by_a_second_feature() -> None:
    z = [[-1.0, -1.2], [-0.9, 0.0], [1.0, 0.0], [0.9, 1.2]]
    assert named(("age", "income"), z)[:2] == ["younger, low income", "younger, medium income"]


def test_a_faint_second_feature_is_left_out() -> None:
    assert named(("revenue", "age"), [[3.0, 0.6], [-0.6, -0.1]]) == ["high revenue", "low revenue"]


def test_no_word_goes_against_the_means_of_the_tables() -> None:
    """High in logarithms, and yet below everyone's mean: few large values have pulled that up."""
    at = SegmentPosition(
        z=np.array([[-1.0], [0.6], [1.5]]),
        mean=np.array([[1.0], [30.0], [900.0]]),
        mean_z=np.array([[-0.5], [-0.4], [4.0]]),
        share=np.array([0.5, 0.4, 0.1]),
    )
    features = [NamedFeature(feature_words("revenue"), "revenue")]
    assert automatic_names(features, at) == ["low revenue", "revenue about 30", "high revenue"]


def test_one_hot_columns() -> None:
    columns = ("gender=Female", "gender=Male", "gender=(missing)", "city=Lyon", "partner=No")
    z = [[1.1, -1.1, 0, 0, 0], [-0.9, 1.0, 0, -0.9, 0], [0, 0, 4.0, 1.9, 0], [0, 0, 0, 0, 2]]
    mean = [
        [0.97, 0.03, 0, 0.1, 0.2],
        [0.05, 0.95, 0, 0.0, 0.2],
        [0.3, 0.3, 0.4, 0.3, 0.2],
        [0.4, 0.6, 0, 0.1, 0.9],
    ]
    assert named(columns, z, mean) == [
        "mostly Female",
        "mostly Male, few Lyon",
        "many without gender, many Lyon",
        "mostly no partner",
    ]


def test_flags() -> None:
    mean = [[0.9, 0.5], [0.1, 0.5], [0.5, 0.9]]
    names = named(("has_app", "is_member"), [[1.0, -0.3], [-1.0, -0.3], [0.0, 0.8]], mean, kind="flag")
    assert names == ["mostly with app", "mostly without app", "mostly member"]


def test_words_of_the_config() -> None:
    words = feature_words("x1", "number", {"label": "margin", "low_word": "cheap", "high_word": "dear"})
    z = np.array([[-1.0], [1.0]])
    at = SegmentPosition(z, z, z, np.array([0.5, 0.5]))
    assert automatic_names([NamedFeature(words, "x1")], at) == ["cheap", "dear"]


def test_equal_segments_are_numbered_by_size() -> None:
    z = np.array([[1.0], [1.0], [1.0], [-2.0]])
    at = SegmentPosition(z, z, z, np.array([0.1, 0.3, 0.2, 0.4]))
    names = automatic_names([NamedFeature(feature_words("income"), "income")], at)
    assert names == ["income about 1 (2)", "income about 1", "high income", "low income"]


def test_one_segment_is_typical() -> None:
    assert named(MALL, [[0.0, 0.0]]) == ["typical"]


@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(1, 6), st.booleans())
@settings(max_examples=100, deadline=None)
def test_never_two_alike_and_always_the_same(seed: int, k: int, d: int, coarse: bool) -> None:
    z = np.random.default_rng(seed).normal(size=(k, d))
    z = np.round(z) if coarse else z
    columns = tuple(f"c{j}" if j % 2 else f"kind=k{j}" for j in range(d))
    names = named(columns, z)
    assert len(set(names)) == k
    assert all(names)
    assert names == named(columns, z.copy())


def test_fifty_segments_of_sixty_features_take_a_moment() -> None:
    z = np.random.default_rng(0).normal(size=(50, 60))
    started = time.perf_counter()
    assert len(set(named(tuple(f"c{j}" for j in range(60)), z))) == 50
    assert time.perf_counter() - started < 5


LABELS = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot")
PLURALS = ("orders", "visits", "returns", "calls", "tickets", "logins")


@dataclass
class Table:
    """Customers as rows: their columns, which are log-transformed, and their segments."""

    columns: dict[str, np.ndarray]
    logged: set[str]
    labels: np.ndarray

    def on_scale(self, column: str) -> np.ndarray:
        values = self.columns[column]
        return np.log1p(values) if column in self.logged else values

    def z(self, column: str) -> np.ndarray:
        """Each segment's mean on the model's scale, in standard deviations from everyone's."""
        x = self.on_scale(column)
        return (self.means(x) - x.mean()) / x.std()

    def means(self, values: np.ndarray) -> np.ndarray:
        return np.array([values[self.labels == i].mean() for i in range(self.labels.max() + 1)])


def made_table(seed: int) -> Table:
    """Made customers: skewed amounts, counts, normal values, flags and categories, in one to eight segments."""
    random = np.random.default_rng(seed)
    n, k, d = 300, int(random.integers(1, 9)), int(random.integers(1, 7))
    group = random.integers(0, k, n)
    columns, logged = {}, set()
    for j in range(d):
        kind, shift = (
            random.choice(["amount", "count", "normal", "flag", "category"]),
            random.normal(size=k)[group],
        )
        if kind == "amount":
            columns[LABELS[j]] = np.exp(3 + shift + random.normal(size=n) * random.uniform(0.3, 1.5))
            logged |= {LABELS[j]} if random.random() < 0.8 else set()
        elif kind == "count":
            columns[PLURALS[j]] = random.poisson(np.exp(1 + shift)).astype(float)
            logged |= {PLURALS[j]} if random.random() < 0.8 else set()
        elif kind == "normal":
            columns[LABELS[j]] = shift * random.uniform(0.2, 2) + random.normal(size=n)
        else:
            truth = random.random(n) < 1 / (1 + np.exp(-2 * shift))
            columns[f"has_{LABELS[j]}" if kind == "flag" else f"{LABELS[j]}=C{LABELS[j]}"] = truth.astype(
                float
            )
    columns = {name: values for name, values in columns.items() if values.std() > 0}
    return Table(
        columns or {"alpha": random.normal(size=n)}, logged, np.unique(group, return_inverse=True)[1]
    )


def names_of(table: Table) -> list[str]:
    features = []
    for column, values in table.columns.items():
        source, _, category = column.partition("=")
        kind = "flag" if column.startswith("has_") else "count" if column in PLURALS else "number"
        assert kind != "count" or np.array_equal(values, values.round())
        features.append(NamedFeature(feature_words(source, kind), source, category or None))  # type: ignore[arg-type]
    mean = np.column_stack([table.means(values) for values in table.columns.values()])
    mean_z = np.column_stack([(table.means(v) - v.mean()) / v.std() for v in table.columns.values()])
    z = np.column_stack([table.z(column) for column in table.columns])
    share = np.bincount(table.labels) / len(table.labels)
    return automatic_names(features, SegmentPosition(z, mean, mean_z, share))


def is_true(word: str, table: Table, i: int) -> bool:
    """Whether a word of a name holds for segment i, by the rows alone."""
    if word == "typical":
        ends = (column for column in table.columns if "=" not in column and not column.startswith("has_"))
        return all(abs(table.z(c)[i]) < 0.5 for c in table.columns) and not any(
            is_apart(table.z(c), i) for c in ends
        )
    word = re.sub(r" \(\d+\)$", "", word)
    match = re.fullmatch(r"(.*?)(?: about ([-0-9.,]+))?", word)
    assert match is not None
    text, about = match[1], match[2]
    if about is not None:
        column = next(c for c in table.columns if text in (c, c.replace("_", " ")))
        mean = table.means(table.columns[column])[i]
        return abs(float(about.replace(",", "")) - mean) <= max(0.005 * abs(mean), 0.0006)
    if share := re.fullmatch(r"([<>]?)([\d.]+)% (?:with )?(.*)", word):
        column = next(c for c in table.columns if c in (f"has_{share[3]}", f"{share[3][1:]}={share[3]}"))
        return bool(share[1] or abs(float(share[2]) - 100 * table.means(table.columns[column])[i]) <= 0.5)
    adverb, _, rest = text.partition(" ")
    if adverb == "mostly" and rest.startswith("without "):
        column = f"has_{rest.removeprefix('without ')}"
        return bool(table.means(table.columns[column])[i] < 0.5 and table.z(column)[i] < 0)
    if adverb in ("mostly", "few", "many") and rest not in table.columns:
        column = next(
            c for c in table.columns if c in (f"has_{rest.removeprefix('with ')}", f"{rest[1:]}={rest}")
        )
        share, everyone = table.means(table.columns[column])[i], table.columns[column].mean()
        return bool(
            {
                "mostly": share >= 0.5 and share > everyone,
                "many": 0.25 <= share < 0.5 and share > everyone,
            }.get(adverb, share <= 0.25 and share < everyone)
        )
    return is_true_level(adverb, table, rest, i)


def is_true_level(adverb: str, table: Table, column: str, i: int) -> bool:
    z, means = table.z(column), table.means(table.columns[column])
    others = np.arange(len(z)) != i
    if adverb in ("lowest", "fewest"):
        return bool((z[others] > z[i]).all() and (means[others] > means[i]).all())
    if adverb in ("highest", "most"):
        return bool((z[others] < z[i]).all() and (means[others] < means[i]).all())
    if adverb in ("low", "few"):
        return bool(z[i] <= -0.5)
    if adverb in ("high", "many"):
        return bool(z[i] >= 0.5)
    assert adverb == "medium", adverb
    return bool(abs(z[i]) < 0.5 and z.min() < z[i] < z.max())


def is_apart(z: np.ndarray, i: int) -> bool:
    """Whether a segment is lower or higher than all others, by half a standard deviation."""
    others = np.delete(z, i)
    return len(others) > 0 and bool(z[i] <= others.min() - 0.5 or z[i] >= others.max() + 0.5)


@pytest.mark.parametrize("first", range(0, 500, 100))
def test_no_word_is_false_on_five_hundred_tables(first: int) -> None:
    for seed in range(first, first + 100):
        table = made_table(seed)
        names = names_of(table)
        assert len(set(names)) == len(names), names
        assert names.count("typical") <= 1, names
        for i, name in enumerate(names):
            words = name.split(", ")
            assert len(words) <= 2, name
            assert len(name.split()) <= MOST_WORDS, name
            false = [word for word in words if not is_true(word, table, i)]
            assert not false, (seed, i, name, false)
