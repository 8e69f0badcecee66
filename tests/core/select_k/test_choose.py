"""The decision: groups of many shapes, divisions, nothing at all, what is asked for, odd input, and the mall file."""

from __future__ import annotations

import csv
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from helpers.sweeps import decided, plain_transforms, standard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from segjob.core.model import FitRows, Floats
from segjob.core.select_k.choose import NAMES, RULES, choose
from segjob.core.select_k.division import CONVENTION, ShareLimits
from segjob.core.select_k.evidence import EvidenceRequest, gather
from segjob.core.select_k.sweep import sweep
from segjob.core.select_k.votes import KDecision, KRequest

CENTRES = np.array([[0, 0], [9, 0], [0, 9], [9, 9], [18, 4], [4, 18], [18, 16]], dtype=float)


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


FOR_OTHERS = ("heavy tails and noise", "a category")
"""Shapes that k-means on all features does not follow, or that no other rule sees."""
SHAPES = ("round", "long", "heavy tails and noise", "boxes", "whole numbers", "log-normal", "a category")


def k_of_groups(decision: KDecision) -> int | None:
    return next(vote.k for vote in decision.votes if vote.rule == "groups")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("k", [1, 5])
def test_groups_of_any_shape_are_counted(shape: str, k: int) -> None:
    decision = decided(groups(shape, k))
    assert k_of_groups(decision) == k, decision.reason
    if k == 1:
        assert decision.structure != "natural"
    elif shape not in FOR_OTHERS:
        assert (decision.k, decision.outcome, decision.structure) == (5, "chosen", "natural"), decision.reason
    assert [vote.rule for vote in decision.votes] == list(RULES)
    assert decision.rule == "consensus"
    assert all(0 <= vote.strength <= 1 and vote.reason for vote in decision.votes)


@pytest.mark.parametrize("ks", [range(1, 7), range(2, 11)])
def test_the_groups_do_not_depend_on_the_range(ks: range) -> None:
    assert decided(groups("long", 5, 250), ks).k == 5
    assert k_of_groups(decided(np.random.default_rng(3).normal(size=(150, 3)), ks)) == 1


def test_what_the_range_leaves_out_is_said() -> None:
    decision = decided(groups("round", 5), range(1, 4))
    assert decision.outcome in ("divided", "none")
    assert "5 groups, which k_range leaves out" in decision.reason
    assert decided(groups("round", 5), range(1, 2)).outcome == "none"


def test_the_same_seed_says_the_same_in_every_word() -> None:
    rows = groups("heavy tails and noise", 5, 200)
    one, other = (decided(rows, seed=4) for _ in range(2))
    assert (one.k, one.reason, one.votes) == (other.k, other.reason, other.votes)


def test_distinct_rows_with_counts_answer_like_the_rows() -> None:
    rows = np.round(groups("round", 5, 600) * 8)
    distinct, counts = np.unique(rows, axis=0, return_counts=True)
    assert len(distinct) < len(rows)
    for times in (1, 1e5):
        points = FitRows(distinct, counts * times, "distinct_rows", len(rows) * times)
        assert decided(distinct, range(1, 9), points=points).k == 5
    assert decided(rows, range(1, 9)).k == 5


def test_groups_that_overlap_are_not_called_natural() -> None:
    """At 2.6 sd the density between two normal groups falls to 83 % of their peaks only."""
    r = np.random.default_rng(0)
    rows = r.normal(size=(1000, 2))
    rows[500:, 0] += 2.6
    assert decided(standard(rows)).structure != "natural"


def test_a_continuum_is_divided_and_said_to_be_one() -> None:
    r = np.random.default_rng(2)
    line = r.uniform(size=2000)
    decision = decided(standard(np.column_stack([line, line + r.normal(size=2000) * 0.05])))
    assert (decision.outcome, decision.structure) == ("divided", "reproducible")
    assert f"so this is a division of a continuum into {decision.k}: {CONVENTION}" in decision.reason
    assert k_of_groups(decision) == 1


