"""What a feature is called and how its values read: in the config's words, else in good ones for common columns."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from segjob.core.number_format import amount

Role = Literal["recency", "frequency", "monetary", "income", "spending", "tenure", "price"]
"""What a feature means to a marketer; the playbook of actions is written in these."""
ValueKind = Literal["number", "count", "share", "flag"]
"""What the values are: any numbers, whole ones from 0, from 0 to 1, or 0 and 1 only."""

_WORD = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_IN_BRACKETS = re.compile(r"\s*[(\[][^)\]]*[)\]]")
_FLAG_EPSILON = 1e-6

_COUNT_MARKS = {"count", "num", "number", "n", "nr", "no", "of", "total", "trx"}
"""Parts of a column's name that say it counts, and name nothing."""
_MONEY = {
    "amount",
    "charges",
    "costs",
    "fees",
    "monetary",
    "payments",
    "revenue",
    "sales",
    "spend",
    "turnover",
}
_SHARES = {"share", "rate", "ratio", "pct", "prc", "percent", "percentage", "proportion"}
_ON_ANOTHER_SCALE = {"score", "rank", "decile", "quintile", "quartile", "bucket", "group", "change", "growth"}
"""In these columns high may mean anything: a recency score of 5 is recent."""
_LAST = {"order", "purchase", "visit", "login", "activity", "active", "seen", "transaction", "last", "buy"}
_FIRST = {"signup", "registration", "registered", "first", "joined", "joining", "start"}
_SUPERLATIVES = {
    "cheap": "cheapest",
    "few": "fewest",
    "large": "largest",
    "long": "longest",
    "long-standing": "longest-standing",
    "low": "lowest",
    "high": "highest",
    "lapsed": "longest lapsed",
    "many": "most",
    "new": "newest",
    "old": "oldest",
    "older": "oldest",
    "poor": "poorest",
    "rich": "richest",
    "short": "shortest",
    "small": "smallest",
    "young": "youngest",
    "younger": "youngest",
}


@dataclass(frozen=True)
class FeatureWords:
    """How a source column is spoken of.

    label : "days since last order". low, high : what a segment is called where it is low or high in it ("recent",
    "few orders", "low revenue"); lowest, highest : the same for the last and first of all segments.
    """

    label: str
    low: str
    high: str
    lowest: str
    highest: str
    unit: str | None = None
    kind: ValueKind = "number"
    is_percent: bool = False
    role: Role | None = None

    def value(self, value: float | None) -> str:
        """A value of the feature with its unit."""
        return amount(value, self.unit, is_percent=self.is_percent)


def plain(column: str) -> str:
    """A column's name as a person would say it: `annual_income` and `AnnualIncome` are annual income."""
    spaced = " ".join(_CAMEL.sub(" ", _IN_BRACKETS.sub("", column)).replace("_", " ").split())
    words = (w if len(w) > 1 and w.isupper() and not column.isupper() else w.lower() for w in spaced.split())
    return " ".join(words) or column


def value_kind(profiles: Iterable[Mapping[str, Any]]) -> ValueKind:
    """What a column's values are, by its rows of table `profiles`, one per segment."""
    known = [row for row in profiles if row["rows"]]
    if not known:
        return "number"
    low, high = min(row["minimum"] for row in known), max(row["maximum"] for row in known)
    if low < 0:
        return "number"
    if high > 1:
        return "count" if _are_whole(known) else "number"
    # Between 0 and 1, the mean of squares is the mean exactly if all values are 0 or 1.
    squares = (row["stddev"] ** 2 + row["mean"] ** 2 - row["mean"] for row in known)
    return "flag" if high == 1 and all(abs(away) < _FLAG_EPSILON for away in squares) else "share"


def _are_whole(profiles: Iterable[Mapping[str, Any]]) -> bool:
    """Whether no value between two whole ones is seen; quartiles may lie a quarter of the way from one to the next."""
    ends = [row[name] for row in profiles for name in ("minimum", "maximum")]
    quartiles = [
        4 * row[name] for row in profiles for name in ("p25", "median", "p75") if row[name] is not None
    ]
    return all(float(value).is_integer() for value in (*ends, *quartiles))


def feature_words(
    column: str, kind: ValueKind = "number", settings: Mapping[str, Any] | None = None
) -> FeatureWords:
    """The words for a column.

    settings : the feature's entry in the config; its `label`, `unit`, `format`, `low_word` and `high_word` count.
    """
    own = {name: value for name, value in (settings or {}).items() if value is not None}
    parts = _parts(column)
    role = _role(parts, kind) or _role(_parts(own.get("label", "")), kind)
    label = own.get("label") or _label(column, parts, role)
    low, high = _low_and_high(label, parts, kind, role, is_labelled="label" in own)
    low, high = own.get("low_word", low), own.get("high_word", high)
    unit = own.get("unit") or ("days" if "days" in parts[:1] + parts[-1:] and kind != "flag" else None)
    is_share = kind == "share" and bool(_SHARES & set(parts))
    return FeatureWords(
        label=label,
        low=low,
        high=high,
        lowest=low if kind == "flag" else _superlative(low),
        highest=high if kind == "flag" else _superlative(high),
        unit=None if is_share else unit,
        kind=kind,
        is_percent=own.get("format", "percent" if is_share or kind == "flag" else "number") == "percent",
        role=role,
    )


