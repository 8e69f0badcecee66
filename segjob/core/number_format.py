"""How a number reads: thousands separators, at most three significant digits below a thousand, percent, units.

The one place that decides it, for the terminal, the page and the figures. The minus sign is ASCII here.
"""

from __future__ import annotations

import math

NO_NUMBER = "-"
_SMALLEST = 0.001
"""Anything nearer to 0 is only said to be below this: its digits mean nothing to a reader."""
_CURRENCIES = "$€£¥"
_TIMES = frozenset({"hours", "days", "weeks", "months", "years"})
_TRILLION = 1e12


def number(value: float | None) -> str:
    """Three significant digits below a thousand, whole from there on; "-" where there is no number."""
    if value is None or not math.isfinite(value):
        return NO_NUMBER
    size = abs(value)
    if size == 0:
        return "0"
    if size < _SMALLEST:
        return f"<{_SMALLEST}" if value > 0 else f">-{_SMALLEST}"
    if size >= 1000 * _TRILLION:
        scaled = value / _TRILLION
        return f"{scaled:,.0f} trillion" if size < 1e6 * _TRILLION else f"{value:.2e}"
    digits = max(0, 2 - math.floor(math.log10(size)))
    return _stripped(f"{value:,.{min(digits, 4)}f}")


def percent(share: float | None) -> str:
    """A share of 0 to 1 as a percentage, with one decimal where that matters: below 10 % and above 99 %."""
    if share is None or not math.isfinite(share):
        return NO_NUMBER
    value = share * 100
    size = abs(value)
    if 0 < size < 0.1:
        return "<0.1%" if value > 0 else ">-0.1%"
    if 99.9 < value < 100:
        return ">99.9%"
    has_decimal = size < 10 or 99 < size < 100
    return _stripped(f"{value:,.{1 if has_decimal else 0}f}") + "%"


def passes_over_rows(passes: int) -> str:
    """How often all rows were read."""
    return f"{passes} {'pass' if passes == 1 else 'passes'} over all rows"


def compact(value: float) -> str:
    """A number short enough for a tick of an axis: 12k, 3.4M."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return number(value / (1e3 if letter == "k" else size)) + letter
    return number(value)


def amount(value: float | None, unit: str | None = None, *, is_percent: bool = False) -> str:
    """A value of a feature with its unit: `€1,230`, `45 days`, `12.5 kg`, `8.1%`."""
    if is_percent:
        return percent(value)
    if value is None or not math.isfinite(value) or unit is None:
        return number(value)
    if unit in _CURRENCIES:
        return _money(value, unit)
    if unit in _TIMES:
        return _time(value, unit)
    return f"{number(value)} {unit}"


def _money(value: float, currency: str) -> str:
    sign, size = "-" if value < 0 else "", abs(value)
    if size >= 1000 * _TRILLION:
        return f"{sign}{currency}{number(size)}"
    cents = size < 100 and round(size, 2) != round(size)
    return f"{sign}{currency}{size:,.{2 if cents else 0}f}"


def _time(value: float, unit: str) -> str:
    """Times are whole from ten on, and have one decimal below."""
    size = abs(value)
    if 0 < size < 0.05:
        return f"under 0.1 {unit}"
    text = _stripped(f"{value:,.1f}") if size < 9.95 else number(float(round(value)))
    return f"{text} {unit.removesuffix('s') if text in ('1', '-1') else unit}"


def _stripped(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
