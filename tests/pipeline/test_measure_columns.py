"""`measures`: columns that describe the segments and have no part in making them."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.small_warehouse import RUN_GROUPS, Segjob, customers, execute, fill, query

from segjob.config import Segmentation
from segjob.config_file import parse
from segjob.errors import ConfigError

SETTINGS = {
    "relation": "customers",
    "key": "id",
    "features": ["income", {"column": "city", "kind": "categorical"}],
}


@pytest.mark.parametrize(
    ("measures", "message"),
    [
        ("revenue", "must be a list"),
        (["revenue", "revenue"], "measures names 'revenue' more than once"),
        (["id"], "the key 'id' is also a measure"),
        (["city"], "the measure 'city' is a categorical feature; a measure is a number"),
        ([{"column": "revenue", "label": "all that was ever paid for"}], "must be one to four words"),
        ([{"column": "revenue", "weight": 2}], "unknown key"),
    ],
)
def test_what_cannot_be_a_measure_is_refused_by_the_config(measures: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse(Segmentation, {**SETTINGS, "measures": measures}, where="test")


def test_columns_that_cannot_be_measured_are_all_named_at_once(groups: Path, segjob: Segjob) -> None:
    execute(groups, "alter table customers add column city text default 'Oslo'")
    execute(groups, "alter table customers add column since date default date '2020-01-01'")
    outcome = segjob(*RUN_GROUPS, "--measures", "city,since,revenu", "--warehouse", groups)
    assert outcome.code == 3
    assert "measure 'city' of customers is VARCHAR, not a number: " in outcome.err
    assert "measure 'since' of customers is DATE, not a number" in outcome.err
    assert "customers has no column 'revenu' (measure)" in outcome.err
    assert query(groups, "select max(run_id) from segments.runs") == [(1,)]


def test_measures_do_not_change_the_segments_and_add_up(folder: Path, segjob: Segjob) -> None:
    file = fill(folder / "shop.duckdb", customers(300))
    execute(
        file,
        """create view shop as select *, case when id % 10 > 0 then id * 2.5::double end as paid,
            id % 2 = 0 as is_vip, -1.0 as loss, null::double as nothing from customers""",
    )
    plain = [*RUN_GROUPS]
    plain[plain.index("--from") + 1] = "shop"
    assert segjob(*plain, "--k", "5", "--warehouse", file).code == 0
    before = query(file, "select id, segment_id, distance from segments.groups order by id")
    outcome = segjob(*plain, "--k", "5", "--measures", "paid,is_vip,loss,nothing,score", "--warehouse", file)
    assert outcome.code == 0, outcome.err
    assert query(file, "select id, segment_id, distance from segments.groups order by id") == before
    said = " ".join(outcome.err.split())
    assert (
        "measure 'paid': of 300 rows, 30 without a value; they count for neither its mean nor its share"
        in said
    )
    assert "measure 'nothing': of 300 rows, 300 without a value; there is nothing to tell of it" in said
    assert "paid" in outcome.out
    columns = query(file, "select column_name from (describe segments.groups_profile)")
    assert [name for (name,) in columns] == [
        *("segment_id", "name", "rows", "share", "income", "score", "paid", "is_vip", "loss", "nothing"),
        *(f"share_of_{name}" for name in ("paid", "is_vip", "loss", "nothing", "score")),
    ]
    own = query(
        file,
        """select segment_id, count(*), avg(paid), sum(paid) / sum(sum(paid)) over (), median(paid),
            avg(is_vip::int), sum(is_vip::int) / sum(sum(is_vip::int)) over (), sum(score) / sum(sum(score)) over ()
        from segments.groups join shop using (id) group by 1 order by 1""",
    )
    published = query(
        file,
        """select s.segment_id, s.rows, s.paid, s.share_of_paid, p.median, s.is_vip, s.share_of_is_vip, s.share_of_score
        from segments.groups_profile as s join segments.current_profiles as p using (segment_id)
        where p.feature = 'paid' order by 1""",
    )
    assert published == [tuple(map(pytest.approx, row)) for row in own]
    useless = "select share_of_loss, loss, share_of_nothing, nothing from segments.groups_profile"
    assert query(file, useless) == [(None, -1.0, None, None)] * 5
    roles = "select feature, min(is_feature), max(is_feature) from segments.current_profiles group by 1 order by 1"
    assert query(file, roles) == [
        ("income", True, True),
        ("is_vip", False, False),
        ("loss", False, False),
        ("nothing", False, False),
        ("paid", False, False),
        ("score", True, True),
    ]