def words_of_features(
    features: Iterable[Mapping[str, Any]], profiles: Iterable[Mapping[str, Any]]
) -> dict[str, FeatureWords]:
    """Column -> its words.

    features : the features of the config that a run is of. profiles : the run's rows of table `profiles`; those of a
    category are under another feature's name, and a categorical column needs none.
    """
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for row in profiles:
        rows.setdefault(row["feature"], []).append(row)
    return {
        feature["column"]: feature_words(
            feature["column"], value_kind(rows.get(feature["column"], ())), feature
        )
        for feature in features
    }


def words_of_run(
    config: str, columns: Iterable[str], profiles: Iterable[Mapping[str, Any]]
) -> dict[str, FeatureWords]:
    """The same for a published run, of its measures too.

    config : column of that name of table `runs`; a run of an earlier version has none of these words in it.
    """
    settings = json.loads(config)
    own: dict[str, dict[str, Any]] = {}
    for entry in (*settings.get("measures", ()), *settings.get("features", ())):
        said = {name: value for name, value in entry.items() if value is not None}
        own[entry["column"]] = own.get(entry["column"], {}) | said
    return words_of_features((own.get(c, {"column": c}) for c in dict.fromkeys(columns)), profiles)


def measures_of_run(config: str) -> list[str]:
    """The columns that describe a published run's segments; those of an earlier version have none."""
    return [measure["column"] for measure in json.loads(config).get("measures", ())]


def _parts(name: str) -> list[str]:
    return [
        word.lower() for word in _WORD.findall(_CAMEL.sub(" ", _IN_BRACKETS.sub("", name)).replace("_", " "))
    ]


def _role(parts: list[str], kind: ValueKind) -> Role | None:
    """What a column means, by the words of its name or label."""
    words = set(parts)
    if "spending" in words or "spend" in words:
        return "spending" if "score" in words else "monetary"
    if words & _ON_ANOTHER_SCALE or kind == "flag" or words & _SHARES:
        return None
    if "tenure" in words or ("since" in words and words & _FIRST):
        return "tenure"
    if "recency" in words or ("since" in words and words & _LAST):
        return "recency"
    if words & {"income", "salary", "earnings"}:
        return "income"
    if words & {"charges", "charge", "fee", "fees", "price", "mrr"}:
        return "price"
    if words & {"monetary", "revenue", "turnover", "sales", "clv", "ltv"}:
        return "monetary"
    counted = kind == "count" and words & {"orders", "order", "purchases", "transactions", "visits"}
    return "frequency" if counted or parts == ["frequency"] else None


def _label(column: str, parts: list[str], role: Role | None) -> str:
    if role == "recency" and parts in (["recency", "days"], ["days", "recency"]):
        return "days since last order"
    if parts in (["monetary"], ["monetary", "value"]):
        return "spend"
    if set(parts[:1]) & {"num", "n", "nr", "no", "number"} and len(parts) > 1:
        return f"number of {' '.join(part for part in parts if part not in _COUNT_MARKS)}"
    return plain(column)


def _low_and_high(
    label: str, parts: list[str], kind: ValueKind, role: Role | None, *, is_labelled: bool
) -> tuple[str, str]:
    if kind == "flag":
        return _flag_words(label)
    if role == "recency":
        return "recent", "lapsed"
    if role == "tenure":
        return "new", "long-standing"
    if parts in (["frequency"], ["purchase", "frequency"]):
        return "infrequent", "frequent"
    if parts in (["age"], ["customer", "age"], ["age", "years"], ["age", "in", "years"]):
        return "younger", "older"
    noun = label if is_labelled else " ".join(part for part in parts if part not in _COUNT_MARKS)
    is_marked = bool(_COUNT_MARKS & set(parts)) and not is_labelled and bool(noun)
    if kind == "count" and not set(parts) & (_MONEY | _ON_ANOTHER_SCALE) and (is_marked or _is_plural(noun)):
        noun = noun if _is_plural(noun) else f"{noun}s"
        return f"few {noun}", f"many {noun}"
    return f"low {label}", f"high {label}"


def _is_plural(noun: str) -> bool:
    return (noun.endswith("s") and not noun.endswith(("ss", "us", "is"))) or noun.endswith(
        ("children", "people")
    )


def _flag_words(label: str) -> tuple[str, str]:
    first, _, rest = label.partition(" ")
    if first in ("has", "with", "have") and rest:
        return f"mostly without {rest}", f"mostly with {rest}"
    what = rest if first in ("is", "was") and rest else label
    return f"rarely {what}", f"mostly {what}"


def _superlative(words: str) -> str:
    first, _, rest = words.partition(" ")
    if words in _SUPERLATIVES:
        return _SUPERLATIVES[words]
    if rest and first in _SUPERLATIVES:
        return f"{_SUPERLATIVES[first]} {rest}"
    if words.startswith("infrequent"):
        return "least frequent"
    return f"most {words}"