def test_nothing_is_constructive_unless_one_is_allowed() -> None:
    noise = np.random.default_rng(1).normal(size=(600, 4))
    decision = decided(noise)
    assert (decision.k, decision.outcome, decision.structure) == (None, "none", "constructive")
    assert decision.start is None
    one = decided(noise, request=KRequest(allow_one=True))
    assert (one.k, one.outcome, one.structure) == (1, "none", "constructive")
    assert one.votes == decision.votes


def long_groups() -> Floats:
    """Three long groups side by side, which k-means cuts across."""
    r = np.random.default_rng(3)
    at = np.array([[0.0, 0.0], [0.0, 5.0], [0.0, 10.0]])[np.arange(900) % 3]
    return at + r.normal(size=(900, 2)) * [12.0, 0.8]


def test_groups_that_k_means_cuts_across_are_said_and_followed_by_another_algorithm() -> None:
    rows = long_groups()
    decision = decided(rows)
    assert decision.structure != "natural"
    assert "3 groups that k-means cuts across" in decision.reason
    assert "gaussian_mixture follows them" in decision.reason
    assert "continuum" not in decision.reason
    followed = decided(rows, request=KRequest(algorithm="auto"))
    assert (followed.k, followed.structure) == (3, "natural")
    assert followed.start is not None
    assert followed.start.algorithm == "gaussian_mixture"
    round_groups = decided(groups("round", 5), request=KRequest(algorithm="auto"))
    assert round_groups.start is not None
    assert round_groups.start.algorithm == "kmeans"


def test_a_fixed_number_has_a_structure_too() -> None:
    rows = groups("round", 5)
    natural, constructive = (decided(rows, request=KRequest(k=k)) for k in (5, 7))
    assert (natural.k, natural.outcome, natural.structure) == (5, "fixed", "natural")
    assert (constructive.k, constructive.outcome, constructive.structure) == (7, "fixed", "constructive")
    assert "not every segment is found again" in constructive.reason


def test_limits_of_shares_are_respected_or_answered() -> None:
    r = np.random.default_rng(4)
    at = np.array([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]])[r.choice(3, 1500, p=[0.6, 0.36, 0.04])]
    rows = standard(at + r.normal(size=(1500, 2)))
    assert decided(rows).k == 3
    divided = decided(rows, request=KRequest(limits=ShareLimits(min_share=0.1)))
    assert (divided.k, divided.outcome, divided.unmet) == (2, "divided", "")
    assert "3 natural groups, but the smallest segment holds" in divided.reason
    unmet = decided(rows, request=KRequest(limits=ShareLimits(max_share=0.2)))
    assert (unmet.k, unmet.structure) == (3, "natural")
    assert "more than max_share = 0.2" in unmet.unmet


@pytest.mark.parametrize("rule", NAMES)
def test_every_name_chooses(rule: str) -> None:
    decision = decided(groups("round", 5), request=KRequest(rule=rule))
    votes = {vote.rule: vote for vote in decision.votes}
    assert "elbow" in votes
    assert decision.rule == rule
    assert decision.outcome == "chosen"
    if rule == "consensus":
        assert decision.k == 5
    else:
        assert decision.k == votes[rule].k
        assert decision.reason.startswith(votes[rule].reason)


def test_a_rule_that_finds_nothing_publishes_nothing() -> None:
    noise = np.random.default_rng(1).normal(size=(200, 2))
    for rule, words in (("gap", "spread evenly"), ("groups", "no valley"), ("elbow", "at least 3")):
        ks = range(1, 9) if rule != "elbow" else range(1, 3)
        decision = decided(noise, ks, KRequest(rule=rule))
        assert (decision.k, decision.outcome) == (None, "none")
        assert words in decision.reason


def check_one_voice(decision: KDecision) -> None:
    """What no decision by consensus may break."""
    votes = {vote.rule: vote for vote in decision.votes}
    assert (decision.k is None) == (decision.start is None)
    assert not any("structure" in text for text in (decision.reason, *(v.reason for v in decision.votes)))
    assert (decision.structure == "natural") == (decision.outcome == "chosen")
    assert (decision.structure == "reproducible") == (decision.outcome == "divided")
    assert (decision.structure == "constructive") == (decision.k is None)
    if decision.structure == "natural":
        assert decision.k == votes["groups"].k
        assert decision.reason == votes["groups"].reason
    else:
        assert votes["groups"].reason in decision.reason
    if "a continuum" in decision.reason:
        assert votes["groups"].k in (None, 1)
    if decision.outcome == "divided":
        assert votes["stability"].k is not None
        assert votes["stability"].k >= (decision.k or 0)
    if "no k gives the same segments again" in decision.reason:
        assert votes["stability"].k is None


