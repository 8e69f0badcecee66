"""What is Snowflake's own, on an emulator in this process; tests/engines runs every verb there (SEGJOB_ENGINES)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from helpers.engines import Engine, snowflake_engine
from helpers.fake_snowflake import patched
from helpers.small_warehouse import RUN_GROUPS, Segjob, customers


@pytest.fixture
def shop() -> Iterator[Engine]:
    """An empty database."""
    pytest.importorskip(
        "fakesnow", reason="no emulator of Snowflake; `make doors` makes an environment for it"
    )
    with patched():
        yield snowflake_engine("snowflake://me:s3cret@account/SHOP/PUBLIC")


def test_names_are_upper_case_and_columns_stay_as_they_are(shop: Engine, segjob: Segjob) -> None:
    shop.fill('"Customers"', '"id" integer, INCOME NUMBER, "Score" NUMBER', customers())
    done = segjob(*RUN_GROUPS, "--warehouse", shop.url)
    assert done.code == 0, done.err
    assert "s3cret" not in done.out + done.err
    made = "from information_schema.tables where table_schema <> 'INFORMATION_SCHEMA'"
    assert shop.query(f"select table_schema, table_name {made} and table_name <> upper(table_name)") == [
        ("PUBLIC", "Customers")
    ]
    assert sorted(shop.query(f"select distinct table_schema {made}")) == [("PUBLIC",), ("SEGMENTS",)]
    assert shop.query('select count(*), count("id") from segments.groups') == [(150, 150)]
    assert segjob("predict", "income=20", "Score=20", "--warehouse", shop.url).code == 0


def test_a_job_waits_for_another_ones_lease(shop: Engine, segjob: Segjob) -> None:
    shop.fill("customers", "id integer, income NUMBER, score NUMBER", customers())
    flag = "select 'process_1_on_there' as holder, date_part(epoch_second, current_timestamp()) as beat"
    shop.execute("create schema segments", f"create view segments.segjob_lock_0 as {flag}")
    busy = segjob(*RUN_GROUPS, "--warehouse", shop.url, "--lock-timeout", "0.2")
    assert busy.code == 4
    assert "is being published to by process_1_on_there; waited 0.2 s" in busy.err
    shop.execute(
        "create or replace view segments.segjob_lock_0 as select 'x' as holder, 0 as beat",
        "create view segments.segjob_number_1 as select 1 as run_id",
    )
    done = segjob(*RUN_GROUPS, "--warehouse", shop.url)
    assert done.code == 0, done.err
    assert shop.query("select run_id from segments.runs") == [(2,)]  # 1 is another job's
    left = "select table_name from information_schema.views where table_name like 'SEGJOB_%'"
    assert shop.query(left) == [("SEGJOB_NUMBER_1",)]
