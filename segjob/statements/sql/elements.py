"""The few SQL elements that engines spell differently: a portable form, and a native one where it pays."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnClause, ColumnElement
from sqlalchemy.sql.functions import FunctionElement

MAX_DOUBLE = sys.float_info.max
_TWO_64 = 2.0**64


class Number(FunctionElement[float]):
    """A float64 written into the statement, digit for digit.

    Not a bound parameter: views and macros cannot hold one, and `1.5` without an exponent would be a decimal.
    """

    name = "number"
    type = sa.Double()
    inherit_cache = True

    def __init__(self, value: float) -> None:
        super().__init__(sa.literal_column(repr(float(value)), sa.Double()))


def number_text(element: Number) -> str:
    """Its digits, or inf, -inf, nan."""
    (written,) = element.clauses
    return str(cast("ColumnClause[float]", written).name)


def _digits(text: str) -> str:
    return text if "e" in text else f"{text}e0"


@compiles(Number)
def _number(element: Number, compiler: SQLCompiler, **_: Any) -> str:
    return number_with("Infinity", element, compiler)


def number_with(infinity: str, element: Number, compiler: SQLCompiler, *, quote: bool = False) -> str:
    """A cast of the digits, or of the engine's word for infinity; `quote` where bare digits would be a decimal."""
    text = number_text(element)
    double = compiler.dialect.type_compiler_instance.process(sa.Double())
    if math.isfinite(float(text)):
        written = f"'{_digits(text)}'" if quote else _digits(text)
    else:
        written = f"'{'NaN' if text == 'nan' else text.replace('inf', infinity)}'"
    return f"CAST({written} AS {double})"


@compiles(Number, "duckdb")
def _number_duckdb(element: Number, compiler: SQLCompiler, **kw: Any) -> str:
    if not math.isfinite(float(number_text(element))):
        return _number(element, compiler, **kw)
    # The exponent makes it DOUBLE; the brackets keep two minus signs apart.
    digits = _digits(number_text(element))
    return f"({digits})" if digits.startswith("-") else digits


class IsNan(FunctionElement[bool]):
    """Whether a float64 is not a number; unknown for NULL. On most engines NaN equals itself, on some it does not."""

    name = "is_nan"
    type = sa.Boolean()
    inherit_cache = True


@compiles(IsNan)
def _is_nan(element: IsNan, compiler: SQLCompiler, **kw: Any) -> str:
    return f"{compiler.process(element.clauses, **kw)} = {compiler.process(Number(math.nan), **kw)}"


class Before(FunctionElement[Any]):
    """The column in the row before, in whatever order the engine reads; by value where it asks for an order."""

    name = "before"
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any]) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(Before)
def _before(element: Before, compiler: SQLCompiler, **kw: Any) -> str:
    return f"lag({compiler.process(element.clauses, **kw)}) OVER ()"


def before_in_order(element: Before, compiler: SQLCompiler, **kw: Any) -> str:
    """The form of engines that compare with the row before in a stated order only: a sort, and exact for any rows."""
    column = compiler.process(element.clauses, **kw)
    return f"lag({column}) OVER (ORDER BY {column})"


class RowHash(FunctionElement[int]):
    """A 64-bit hash of its columns: the same for equal rows, in any order and on any number of threads."""

    name = "row_hash"
    type = sa.BigInteger()
    inherit_cache = True


@compiles(RowHash)
def _row_hash(element: RowHash, compiler: SQLCompiler, **kw: Any) -> str:
    return f"hash({compiler.process(element.clauses, **kw)})"


@compiles(RowHash, "postgresql")
def _row_hash_postgresql(element: RowHash, compiler: SQLCompiler, **kw: Any) -> str:
    return f"hash_record_extended(ROW({compiler.process(element.clauses, **kw)}), 0)"


class HashShare(FunctionElement[float]):
    """The same hash spread evenly over [0, 1): `HashShare(key, seed) < 0.01` keeps one row in a hundred."""

    name = "hash_share"
    type = sa.Double()
    inherit_cache = True


@compiles(HashShare)
def _hash_share(element: HashShare, compiler: SQLCompiler, **kw: Any) -> str:
    hashed: ColumnElement[float] = sa.cast(
        RowHash(*element.clauses), sa.Double()
    )  # signed: from -2^63 to 2^63
    return compiler.process(hashed * Number(1 / _TWO_64) + Number(0.5), **kw)


@compiles(HashShare, "duckdb")
def _hash_share_duckdb(element: HashShare, compiler: SQLCompiler, **kw: Any) -> str:
    hashed: ColumnElement[float] = sa.cast(RowHash(*element.clauses), sa.Double())  # and unsigned here
    return compiler.process(hashed * Number(1 / _TWO_64), **kw)


class Fingerprint(FunctionElement[int]):
    """One number for a set of rows in any order; another one, all but surely, when a value changed."""

    name = "fingerprint"
    type = sa.BigInteger()
    inherit_cache = True


@compiles(Fingerprint)
def _fingerprint(element: Fingerprint, compiler: SQLCompiler, **kw: Any) -> str:
    return f"bit_xor({compiler.process(RowHash(*element.clauses), **kw)})"


class ApproximateDistinct(FunctionElement[int]):
    """About how many different rows its columns hold; exact where the engine has no sketch."""

    name = "approximate_distinct"
    type = sa.BigInteger()
    inherit_cache = True