FAMILIES = ("rfm", "wholesale", "mixed_types", "mixed_needed", "highdim", "capped", "unequal", "nested")
NULLS = ("n_uniform", "n_lognormal", "n_rfm", "n_zeros", "n_ring", "n_likert", "n_dupes", "n_correlated")
SOON = ("rfm", "mixed_needed", "nested", "n_ring", "n_zeros")
"""These are tried every time, the others where there is time."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "family", [f if f in SOON else pytest.param(f, marks=pytest.mark.long) for f in [*FAMILIES, *NULLS]]
)
def test_votes_reason_and_outcome_have_one_voice(
    shared: Path, family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not (shared / "bench" / "customer_families.py").is_file():
        pytest.skip(f"{shared} has no bench/customer_families.py")
    monkeypatch.syspath_prepend(str(shared / "bench"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    made = import_module("customer_families").make(family, 7000)
    rows = made["X"].astype(float)
    rows[:, made["log"]] = np.log1p(rows[:, made["log"]])
    rows = standard(rows[:, rows.std(axis=0) > 0])
    decision = decided(np.column_stack([rows, *made.get("cat", [])]))
    check_one_voice(decision)
    if decision.structure == "natural":
        assert decision.k == made["k"], decision.reason


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
    points = FitRows(rows, np.ones(n), "all_rows", float(n))
    request = EvidenceRequest.of(points, plain_transforms(rows), allowed, seed)
    swept, evidence = sweep(points, allowed, seed=seed), gather(request)()
    for rule in NAMES:
        decision = choose(swept, request, evidence, KRequest(rule=rule))
        assert decision.reason
        assert (decision.k is None) == (decision.outcome == "none")
        assert decision.k is None or decision.k in allowed


@pytest.fixture(scope="module")
def mall(mall_csv: Path) -> Floats:
    with mall_csv.open(encoding="utf-8") as lines:
        rows = [[float(v) for v in line[-2:]] for line in list(csv.reader(lines))[1:]]
    return np.array(rows)


@pytest.mark.parametrize(
    "ks",
    [range(1, 9), range(2, 11), *(pytest.param(range(1, k), marks=pytest.mark.long) for k in (11, 16, 21))],
)
def test_the_mall_file_has_five_segments_whatever_the_range(mall: Floats, ks: range) -> None:
    decision = decided(standard(mall), ks)
    assert (decision.k, decision.outcome, decision.structure) == (5, "chosen", "natural"), decision.reason


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [range(2), pytest.param(range(2, 10), marks=pytest.mark.long)])
def test_the_mall_file_has_five_segments_whatever_the_seed(mall: Floats, seeds: range) -> None:
    for seed in seeds:
        decision = decided(standard(mall), seed=seed)
        assert (decision.k, decision.structure) == (5, "natural"), (seed, decision.reason)


@pytest.mark.long
def test_four_fifths_of_the_mall_file_still_have_five_segments(mall: Floats) -> None:
    r = np.random.default_rng(2024)
    ks = [decided(standard(mall[np.sort(r.permutation(200)[:160])])).k for _ in range(10)]
    assert ks.count(5) >= 9, ks


@pytest.mark.slow
@pytest.mark.parametrize("family", ["round", "stretched"])
@pytest.mark.long
def test_unseen_sets_of_the_shared_suite(shared: Path, family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if not (shared / "bench" / "k_suite.py").is_file():
        pytest.skip(f"{shared} has no bench/k_suite.py")
    monkeypatch.syspath_prepend(str(shared / "bench"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    sets = [import_module("k_suite").make(family, seed) for seed in range(5000, 5004)]
    right = [k_of_groups(decided(standard(rows))) == k for rows, k, _ in sets]
    assert sum(right) >= 3, right
