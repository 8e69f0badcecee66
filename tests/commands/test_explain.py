"""`segjob explain`: what decides, in words, and why a row has no segment."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.small_warehouse import Segjob, execute, query

CONFIG = """[segmentations.mixed]
relation = "mixed"
key = "id"
k = 3
features = [
    { column = "income", lower = 0, upper = 100, outside = "exclude", non_finite = "missing" },
    { column = "score", missing = "impute", impute = 50.0, upper = 80, outside = "clip" },
    { column = "city", kind = "categorical", weight = 2.0 },
    { column = "orders", function = "log1p" },
]
"""


@pytest.fixture
def mixed(file: Path, folder: Path, segjob: Segjob) -> Path:
    """Customers whose key is a text, with every transform, and some that the model excludes."""
    execute(
        file,
        """create table mixed as select 'C' || id as id,
            case when id = 7 then null when id = 8 then 'nan'::double when id = 9 then 250 else income end as income,
            case when id = 10 then null else score end as score,
            case when id % 3 = 0 then 'Oslo' when id % 3 = 1 then 'Rome' end as city,
            case when id = 11 then -3 else id % 7 end as orders
        from customers""",
    )
    (folder / "segjob.toml").write_text(CONFIG)
    assert segjob("run", "--warehouse", file, "-q").code == 0
    return file


def test_an_explanation_is_the_views_rows_in_words(mixed: Path, segjob: Segjob) -> None:
    explained = segjob("explain", "C10", "--json", "--warehouse", mixed).document
    found = query(
        mixed,
        "select feature, value, category, model_value, contribution from segments.mixed_reasons where id = 'C10'",
    )
    names = ("feature", "value", "category", "model_value", "contribution")
    assert {tuple(reason[name] for name in names) for reason in explained["reasons"]} == set(found)
    assert [reason["feature"] for reason in explained["reasons"]] == ["income", "score", "city", "orders"]
    segment, distance, margin = query(
        mixed, "select segment_id, distance, margin from segments.mixed_scores where id = 'C10'"
    )[0]
    assert (explained["segment_id"], explained["published_segment_id"]) == (segment, segment)
    assert sum(row[-1] for row in found) == pytest.approx((distance + margin) ** 2 - distance**2, abs=1e-9)
    words = segjob("explain", "C10", "--warehouse", mixed).out
    assert words.startswith(f"customer C10 is in segment {segment}, ")
    assert "missing, taken as 50" in words
    assert f"for segment {segment}." in words
    largest = max(explained["reasons"], key=lambda reason: abs(reason["contribution"]))
    bars = {line.split()[0]: line.count("█") + line.count("░") for line in words.splitlines() if line}
    assert max(bars, key=lambda feature: bars[feature]) == largest["feature"]

    for key, message in (
        ("C7", "income is missing, and no value is imputed"),
        ("C8", "income is missing, and no value is imputed"),
        ("C9", "income is 250, above the bound of 100"),
        ("C11", "orders is -3, which has no logarithm log1p"),
        ("c12", "mixed has no customer whose id (VARCHAR) is 'c12'"),
    ):
        refusal = segjob("explain", key, "--warehouse", mixed)
        assert (refusal.code, refusal.out) == (3, "")
        assert message in refusal.err


def test_what_has_changed_since_the_run_is_said(groups: Path, segjob: Segjob, refused: object) -> None:
    before = segjob("explain", "1", "--json", "--warehouse", groups).document
    execute(
        groups,
        "update customers set income = 90, score = 90 where id = 1",
        "insert into customers values (900, 51, 49), (901, 20, 20), (901, 20, 20)",
    )
    after = segjob("explain", "1", "--json", "--warehouse", groups).document
    assert after["published_segment_id"] == before["segment_id"] != after["segment_id"]
    assert (
        f"itself put the customer in segment {before['segment_id']}"
        in segjob("explain", "1", "--warehouse", groups).out
    )
    assert "did not know this customer" in segjob("explain", "900", "--warehouse", groups).out
    assert callable(refused)
    assert "2 rows of customers have id 901, and a key names one" in refused(groups, 3, "explain", "901")
    assert "whose id (INTEGER) is 'one'" in refused(groups, 3, "explain", "one")


def test_one_segment_has_no_runner_up(file: Path, segjob: Segjob) -> None:
    arguments = ("--from", "customers", "--key", "id", "--features", "income,score", "--where", "id < 100")
    assert segjob("run", *arguments, "--k", "1", "--warehouse", file, "-q").code == 0
    said = segjob("explain", "4", "--warehouse", file)
    assert said.code == 0, said.err
    assert "It is the only segment." in said.out
    assert (
        "of the rows where id < 100, and this one is not" in segjob("explain", "120", "--warehouse", file).err
    )
    assert "has no customer" in segjob("explain", "1200", "--warehouse", file).err
