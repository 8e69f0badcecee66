"""`segjob backfill`, `--as-of` and `as_of_column`: the past of a history table, in order, once."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest
from helpers.small_warehouse import RUN_GROUPS, Segjob, customers, dump, execute, fill, query

from segjob.commands.write.backfill import Dates
from segjob.errors import ConfigError

DAYS = [date(2025, 1, 31), date(2025, 2, 28), date(2025, 3, 31), date(2025, 4, 30)]
CONFIG = """[segmentations.groups]
    relation = "history"
    key = "id"
    k = 5
    features = ["income", "score"]
    as_of_column = {column}
    """
TREND = "select distinct as_of::date, kind from segments.trend order by 1"
MONTHLY = ("backfill", "groups", "--from", "2025-01-31", "--to", "2025-04-30", "-q", "--warehouse")


def moved_by(month: int, key: int) -> bool:
    """Customers 1, 11, 21 and so on have moved from one corner to the other, ten more every month."""
    return key % 10 == 1 and key <= 30 * month


@pytest.fixture
def history(folder: Path) -> Path:
    """Four month ends of 150 customers, with the config of their segmentation."""
    rows = [
        (day.isoformat(), key, x + 70 * moved_by(month, key), y + 70 * moved_by(month, key))
        for month, day in enumerate(DAYS)
        for key, x, y in customers()
    ]
    (folder / "segjob.toml").write_text(CONFIG.format(column='"day"'))
    columns = "day date, id integer, income double, score double"
    return fill(folder / "shop.duckdb", rows, table="history", columns=columns)


def test_months_are_filled_in_order_and_once(history: Path, segjob: Segjob) -> None:
    outcome = segjob(*MONTHLY[:-2], "--json", "--warehouse", history)
    assert outcome.code == 0, outcome.err
    assert len(outcome.document["published"]) == 4
    assert query(history, TREND) == [*((day, "assignment") for day in DAYS[:-1]), (DAYS[-1], "fit")]
    assert query(history, "select run_id, as_of::date from segments.current_runs") == [(1, DAYS[-1])]
    moved = """select r.as_of::date, list(m.id order by m.id) from segments.groups_movements as m
        join segments.runs as r using (run_id) where change = 'moved' and moved_by = 'itself' group by 1 order by 1"""
    assert query(history, moved) == [
        (day, [key for key in range(1, 151) if moved_by(month, key) and not moved_by(month - 1, key)])
        for month, day in enumerate(DAYS[1:], start=1)
    ]
    flows = "select as_of::date, sum(customers) from segments.migration group by 1 order by 1"
    assert query(history, flows) == [(day, 150) for day in DAYS[1:]]
    before = dump(history)
    assert segjob(*MONTHLY, history).code == 0
    assert dump(history) == before
    execute(
        history,
        *(f"delete from segments.{table} where run_id = 1" for table in ("groups_movements", "transitions")),
    )
    assert segjob(*MONTHLY, history).code == 0
    assert dump(history) == before
    assert segjob("rollback", "--warehouse", history).code == 0
    assert query(history, "select distinct run_id from segments.groups") == [(4,)]
    assert query(history, "select count(*), count(distinct id) from segments.groups_scores") == [(150, 150)]


@pytest.mark.long
def test_an_interrupted_backfill_goes_on(
    history: Path, segjob: Segjob, monkeypatch: pytest.MonkeyPatch
) -> None:
    from segjob.commands.write import backfill

    assign_one, done = backfill.assign_one, []

    def dies_at_the_third(*arguments: object) -> object:
        done.append(arguments)
        if len(done) == 3:
            raise KeyboardInterrupt
        return assign_one(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(backfill, "assign_one", dies_at_the_third)
        assert segjob(*MONTHLY, history).code == 130
    assert [day for day, _ in query(history, TREND)] == [DAYS[0], DAYS[1], DAYS[3]]
    assert segjob(*MONTHLY, history).code == 0
    runs = query(history, "select run_id, as_of::date from segments.runs order by as_of")
    assert runs == [(2, DAYS[0]), (3, DAYS[1]), (4, DAYS[2]), (1, DAYS[3])]
    line = query(history, "select distinct run_id, previous_run_id from segments.lineage order by 1")
    assert line == [(1, 4), (2, None), (3, 2), (4, 3)]
    assert query(history, "select distinct from_run_id from segments.transitions where run_id = 1") == [(4,)]


@pytest.mark.long
def test_a_run_replaces_one_of_the_same_moment_and_the_newest_stays_in_use(
    history: Path, segjob: Segjob, refused: object
) -> None:
    assert callable(refused)
    assert segjob("run", "-q", "--warehouse", history).code == 0
    assert segjob("assign", "-q", "--as-of", "2025-02-28", "--warehouse", history).code == 0
    assert segjob("assign", "-q", "--as-of", "2025-02-28", "--warehouse", history).code == 0
    runs = "select run_id, as_of, status from segments.runs order by run_id"
    assert query(history, runs) == [
        (1, datetime(2025, 4, 30), "published"),
        (2, datetime(2025, 2, 28), "rolled_back"),
        (3, datetime(2025, 2, 28), "published"),
    ]
    assert query(history, "select distinct run_id from segments.groups") == [(1,)]
    assert "its 4 dates go from 2025-01-31 to 2025-04-30" in refused(
        history, 3, "assign", "--as-of", "2025-02-27"
    )
    assert "no rows of 2025-01-30, 2025-03-30, 2025-05-30" in refused(
        history,
        3,
        "backfill",
        "groups",
        "--from",
        "2025-01-30",
        "--to",
        "2025-05-30",
        "--fit-on",
        "2025-04-30",
    )
    assert "in the future" in refused(history, 2, "assign", "--as-of", "9999-01-01")
    assert "not '1 May'" in refused(history, 2, "assign", "--as-of", "1 May")


@pytest.mark.long
def test_rows_that_hold_from_one_date_until_another(folder: Path, segjob: Segjob) -> None:
    rows = [(key, x, y, "2025-01-01", None if key % 10 else "2025-02-10") for key, x, y in customers()]
    rows += [(key, x, y, "2025-02-10", None) for key, x, y in customers() if key % 10 == 0 and key > 10]
    columns = "id integer, income double, score double, valid_from timestamp, valid_to timestamp"
    file = fill(folder / "shop.duckdb", rows, table="history", columns=columns)
    (folder / "segjob.toml").write_text(CONFIG.format(column='["valid_from", "valid_to"]'))
    outcome = segjob(
        "backfill", "groups", "--from", "2025-01-31", "--to", "2025-02-28", "-q", "--warehouse", file
    )
    assert outcome.code == 0, outcome.err
    assert query(file, "select as_of::date, rows_read from segments.runs order by 1") == [
        (date(2025, 1, 31), 150),
        (date(2025, 2, 28), 149),
    ]
    assert query(file, "select id, change from segments.groups_movements") == [(10, "left")]


def test_a_backfill_needs_dates(groups: Path, segjob: Segjob, refused: object) -> None:
    assert callable(refused)
    span = ("--from", "2025-01-31", "--to", "2025-03-31")
    assert "has no as_of_column" in refused(groups, 2, "backfill", "groups", *span)
    assert "not 'fortnight'" in refused(groups, 2, "backfill", "groups", *span, "--every", "fortnight")


@pytest.mark.parametrize(
    ("first", "last", "step", "days"),
    [
        ("2024-01-31", "2024-04-30", "month", ["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30"]),
        ("2024-11-30", "2025-05-29", "quarter", ["2024-11-30", "2025-02-28"]),
        ("2024-02-27", "2024-03-01", "day", ["2024-02-27", "2024-02-28", "2024-02-29", "2024-03-01"]),
        ("2024-12-25", "2025-01-08", "week", ["2024-12-25", "2025-01-01", "2025-01-08"]),
        ("2025-01-31", "2025-01-31", "month", ["2025-01-31"]),
    ],
)
def test_the_ends_of_months_are_ends(first: str, last: str, step: str, days: list[str]) -> None:
    each = Dates(date.fromisoformat(first), date.fromisoformat(last), step).each()
    assert [day.isoformat() for day in each] == days


def test_dates_that_run_backwards_are_refused() -> None:
    with pytest.raises(ConfigError, match="is before"):
        Dates(date(2025, 2, 1), date(2025, 1, 1), "day").each()


def test_an_ordinary_table_takes_a_date_too(file: Path, segjob: Segjob) -> None:
    assert segjob(*RUN_GROUPS, "--as-of", "2025-06-30", "--warehouse", file).code == 0
    assert query(file, "select as_of from segments.current_runs") == [(datetime(2025, 6, 30),)]
