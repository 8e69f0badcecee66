"""`segjob lift`: what it refuses, and what it prints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from helpers.small_warehouse import Segjob, customers, execute

TOML = """
[segmentations.groups]
relation = "customers"
key = "id"
features = ["income", "score"]
k = 5
k_range = [5, 5]
holdout_share = 0.25
"""
ORDERS = (
    "create table orders as "
    "select id as who, 10.0::double as spent, date '2025-07-02' as day, 'x' as note from customers",
    "update orders set spent = 'nan' where who = 3",
)
ASKED = (
    "lift",
    "--metric",
    "spent",
    "--from",
    "orders",
    "--at",
    "day",
    "--since",
    "2025-07-01",
    "--key",
    "who",
)


def first() -> list[tuple[int, float, float]]:
    return customers(200)


def test_without_a_hold_out_there_is_nothing_to_compare(groups: Path, refused: Callable[..., str]) -> None:
    execute(groups, *ORDERS)
    said = refused(groups, 3, *ASKED)
    assert "run 1 of groups holds out nobody, so there is nothing to compare with" in said
    assert "set holdout_share" in said


def test_what_is_said(after: Callable[..., Path], segjob: Segjob, refused: Callable[..., str]) -> None:
    shop = after(("run", "--config", "segjob.toml"), rows=first, first=ORDERS, files=(("segjob.toml", TOML),))

    def without(option: str, value: str) -> tuple[str, ...]:
        place = ASKED.index(option)
        return (*ASKED[: place + 1], value, *ASKED[place + 2 :])

    assert "'spent' of orders is NaN or infinite" in refused(shop, 3, *ASKED)
    assert "did you mean 'spent'?" in refused(shop, 3, *without("--metric", "spend"))
    assert "'note' of orders is VARCHAR, not a number" in refused(shop, 3, *without("--metric", "note"))
    assert "'note' of orders is VARCHAR, not a date" in refused(shop, 3, *without("--at", "note"))
    assert "there is no table or view 'order'" in refused(shop, 3, *without("--from", "order"))
    assert "--since is a date such as 2025-07-01" in refused(shop, 2, *without("--since", "July"))
    assert "is not after --since" in refused(shop, 2, *ASKED, "--until", "2025-07-01")
    execute(shop, "update orders set spent = who % 7", "delete from orders where who % 3 = 0")
    outcome = segjob(*ASKED, "--until", "2025-07-03", "--warehouse", shop)
    assert outcome.code == 0, outcome.err
    assert "groups (run 1): spent per customer since 2025-07-01" in outcome.out
    assert "1: " in outcome.out
    document = segjob(*ASKED, "--until", "2025-07-02", "--json", "--warehouse", shop).document
    assert document["overall"]["treated"]["mean"] == document["overall"]["held_out"]["mean"] == 0.0
    assert document["overall"]["lift"]["more_customers"] is None
