"""Names in plain words, no two alike; actions from a table that a user can replace."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segjob.core.segments.names import ACTIONS, Advice, Sign, actions, automatic_names, level_of

MALL = ["annual_income", "spending_score"]
MALL_Z = np.array([[-0.2, -0.03], [0.99, 1.24], [1.06, -1.29], [-1.31, -1.14], [-1.33, 1.13]])


def test_the_mall_groups() -> None:
    assert automatic_names(MALL_Z, MALL, [0.405, 0.195, 0.175, 0.115, 0.11]) == [
        "average",
        "high spending score, high annual income",
        "low spending score, high annual income",
        "low annual income, low spending score",
        "low annual income, high spending score",
    ]
    assert actions(MALL_Z, MALL) == [
        "the regular programme",
        "premium offers, early access",
        "win their interest: quality, service, a first offer",
        "budget campaigns",
        "loyalty rewards, instalments",
    ]


def test_a_faint_second_feature_is_left_out() -> None:
    z = np.array([[3.0, 0.6, -0.1], [-0.5, -0.4, 0.0]])
    assert automatic_names(z, ["revenue", "age", "orders"], [0.1, 0.9]) == [
        "very high revenue",
        "low revenue",
    ]


def test_a_third_feature_tells_namesakes_apart() -> None:
    z = np.array([[1.2, 1.1, 1.0], [1.2, 1.1, -1.0], [-1.0, 0.0, 0.0]])
    names = automatic_names(z, ["income", "score", "age"], [0.3, 0.3, 0.4])
    assert names == ["high income, high score, high age", "high income, high score, low age", "low income"]


def test_namesakes_are_compared_where_they_differ_most() -> None:
    z = np.array([[0.7, 0.0], [1.4, 0.1], [0.0, 0.0], [0.1, 0.4]])
    assert automatic_names(z, ["income", "age"], [0.25] * 4) == [
        "high income, lower income",
        "high income, higher income",
        "average, lower age",
        "average, higher age",
    ]


def test_one_hot_columns() -> None:
    features = ["gender=Female", "gender=Male", "gender=(missing)", "city=Lyon"]
    z = np.array([[1.1, -1.1, 0.0, 0.0], [-0.9, 1.0, 0.0, -0.9], [0.0, 0.0, 4.0, 1.9]])
    means = np.array([[0.97, 0.03, 0, 0.1], [0.05, 0.95, 0, 0.0], [0.3, 0.3, 0.4, 0.3]])
    assert automatic_names(z, features, [0.4, 0.4, 0.2], means) == [
        "mostly Female",
        "mostly Male, few Lyon",
        "many without gender, many Lyon",
    ]
    assert automatic_names(z, features, [0.4, 0.4, 0.2])[2] == "mostly without gender, mostly Lyon"


def test_equal_profiles_are_numbered_by_size() -> None:
    z = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, -2.0]])
    assert automatic_names(z, ["income", "age"], [0.2, 0.5, 0.3]) == [
        "high income (2)",
        "high income (1)",
        "very low age",
    ]


def test_one_segment_is_average() -> None:
    assert automatic_names(np.zeros((1, 2)), MALL, [1.0]) == ["average"]


@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(1, 6), st.booleans())
@settings(max_examples=150, deadline=None)
def test_never_two_alike_and_always_the_same(seed: int, k: int, d: int, coarse: bool) -> None:
    random = np.random.default_rng(seed)
    z = random.normal(size=(k, d))
    z = np.round(z) if coarse else z
    features = [f"c{j}" if j % 2 else f"kind=k{j}" for j in range(d)]
    shares = random.dirichlet(np.ones(k)).tolist()
    names = automatic_names(z, features, shares)
    assert len(set(names)) == k
    assert all(names)
    assert names == automatic_names(z.copy(), features, shares)


@pytest.mark.parametrize(
    ("z", "expected"),
    [
        ([2.0, 1.0, 1.5], "win back: call, personal offer"),
        ([1.0, -1.0, -1.0], "one inexpensive reminder, then leave in peace"),
        ([-0.8, 1.0, 2.0], "treat as the best: loyalty club, early access"),
        ([-0.8, -0.7, -0.6], "welcome series towards the second purchase"),
        ([0.0, 1.0, -0.9], "larger baskets: bundles, free delivery from an amount"),
        ([0.1, -0.2, 0.3], "the regular programme"),
    ],
)
def test_actions_by_recency_frequency_and_value(z: list[float], expected: str) -> None:
    assert actions(np.array([z]), ["recency_days", "frequency", "monetary"]) == [expected]


@pytest.mark.parametrize(
    ("z", "expected"),
    [
        ([0.1, -0.4, 1.5, 0.6], "find out why so much comes back: sizes, pictures, description"),
        ([1.3, -0.7, -0.7, 1.1], "keep it in stock, and show other things beside it"),
        ([-0.4, 1.7, -0.5, -1.1], "sell it on its own: advice, delivery, instalments"),
        ([-1.0, -0.4, -0.6, -0.9], "bundle it with what sells, or let it run out"),
    ],
)
def test_actions_for_products(z: list[float], expected: str) -> None:
    features = ["orders", "mean_price", "return_share", "basket_partners"]
    assert actions(np.array([z]), features) == [expected]


def test_a_table_of_ones_own() -> None:
    table = [Advice((Sign(("Age",), "low"), Sign(("score",), "average")), "student card")]
    z = np.array([[-1.0, 0.0], [-1.0, 2.0]])
    assert actions(z, ["age", "spending_score"], table) == ["student card", None]


def test_the_default_table_has_a_word_for_everyone() -> None:
    assert ACTIONS[-1].signs == ()
    assert [level_of(z) for z in (-0.5, -0.49, 0.0, 0.5)] == ["low", "average", "average", "high"]
