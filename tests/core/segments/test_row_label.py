"""What a row is called is read off its key; where that says nothing, rows are customers."""

from __future__ import annotations

import pytest

from segjob.core.segments.row_label import row_label_of


@pytest.mark.parametrize(
    ("key", "one", "many"),
    [
        ("customer_id", "customer", "customers"),
        ("CustomerID", "customer", "customers"),
        ("product_id", "product", "products"),
        ("Product ID", "product", "products"),
        ("sales_account_id", "account", "accounts"),
        ("salesAccountId", "account", "accounts"),
        ("company_id", "company", "companies"),
        ("day_id", "day", "days"),
        ("box_id", "box", "boxes"),
        ("id", "customer", "customers"),
        ("uuid", "customer", "customers"),
        ("sku", "customer", "customers"),
        ("external_id", "customer", "customers"),
        ("externalUniqueId", "customer", "customers"),
        ("k'e<y>", "customer", "customers"),
        ("<b>x</b>_id", "customer", "customers"),
    ],
)
def test_a_key_names_what_it_is_of(key: str, one: str, many: str) -> None:
    noun = row_label_of(key)
    assert (noun.one, noun.many) == (one, many)
    assert (noun.of(1), noun.of(2)) == (one, many)


def test_people_are_everyone_and_things_are_not() -> None:
    assert (row_label_of("id").everyone, row_label_of("user_id").everyones) == ("everyone", "everyone’s")
    assert (row_label_of("product_id").everyone, row_label_of("product_id").everyones) == (
        "all products",
        "all products’",
    )
