"""The consensus: groups of many shapes, none at all, doubt, odd input, and the mall file."""

from __future__ import annotations

import csv
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from segjob.core.model import FitRows, Floats
from segjob.core.select_k.choose import NAMES, RULES, choose
from segjob.core.select_k.gap import gap_by_k
from segjob.core.select_k.stability import stability_by_k
from segjob.core.select_k.sweep import sweep
from segjob.core.select_k.votes import Choice

CENTRES = np.array([[0, 0], [9, 0], [0, 9], [9, 9], [18, 4], [4, 18], [18, 16]], dtype=float)


def standard(rows: Floats) -> Floats:
    out: Floats = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    return out


def chosen(rows: Floats, ks: range = range(1, 11), rule: str = "consensus", seed: int = 0) -> Choice:
    return choose(sweep(FitRows(rows, np.ones(len(rows))), ks, seed=seed), rule)


def groups(shape: str, k: int, n: int = 400) -> Floats:
    r = np.random.default_rng([k, 8])
    at = CENTRES[r.permutation(7)[:k]][np.arange(n) % k]
    if shape == "round":
        return standard(at + r.normal(size=(n, 2)))
    if shape == "long":
        return standard(at + r.normal(size=(n, 2)) * [2.2, 0.5])
    if shape == "heavy tails and noise":
        return standard(np.column_stack([at + r.standard_t(5, (n, 2)), r.normal(size=(n, 2))]))
    if shape == "boxes":
        return standard(at + r.uniform(-2.5, 2.5, (n, 2)))
    if shape == "whole numbers":
        return standard(np.round(at * 3 + r.normal(size=(n, 2)) * 3))
    if shape == "log-normal":
        return standard(np.exp((at + r.normal(size=(n, 2))) / 8))
    assert shape == "a category"
    return standard(np.column_stack([at + r.normal(size=(n, 2)), r.random(n) < 0.4]))


SHAPES = ("round", "long", "heavy tails and noise", "boxes", "whole numbers", "log-normal", "a category")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("k", [1, 5])
def test_groups_of_any_shape_are_counted(shape: str, k: int) -> None:
    choice = chosen(groups(shape, k))
    if k == 1:
        assert (choice.k, choice.outcome) == (None, "none"), choice.reason
        assert choice.reason.startswith("no structure")
    else:
        assert choice.k == k, choice.reason
        assert choice.outcome in ("chosen", "ambiguous")
    assert [vote.rule for vote in choice.votes] == list(RULES)
    assert choice.rule == "consensus"
    assert all(0 <= vote.strength <= 1 and vote.reason for vote in choice.votes)


@pytest.mark.parametrize("ks", [range(1, 7), range(2, 11)])
def test_the_answer_does_not_depend_on_the_range(ks: range) -> None:
    rows = groups("long", 5, 250)
    assert chosen(rows, ks).k == 5
    assert chosen(np.random.default_rng(3).normal(size=(150, 3)), ks).k is None


def test_what_the_range_leaves_out_is_said() -> None:
    choice = chosen(groups("round", 5), range(1, 4))
    assert (choice.k, choice.outcome, choice.candidates) == (3, "ambiguous", (3,))
    assert "5 groups" in choice.reason
    assert chosen(groups("round", 5), range(1, 2)).outcome == "none"


def test_the_same_seed_says_the_same_in_every_word() -> None:
    rows = groups("heavy tails and noise", 5, 200)
    assert chosen(rows, seed=4) == chosen(rows, seed=4)


def test_distinct_rows_with_counts_answer_like_the_rows() -> None:
    rows = np.round(groups("round", 5, 600) * 8)
    distinct, counts = np.unique(rows, axis=0, return_counts=True)
    assert len(distinct) < len(rows)
    points = FitRows(distinct, counts.astype(float), "distinct_rows", float(len(rows)))
    weighted = choose(sweep(points, range(1, 9), seed=0), "consensus")
    assert weighted.k == chosen(rows, range(1, 9)).k == 5
    huge = FitRows(distinct, counts * 1e5, "distinct_rows", len(rows) * 1e5)
    assert choose(sweep(huge, range(1, 9), seed=0), "consensus").k == 5


def test_groups_that_overlap_are_ambiguous_or_one() -> None:
    """At 2.6 sd the density between two normal groups falls to 83 % of their peaks only."""
    r = np.random.default_rng(0)
    rows = r.normal(size=(1000, 2))
    rows[500:, 0] += 2.6
    choice = chosen(standard(rows))
    assert choice.outcome in ("ambiguous", "none"), choice
    if choice.outcome == "ambiguous":
        assert choice.candidates[0] == choice.k
        assert len(choice.candidates) > 1
        assert all(f"k = {k}" in choice.reason for k in choice.candidates)