@compiles(ApproximateDistinct)
def _approximate_distinct(element: ApproximateDistinct, compiler: SQLCompiler, **kw: Any) -> str:
    return f"approx_count_distinct({compiler.process(RowHash(*element.clauses), **kw)})"


@compiles(ApproximateDistinct, "postgresql")
def _approximate_distinct_postgresql(element: ApproximateDistinct, compiler: SQLCompiler, **kw: Any) -> str:
    return f"count(DISTINCT {compiler.process(RowHash(*element.clauses), **kw)})"


class DistinctIntegers(FunctionElement[int]):
    """How many different whole numbers a column holds, all of them between two numbers; a bitmap where there is one."""

    name = "distinct_integers"
    type = sa.BigInteger()
    inherit_cache = True

    def __init__(self, value: ColumnElement[Any], low: int, high: int) -> None:
        ends = (sa.literal_column(str(int(end)), sa.BigInteger()) for end in (low, high))
        super().__init__(value, *ends)


@compiles(DistinctIntegers)
def _distinct_integers(element: DistinctIntegers, compiler: SQLCompiler, **kw: Any) -> str:
    value, _, _ = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"count(DISTINCT {value})"


@compiles(DistinctIntegers, "duckdb")
def _distinct_integers_duckdb(element: DistinctIntegers, compiler: SQLCompiler, **kw: Any) -> str:
    value, low, high = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"bit_count(bitstring_agg(CAST({value} AS BIGINT), {low}, {high}))"


class DistinctPlaces(FunctionElement[int]):
    """How many different whole numbers from 0 to 62 a column holds; the bits of one word where that is cheaper."""

    name = "distinct_places"
    type = sa.BigInteger()
    inherit_cache = True


@compiles(DistinctPlaces)
def _distinct_places(element: DistinctPlaces, compiler: SQLCompiler, **kw: Any) -> str:
    return f"count(DISTINCT {compiler.process(element.clauses, **kw)})"


class Quantiles(FunctionElement[Sequence[float]]):
    """The exact quantiles of a column, linearly interpolated, as one array; NULLs are left out."""

    name = "quantiles"
    type = sa.ARRAY(sa.Double())
    inherit_cache = True

    def __init__(self, value: ColumnElement[float], qs: Sequence[float]) -> None:
        super().__init__(value, *(sa.literal_column(repr(float(q))) for q in qs))


def quantile_texts(element: Quantiles, compiler: SQLCompiler, **kw: Any) -> tuple[str, list[str]]:
    """The column and the quantiles that are asked for, as SQL."""
    value, *qs = (compiler.process(clause, **kw) for clause in element.clauses)
    return value, qs


@compiles(Quantiles)
def _quantiles(element: Quantiles, compiler: SQLCompiler, **kw: Any) -> str:
    value, qs = quantile_texts(element, compiler, **kw)
    return f"percentile_cont(ARRAY[{', '.join(qs)}]) WITHIN GROUP (ORDER BY {value})"


@compiles(Quantiles, "duckdb")
def _quantiles_duckdb(element: Quantiles, compiler: SQLCompiler, **kw: Any) -> str:
    value, qs = quantile_texts(element, compiler, **kw)
    return f"quantile_cont({value}, [{', '.join(qs)}])"


class Item(FunctionElement[float]):
    """One item of an array column, counted from 1."""

    name = "item"
    type = sa.Double()
    inherit_cache = True

    def __init__(self, array: ColumnElement[Any], position: int) -> None:
        super().__init__(array, sa.literal_column(str(int(position))))


@compiles(Item)
def _item(element: Item, compiler: SQLCompiler, **kw: Any) -> str:
    array, position = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({array})[{position}]"


class Sha256(FunctionElement[str]):
    """SHA-256 of a text's UTF-8 bytes, as 64 hexadecimal digits in lower case."""

    name = "sha256_text"
    type = sa.Text()
    inherit_cache = True


@compiles(Sha256)
def _sha256(element: Sha256, compiler: SQLCompiler, **kw: Any) -> str:
    return f"sha256({compiler.process(element.clauses, **kw)})"


@compiles(Sha256, "postgresql")
def _sha256_postgresql(element: Sha256, compiler: SQLCompiler, **kw: Any) -> str:
    return f"encode(sha256(convert_to({compiler.process(element.clauses, **kw)}, 'UTF8')), 'hex')"


@compiles(Sha256, "spark")
@compiles(Sha256, "snowflake")
def _sha256_of_bits(element: Sha256, compiler: SQLCompiler, **kw: Any) -> str:
    return f"sha2({compiler.process(element.clauses, **kw)}, 256)"


class Trimmed(FunctionElement[str]):
    """A text without blanks, tabs and line breaks at its ends."""

    name = "trimmed"
    type = sa.Text()
    inherit_cache = True


@compiles(Trimmed)
def _trimmed(element: Trimmed, compiler: SQLCompiler, **kw: Any) -> str:
    return f"trim(BOTH ' ' || chr(9) || chr(10) || chr(13) FROM {compiler.process(element.clauses, **kw)})"


@compiles(Trimmed, "snowflake")
def _trimmed_by_function(element: Trimmed, compiler: SQLCompiler, **kw: Any) -> str:
    return f"trim({compiler.process(element.clauses, **kw)}, ' \\t\\r\\n')"
