"""Rules that a person can read: they say what they hold, they are short, and their numbers are round."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeClassifier

from segjob.core.model import FitRows
from segjob.core.segments.segment_rules import BRANCHES, CONDITIONS, Condition, SegmentRule, segment_rule_for
from segjob.core.select_k.sweep import sweep


def held(rule: SegmentRule, values: np.ndarray, features: list[str]) -> np.ndarray:
    """The rows that a rule holds, evaluated independently of how it was found."""
    compare = {
        "<": lambda column, at: column < at,
        ">=": lambda column, at: column >= at,
        "=": lambda column, at: column == at,
        "!=": lambda column, at: column != at,
    }
    return np.any(
        [
            np.all(
                [np.ones(len(values), dtype=bool)]
                + [compare[c.op](values[:, features.index(c.feature)], c.threshold) for c in branch],
                axis=0,
            )
            for branch in rule.branches
        ],
        axis=0,
    )


def f1(mask: np.ndarray, own: np.ndarray, weights: np.ndarray) -> float:
    return float(2 * weights[mask & own].sum() / (weights[mask].sum() + weights[own].sum()))


def test_the_mall_groups_have_rules_of_two_conditions(mall_csv: Path) -> None:
    with mall_csv.open(newline="") as file:
        values = np.array([[float(row[3]), float(row[4])] for row in list(csv.reader(file))[1:]])
    scaled = (values - values.mean(axis=0)) / values.std(axis=0)
    (fit,) = sweep(FitRows(scaled, np.ones(200)), [5], seed=0).fits
    features = ["annual_income", "spending_score"]
    rules = [segment_rule_for(values, fit.labels, np.ones(200), segment, features) for segment in range(5)]
    assert str(rules[1]) == "annual_income >= 50 and spending_score >= 62"
    assert str(rules[3]) == "annual_income < 40 and spending_score < 50"
    for segment, rule in enumerate(rules):
        assert len(rule.branches) == 1
        assert len(rule.branches[0]) == 2
        assert min(rule.precision, rule.recall) > 0.94
        mask, own = held(rule, values, features), fit.labels == segment
        assert rule.precision == pytest.approx(own[mask].mean())
        assert rule.recall == pytest.approx(mask[own].mean())


@given(st.integers(0, 5_000), st.integers(2, 6), st.integers(1, 4), st.booleans())
@settings(max_examples=40, deadline=None)
def test_a_rule_says_what_it_holds(seed: int, k: int, d: int, weighted: bool) -> None:
    random = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(k), random.integers(0, k, 150)])
    values = random.normal(size=(k, d))[labels] * 3 + random.normal(size=(len(labels), d))
    values[:, 0] = np.round(values[:, 0])
    weights = random.integers(1, 5, len(labels)).astype(float) if weighted else np.ones(len(labels))
    features = [f"c{j}" for j in range(d)]
    for segment in range(k):
        rule = segment_rule_for(values, labels, weights, segment, features)
        assert 1 <= len(rule.branches) <= BRANCHES
        assert all(len(branch) <= CONDITIONS for branch in rule.branches)
        mask, own = held(rule, values, features), labels == segment
        caught = weights[mask & own].sum()
        assert rule.precision == pytest.approx(caught / weights[mask].sum())
        assert rule.recall == pytest.approx(caught / weights[own].sum())
        assert f1(mask, own, weights) >= f1(np.ones_like(mask), own, weights) - 1e-9, "not worse than no rule"


@pytest.mark.parametrize("seed", range(6))
def test_about_as_good_as_a_tree_with_eight_leaves(seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.normal(size=(8, 3))[random.integers(0, 8, 3_000)] * 2.5 + random.normal(size=(3_000, 3))
    fit = sweep(FitRows(values, np.ones(3_000)), [5], seed=0).fits[0]
    ones, features = np.ones(3_000), ["a", "b", "c"]
    ours, trees = [], []
    for segment in range(5):
        own = fit.labels == segment
        rule = segment_rule_for(values, fit.labels, ones, segment, features)
        tree = DecisionTreeClassifier(max_depth=3, class_weight="balanced", random_state=0).fit(values, own)
        ours.append(f1(held(rule, values, features), own, ones))
        trees.append(f1(tree.predict(values), own, ones))
        assert sum(map(len, rule.branches)) <= 6
    assert np.mean(ours) >= np.mean(trees) - 0.01, (ours, trees)


def test_a_segment_in_two_places_gets_two_branches() -> None:
    random = np.random.default_rng(0)
    values = random.uniform(0, 100, (2_000, 1))
    labels = ((values[:, 0] < 20) | (values[:, 0] >= 70)).astype(int)
    rule = segment_rule_for(values, labels, np.ones(2_000), 1, ["age"])
    assert len(rule.branches) == 2
    assert min(rule.precision, rule.recall) > 0.99
    assert str(rule) in ("(age >= 70) or (age < 20)", "(age < 20) or (age >= 70)")


def test_thresholds_are_round_where_that_costs_nothing() -> None:
    random = np.random.default_rng(1)
    values = random.normal(size=(3_000, 1)) * 17.3 + 61.7
    labels = (values[:, 0] >= 68.31).astype(int)
    (condition,) = segment_rule_for(values, labels, np.ones(3_000), 1, ["income"]).branches[0]
    assert condition.op == ">="
    assert condition.threshold == pytest.approx(68.3, abs=0.15)
    assert len(str(condition.threshold)) <= 4
    apart = np.concatenate([random.uniform(0, 40.2, 500), random.uniform(58.9, 90, 500)])[:, None]
    (condition,) = segment_rule_for(
        apart, (apart[:, 0] > 50).astype(int), np.ones(1_000), 1, ["income"]
    ).branches[0]
    assert condition == Condition("income", ">=", 50.0)


def test_one_hot_features_are_compared_with_their_category() -> None:
    random = np.random.default_rng(2)
    female = random.integers(0, 2, 1_000)
    age = random.uniform(18, 70, 1_000)
    values = np.column_stack([female, 1 - female, age]).astype(float)
    features = ["gender=Female", "gender=Male", "age"]
    labels = ((female == 1) & (age < 40)).astype(int)
    rule = segment_rule_for(values, labels, np.ones(1_000), 1, features)
    assert str(rule) in ("gender = Female and age < 40", "gender != Male and age < 40")
    assert rule.branches[0][0].threshold == 1
    assert (held(rule, values, features) == (labels == 1)).mean() > 0.99


def test_a_tiny_segment_among_many_rows_is_not_lost_in_the_sample() -> None:
    values = np.random.default_rng(3).uniform(0, 1, (40_000, 2))
    values[:12] += 5
    labels = (np.arange(40_000) < 12).astype(int)
    rule = segment_rule_for(values, labels, np.ones(40_000), 1, ["a", "b"])
    assert (rule.precision, rule.recall) == (1, 1)
    assert len(rule.branches[0]) == 1


def test_one_segment_needs_no_condition() -> None:
    rule = segment_rule_for(np.arange(10.0)[:, None], np.zeros(10, dtype=int), np.ones(10), 0, ["a"])
    assert rule == SegmentRule(((),), 1.0, 1.0)
    assert str(rule) == "true"


def test_weights_count() -> None:
    values = np.array([[0.0], [1.0], [2.0], [3.0]])
    labels = np.array([1, 0, 1, 1])
    assert str(segment_rule_for(values, labels, np.ones(4), 1, ["a"])) == "true"
    rule = segment_rule_for(values, labels, np.array([1.0, 40, 50, 50]), 1, ["a"])
    assert str(rule) == "a >= 2"
    assert rule.recall == pytest.approx(100 / 101)