@pytest.mark.parametrize("rule", NAMES)
def test_every_name_chooses(rule: str) -> None:
    choice = chosen(groups("round", 5), rule=rule)
    votes = {vote.rule: vote for vote in choice.votes}
    assert "elbow" in votes
    assert choice.rule == rule
    assert choice.outcome == "chosen"
    if rule == "consensus":
        assert choice.k == 5
    else:
        assert (choice.k, choice.reason) == (votes[rule].k, votes[rule].reason)


def test_a_rule_that_finds_nothing_publishes_nothing() -> None:
    noise = np.random.default_rng(1).normal(size=(200, 2))
    for rule, words in (("gap", "spread evenly"), ("groups", "one component"), ("elbow", "at least 3")):
        choice = chosen(noise, range(1, 9) if rule != "elbow" else range(1, 3), rule)
        assert (choice.k, choice.outcome) == (None, "none")
        assert words in choice.reason


def test_evidence_that_the_caller_has_is_not_worked_out_again() -> None:
    s = sweep(FitRows(groups("round", 5), np.ones(400)), range(1, 8), seed=0)
    gaps, agreement = gap_by_k(s), stability_by_k(s)
    assert choose(s, "consensus", gaps=gaps, agreement=agreement) == choose(s, "consensus")
    votes = {
        v.rule: v.k
        for v in choose(
            s, "consensus", gaps={1: (0.0, 0.1), 3: (9.0, 0.1), 4: (9.0, 0.1)}, agreement={2: 1.0}
        ).votes
    }
    assert votes["gap"] == 3
    assert votes["stability"] == 2


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(
    st.integers(0, 10_000),
    st.integers(1, 40),
    st.integers(1, 4),
    st.sampled_from([1, 2, 3, 50]),
    st.sampled_from([range(1, 11), range(2, 4), range(3, 4)]),
)
@example(seed=58, n=22, d=2, levels=2, ks=range(3, 4))
def test_no_rule_fails_on_few_rows_or_few_values(seed: int, n: int, d: int, levels: int, ks: range) -> None:
    rows = np.random.default_rng(seed).integers(0, levels, size=(n, d)).astype(float)
    allowed = range(ks.start, min(ks.stop, len(np.unique(rows, axis=0)) + 1))
    if not len(allowed):
        return
    s = sweep(FitRows(rows, np.ones(n)), allowed, seed=seed)
    gaps, agreement = gap_by_k(s), stability_by_k(s)
    for rule in NAMES:
        choice = choose(s, rule, gaps=gaps, agreement=agreement)
        assert choice.reason
        assert (choice.k is None) == (choice.outcome == "none")
        assert choice.k is None or choice.k in allowed


@pytest.fixture(scope="module")
def mall(mall_csv: Path) -> Floats:
    with mall_csv.open(encoding="utf-8") as lines:
        rows = [[float(v) for v in line[-2:]] for line in list(csv.reader(lines))[1:]]
    return np.array(rows)


@pytest.mark.parametrize("ks", [range(1, 9), range(1, 11), range(2, 11), range(1, 16), range(1, 21)])
def test_the_mall_file_has_five_segments_whatever_the_range(mall: Floats, ks: range) -> None:
    choice = chosen(standard(mall), ks)
    assert (choice.k, choice.outcome) == (5, "chosen"), choice.reason


@pytest.mark.slow
def test_the_mall_file_has_five_segments_whatever_the_seed(mall: Floats) -> None:
    for seed in range(10):
        choice = chosen(standard(mall), seed=seed)
        assert (choice.k, choice.outcome) == (5, "chosen"), (seed, choice.reason)


@pytest.mark.slow
def test_four_fifths_of_the_mall_file_still_have_five_segments(mall: Floats) -> None:
    r = np.random.default_rng(2024)
    said = [chosen(standard(mall[np.sort(r.permutation(200)[:160])])).k for _ in range(10)]
    assert said.count(5) >= 9, said


@pytest.mark.slow
@pytest.mark.parametrize("family", ["round", "stretched"])
def test_unseen_sets_of_the_shared_suite(shared: Path, family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if not (shared / "bench" / "k_suite.py").is_file():
        pytest.skip(f"{shared} has no bench/k_suite.py")
    monkeypatch.syspath_prepend(str(shared / "bench"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    sets = [import_module("k_suite").make(family, seed) for seed in range(5000, 5004)]
    right = [(chosen(standard(rows)).k or 1) == k for rows, k, _ in sets]
    assert sum(right) >= 3, right
