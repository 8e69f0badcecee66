"""The questions of sql/reports, in the names of any segmentation.

A file is plain SQL about the demo: schema `segments`, segmentations `income_spending` and `value`, relation
`customer_features` with key `customer_id`. `render` puts the user's names in their place, word by word: nothing inside
a text, a comment or a quoted name is touched, but for the segmentations' names as texts.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from segjob.errors import ConfigError

DEMO_SEGMENTATIONS = ("income_spending", "value")
DEMO_RELATION, DEMO_KEY, DEMO_FEATURES = (
    "customer_features",
    "customer_id",
    ("annual_income", "spending_score"),
)
_PARTS = ("", "_history", "_movements", "_scores", "_reasons", "_profile")
_TOKEN = re.compile(
    r"""--[^\n]*|'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|[A-Za-z_]\w*(?:\.\w+)*|\d+(?:\.\d+)?|\s+|.""",
    re.DOTALL,
)
_HEADER = re.compile(r"^-- (Question|Grain|Parameters|Needs): ")
_NEEDED = re.compile(r"([\w.]+) \(([^)]*)\)")
_PARAMETERS = re.compile(r"with params as \(\s*select\s(.*?)\n\)", re.DOTALL)
_PARAMETER = re.compile(r"('(?:[^']|'')*'|-?\d+(?:\.\d+)?) as (\w+)")
_EACH = re.compile(r"-- every( numeric)? feature:\n(.*?)\n *-- every(?: numeric)? feature\.", re.DOTALL)


@dataclass(frozen=True)
class Question:
    """A file of sql/reports.

    parameters : name -> the value in the file, as SQL; the segmentation is none of them.
    needs : a relation of the demo -> the columns that the question reads of it, beside the key and the features.
    segmentations : how many the question is about, 1 or 2.
    """

    name: str
    question: str
    grain: str
    notes: str
    sql: str
    parameters: Mapping[str, str]
    needs: Mapping[str, Sequence[str]]
    segmentations: int

    def as_json(self) -> dict[str, Any]:
        """The question without its SQL, as plain values."""
        own = dataclasses.asdict(self)
        del own["sql"]
        return own


@dataclass(frozen=True)
class Names:
    """What stands in the place of the demo's names.

    segmentations : as many as the question is about.
    relation : quoted, with its schema; key : the key's column; numeric, categorical : the features' columns.
    used : the demo's column, or relation in lower case -> the user's, a relation quoted.
    parameters : name -> value as SQL.
    """

    schema: str
    segmentations: Sequence[str]
    relation: str
    key: str
    numeric: Sequence[str]
    categorical: Sequence[str]
    used: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)


def parse(name: str, text: str) -> Question:
    """A question from its file."""
    header, sql = _split(text)
    found = _PARAMETERS.search(sql)
    parameters = {key: value for value, key in _PARAMETER.findall(found[1])} if found else {}
    parameters.pop("segmentation", None)
    return Question(
        name=name,
        question=header["Question"],
        grain=header["Grain"],
        notes=header["Parameters"],
        sql=sql,
        parameters=parameters,
        needs={
            relation: [column.strip() for column in columns.split(",")]
            for relation, columns in _NEEDED.findall(header.get("Needs", ""))
        },
        segmentations=len(_segmentations(sql)),
    )


def parameter(question: Question, name: str, value: str) -> str:
    """A parameter's value as SQL, as typed: a number where the file has one, else a text.

    Raises
    ------
    ConfigError : the question has no such parameter, or it is a number and this is none.
    """
    if name not in question.parameters:
        known = ", ".join(question.parameters) or "none"
        raise ConfigError(f"{question.name} has no parameter {name!r}", hint=f"it has {known}")
    if question.parameters[name].startswith("'"):
        return text_literal(value)
    if not re.fullmatch(r"-?\d+(\.\d+)?", value):
        raise ConfigError(f"{name} is a number, such as {question.parameters[name]}, not {value!r}")
    return value


def text_literal(value: str) -> str:
    """A text as SQL."""
    return "'" + value.replace("'", "''") + "'"


def render(question: Question, names: Names, quote: Callable[[str], str], engine: str) -> str:
    """The question in the user's names.

    Parameters
    ----------
    quote : a name as the engine has it.
    engine : the name of its dialect.

    Raises
    ------
    ConfigError : it is about numeric features, and there is none.
    """
    sql = question.sql
    if names.parameters:
        sql = _PARAMETERS.sub(lambda found: _with_parameters(found[0], names.parameters), sql, count=1)
    sql = _EACH.sub(lambda found: _each(found[2], names, quote, is_numeric=bool(found[1])), sql)
    demo = dict(zip(_segmentations(question.sql), names.segmentations, strict=True))
    translate = _Translation(question, names, demo, quote)
    tokens = [translate(token) for token in _TOKEN.findall(sql)]
    if engine == "postgresql":
        tokens = _rounding_decimals(tokens)
    written = "".join(tokens).strip().removesuffix(";")
    if engine in ("spark", "snowflake"):
        written = _LISTED.sub(r"listagg(\1, \2) within group (order by \3)", written)
    return with_quoted_rows(written) if engine == "snowflake" else written


