"""Labels, units and words of common columns, and those of the config."""

from __future__ import annotations

import pytest

from segjob.core.segments.feature_words import ValueKind, feature_words, plain, value_kind


@pytest.mark.parametrize(
    ("column", "kind", "words"),
    [
        ("recency_days", "count", "days since last order | recent, lapsed"),
        ("days_since_last_order", "count", "days since last order | recent, lapsed"),
        ("recency_score", "count", "recency score | low recency score, high recency score"),
        ("orders", "count", "orders | few orders, many orders"),
        ("num_orders", "count", "number of orders | few orders, many orders"),
        ("Frequency", "count", "frequency | infrequent, frequent"),
        ("purchases", "number", "purchases | low purchases, high purchases"),
        ("MonthlyCharges", "number", "monthly charges | low monthly charges, high monthly charges"),
        ("tenure", "count", "tenure | new, long-standing"),
        ("age", "count", "age | younger, older"),
        ("Annual Income (k$)", "count", "annual income | low annual income, high annual income"),
        ("monetary", "number", "spend | low spend, high spend"),
        ("is_member", "flag", "is member | rarely member, mostly member"),
    ],
)
def test_common_columns(column: str, kind: ValueKind, words: str) -> None:
    own = feature_words(column, kind)
    assert f"{own.label} | {own.low}, {own.high}" == words


@pytest.mark.parametrize(
    ("column", "kind", "words"),
    [
        ("recency_days", "count", "most recent, longest lapsed"),
        ("orders", "count", "fewest orders, most orders"),
        ("Frequency", "count", "least frequent, most frequent"),
        ("tenure", "count", "newest, longest-standing"),
        ("age", "count", "youngest, oldest"),
        ("revenue", "number", "lowest revenue, highest revenue"),
        ("is_member", "flag", "rarely member, mostly member"),
    ],
)
def test_superlatives(column: str, kind: ValueKind, words: str) -> None:
    own = feature_words(column, kind)
    assert f"{own.lowest}, {own.highest}" == words


@pytest.mark.parametrize(
    ("column", "kind", "settings", "shown"),
    [
        ("recency_days", "count", {}, "45 days"),
        ("return_share", "share", {}, "4,512%"),
        ("return_share", "number", {}, "45.1"),
        ("revenue", "number", {"unit": "€"}, "€45.12"),
        ("discount", "share", {"format": "percent"}, "4,512%"),
        ("return_share", "share", {"format": "number"}, "45.1"),
    ],
)
def test_values(column: str, kind: ValueKind, settings: dict[str, str], shown: str) -> None:
    assert feature_words(column, kind, settings).value(45.12) == shown


def test_words_of_the_config_win() -> None:
    words = feature_words("age", "count", {"label": "years of age", "low_word": "fresh", "high_word": None})
    assert (words.label, words.low, words.lowest, words.high) == (
        "years of age",
        "fresh",
        "most fresh",
        "older",
    )


def row(low: float, middle: float, high: float, mean: float, stddev: float) -> dict[str, float]:
    quartiles = dict.fromkeys(("p25", "median", "p75"), middle)
    return {"rows": 9, "minimum": low, "maximum": high, "mean": mean, "stddev": stddev, **quartiles}


@pytest.mark.parametrize(
    ("profile", "kind"),
    [
        (row(0, 1, 1, 0.6, 0.24**0.5), "flag"),
        (row(0, 0.5, 1, 0.5, 0.2), "share"),
        (row(0, 2.25, 9, 2.4, 1), "count"),
        (row(0, 2.31, 9, 2.4, 1), "number"),
        (row(-3, 2, 9, 2.4, 1), "number"),
    ],
)
def test_kinds_of_values(profile: dict[str, float], kind: ValueKind) -> None:
    assert value_kind([profile, {"rows": 0, "minimum": None}]) == kind


def test_no_rows_are_of_no_kind() -> None:
    assert value_kind([]) == "number"


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("annual_income", "annual income"),
        ("SpendingScore", "spending score"),
        ("RFM_total", "RFM total"),
        ("ID", "id"),
        ("__", "__"),
    ],
)
def test_plain(column: str, name: str) -> None:
    assert plain(column) == name
