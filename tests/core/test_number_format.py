"""Numbers as a reader wants them: no digits that mean nothing, and never an exponent for what is small."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segjob.core.number_format import amount, compact, number, passes_over_rows, percent


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (math.nan, "-"),
        (0.0, "0"),
        (8.25e-05, "<0.001"),
        (-8.25e-05, ">-0.001"),
        (0.0712, "0.0712"),
        (0.5536, "0.554"),
        (4.862, "4.86"),
        (12.0, "12"),
        (53.29, "53.3"),
        (362.2, "362"),
        (999.7, "1,000"),
        (1234.56, "1,235"),
        (-1234567.8, "-1,234,568"),
        (3.2e15, "3,200 trillion"),
        (1e300, "1.00e+300"),
    ],
)
def test_numbers(value: float | None, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0%"),
        (0.0003, "<0.1%"),
        (0.0712, "7.1%"),
        (0.08, "8%"),
        (0.405, "40%"),
        (0.996, "99.6%"),
        (0.99996, ">99.9%"),
        (1.0, "100%"),
        (None, "-"),
    ],
)
def test_percent(share: float | None, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0712, "days", "0.1 days"),
        (0.012, "days", "under 0.1 days"),
        (0.0, "days", "0 days"),
        (1.0, "days", "1 day"),
        (7.13, "days", "7.1 days"),
        (53.29, "days", "53 days"),
        (4.5, "€", "€4.50"),
        (12.0, "$", "$12"),
        (-1234.5, "£", "-£1,234"),
        (62.13, "k$", "62.1 k$"),
        (None, "days", "-"),
    ],
)
def test_units(value: float | None, unit: str, text: str) -> None:
    assert amount(value, unit) == text


def test_ticks() -> None:
    assert [compact(v) for v in (0, 9500, 12_000, 3.4e6, 2e9)] == ["0", "9,500", "12k", "3.4M", "2B"]


@given(st.floats(0.001, 1e14) | st.floats(-1e14, -0.001))
def test_a_number_is_within_half_a_percent_of_what_it_says(value: float) -> None:
    text = number(value)
    assert re.fullmatch(r"-?[\d,]+(\.\d+)?", text)
    assert float(text.replace(",", "")) == pytest.approx(value, rel=0.005, abs=0.0001)


def test_one_pass_is_one() -> None:
    assert [passes_over_rows(n) for n in (1, 2)] == ["1 pass over all rows", "2 passes over all rows"]