def with_quoted_rows(sql: str) -> str:
    """The text for Snowflake, which reserves the name of our column `rows`; unquoted names are upper case there."""
    return re.sub(r"(?<=\.)rows\b", '"ROWS"', sql)


_LISTED = re.compile(r"string_agg\((\w+), ('[^']*') order by (\w+)\)")


@dataclass(frozen=True)
class _Translation:
    """A word of the file as the user's; segmentations : the demo's -> the user's."""

    question: Question
    names: Names
    segmentations: Mapping[str, str]
    quote: Callable[[str], str]

    def __call__(self, token: str) -> str:
        names = self.names
        if token.startswith("'"):
            own = self.segmentations.get(token.strip("'"))
            return token if own is None else text_literal(own)
        if not re.match(r"[A-Za-z_]", token):
            return token
        if token in self.question.needs and token != DEMO_RELATION:
            return names.used[token]
        if token == DEMO_RELATION:
            return names.relation
        qualifier, _, word = token.rpartition(".")
        if qualifier == "segments":
            return f"{self.quote(names.schema)}.{self.quote(self._published(word))}"
        column = self._column(word, is_others=qualifier == _OTHER)
        return f"{qualifier}.{column}" if qualifier else column

    def _published(self, word: str) -> str:
        for demo, own in self.segmentations.items():
            if word.startswith(demo) and word.removeprefix(demo) in _PARTS:
                return own + word.removeprefix(demo)
        return word

    def _column(self, word: str, *, is_others: bool) -> str:
        used = self.names.used
        if word == DEMO_KEY:
            return self.quote(used.get(word, self.names.key) if is_others else self.names.key)
        needed = {column for columns in self.question.needs.values() for column in columns}
        return self.quote(used.get(word, word)) if word in needed else word


_OTHER = "o"
"""What the files call a relation of the demo other than the one that is segmented."""


def _split(text: str) -> tuple[dict[str, str], str]:
    """The header's entries, and what follows it."""
    header: dict[str, str] = {}
    lines = text.splitlines()
    label = ""
    while lines and lines[0].startswith("--"):
        line = lines.pop(0)
        if found := _HEADER.match(line):
            label = found[1]
            header[label] = line[found.end() :]
        else:
            header[label] += " " + line.removeprefix("--").strip()
    return header, "\n".join(lines) + "\n"


def _segmentations(sql: str) -> list[str]:
    """The demo's segmentations that the SQL is about, in the order in which it names them."""
    named = []
    for token in _TOKEN.findall(sql):
        for demo in DEMO_SEGMENTATIONS:
            places = {f"segments.{demo}{part}" for part in _PARTS} | {f"'{demo}'"}
            if token in places and demo not in named:
                named.append(demo)
    return named


def _with_parameters(cte: str, values: Mapping[str, str]) -> str:
    """The parameters' own step with other values."""
    return _PARAMETER.sub(lambda found: f"{values.get(found[2], found[1])} as {found[2]}", cte)


def _each(block: str, names: Names, quote: Callable[[str], str], *, is_numeric: bool) -> str:
    """A part that the file repeats for both features of the demo, for each of the user's."""
    first, second = DEMO_FEATURES
    separator = next(s for s in (",\n", "\n    union all\n") if len(block.split(s)) == 2)
    item = block.split(separator)[0]
    assert item.replace(first, second) == block.split(separator)[1]
    features = list(names.numeric) if is_numeric else [*names.numeric, *names.categorical]
    if not features:
        raise ConfigError(
            "no feature of this segmentation is numeric, so no row is excluded for a value",
            hint="a category that is missing is a category of its own",
        )
    return separator.join(
        "".join(_of_feature(token, first, feature, quote) for token in _TOKEN.findall(item))
        for feature in features
    )


def _of_feature(token: str, demo: str, feature: str, quote: Callable[[str], str]) -> str:
    if token == f"'{demo}'":
        return text_literal(feature)
    qualifier, dot, word = token.rpartition(".")
    return f"{qualifier}{dot}{quote(feature)}" if word == demo else token


def _rounding_decimals(tokens: Sequence[str]) -> list[str]:
    """PostgreSQL rounds decimals only to a number of digits: `round(x, 1)` of a float is an error there."""
    written: list[str] = []
    i = 0
    while i < len(tokens):
        if tokens[i] != "round" or tokens[i + 1] != "(":
            written.append(tokens[i])
            i += 1
            continue
        depth, end, comma = 1, i + 2, 0
        while depth:
            depth += {"(": 1, ")": -1}.get(tokens[end], 0)
            comma = end if tokens[end] == "," and depth == 1 else comma
            end += 1
        inner = _rounding_decimals(tokens[i + 2 : comma])
        written += ["round", "(", "cast(", *inner, " as numeric)", *tokens[comma:end]]
        i = end
    return written
