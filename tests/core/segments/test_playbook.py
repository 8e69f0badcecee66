"""Actions from the playbook that the features' meanings choose, or from a user's table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from segjob.core.segments.feature_words import feature_words
from segjob.core.segments.playbook import PLAYBOOKS, Advice, actions, playbook_of
from segjob.core.segments.position import NamedFeature, SegmentPosition

RFM = ("recency_days", "orders", "revenue")
DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "playbook.md"


def features(*columns: str) -> list[NamedFeature]:
    return [NamedFeature(feature_words(column, "count"), column) for column in columns]


def position(z: list[list[float]]) -> SegmentPosition:
    values = np.array(z)
    return SegmentPosition(values, values, values, np.full(len(values), 1 / len(values)))


@pytest.mark.parametrize(
    ("z", "expected"),
    [
        ([2.0, 1.0, 1.5], "win back in person: a call, a personal offer"),
        ([1.0, -1.0, -1.0], "one inexpensive reminder, then leave in peace"),
        ([1.0, 0.0, 0.2], "win back by mail: what is new since their last order"),
        ([-0.8, 1.0, 2.0], "reward and keep: loyalty club, early access, no discounts"),
        ([-0.8, -0.7, -0.6], "welcome series towards the second purchase"),
        ([0.0, 1.0, -0.9], "larger baskets: bundles, free delivery from an amount"),
        ([0.1, -0.2, 0.3], None),
    ],
)
def test_purchases(z: list[float], expected: str | None) -> None:
    assert actions(features(*RFM), position([z])) == [expected]


def test_purchases_without_a_count_of_orders() -> None:
    z = position([[-1.0, 1.2], [1.0, -1.0]])
    assert actions(features("days_since_last_order", "monetary"), z) == [
        "reward and keep: loyalty club, early access, no discounts",
        "one inexpensive reminder, then leave in peace",
    ]


def test_income_and_spending() -> None:
    z = position([[-0.2, 0.0], [1.0, 1.2], [1.1, -1.3], [-1.3, -1.1], [-1.3, 1.1], [1.0, 0.1]])
    assert actions(features("annual_income", "spending_score"), z) == [
        None,
        "premium offers, early access",
        "win their interest: quality, service, a first offer",
        "budget campaigns",
        "loyalty rewards, instalments",
        None,
    ]


def test_subscriptions() -> None:
    z = position([[-1.0, 1.0], [1.0, 1.0], [0.0, 1.0]])
    assert actions(features("tenure", "MonthlyCharges"), z) == [
        "onboard well: a call in the first weeks, show all that the plan includes",
        "protect: best service, a loyalty benefit, renew before somebody else calls",
        None,
    ]


def test_other_features_and_rows_that_are_no_people_have_none() -> None:
    assert actions(features("alcohol", "ash"), position([[1.0, 1.0]])) == [None]
    assert actions(features(*RFM), position([[2.0, 1.0, 1.5]]), is_people=False) == [None]
    assert playbook_of(features("recency_score", "orders")) is None, "a high score may be recent"


def test_a_label_says_what_a_column_means() -> None:
    words = feature_words("x7", "number", {"label": "days since last order"})
    spoken = [NamedFeature(words, "x7"), *features("revenue")]
    assert playbook_of(spoken) is PLAYBOOKS[0]


def test_a_table_of_ones_own_replaces_the_playbooks() -> None:
    table = [Advice({"Age": "low", "score": "typical"}, "student card")]
    z = position([[-1.0, 0.0], [-1.0, 2.0]])
    assert actions(features("age", "spending_score"), z, table) == ["student card", None]
    assert actions(features(*RFM), position([[2.0, 1.0, 1.5]]), [Advice({}, "wait")], is_people=False) == [
        "wait"
    ]


def test_the_document_prints_every_entry() -> None:
    text = DOCUMENT.read_text("utf-8")
    for playbook in PLAYBOOKS:
        rows = text.split(f"## {playbook.title}\n")[1].split("\n## ")[0].split("\n|")[3:]
        for play, row in zip(playbook.plays, rows, strict=True):
            levels = ["any" if allowed is None else " or ".join(allowed) for allowed in play.when]
            assert [cell.strip() for cell in row.strip(" |\n").split("|")] == [*levels, play.action]
