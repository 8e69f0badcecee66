"""Published rows that this segjob did not write: every verb says so shortly, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.small_warehouse import RUN, RUN_GROUPS, Segjob, execute, query
from typer.main import get_command

from segjob.errors import WarehouseError
from segjob.registry.runs import settings_of

Refused = Callable[..., str]
VERBS: tuple[tuple[str, ...], ...] = (
    ("init",),
    ("check", *RUN[1:], "--name", "groups"),
    RUN_GROUPS,
    ("assign", "--segmentation", "groups"),
    ("show",),
    ("history",),
    ("predict", "income=20", "score=20"),
    ("explain", "1"),
    ("score", "customers", "--into", "scored"),
    ("name", "1", "Regulars"),
    ("rollback", "1"),
    ("diff", "1", "2"),
    ("health",),
    ("report", "--out", "page.html"),
    ("snapshot", "out"),
    ("export", "files"),
    ("compare",),
    ("query", "segment_sizes", "--segmentation", "groups"),
    ("forget", "1"),
    ("lift", "--metric", "income", "--from", "customers", "--at", "id", "--since", "2025-07-01"),
)
READ_NO_RUN = ("schema", "sources", "backfill")
"""The first two read the config alone; a backfill is a run and assignments."""
NEED_NO_SETTINGS = ("init", "check", "run", "history", "diff", "snapshot")


@pytest.fixture
def twice(after: Callable[..., Path]) -> Path:
    """Two runs of one segmentation."""
    return after(RUN_GROUPS, RUN_GROUPS)


def test_every_verb_is_tried() -> None:
    from segjob.cli.app import app

    verbs = set(get_command(app).commands)  # type: ignore[attr-defined]
    assert verbs == {verb for verb, *_ in VERBS} | set(READ_NO_RUN)


def test_a_newer_layout_is_named_by_every_verb(twice: Path, refused: Refused) -> None:
    execute(twice, "update segments.layout set version = 99")
    for verb in VERBS:
        message = refused(twice, 4, *verb)
        assert "has layout 99; this segjob knows" in message, verb
        assert "upgrade segjob" in message, verb
    assert not Path("page.html").exists()


@pytest.mark.long
def test_settings_that_were_changed_are_named_by_every_verb_that_needs_them(
    twice: Path, refused: Refused
) -> None:
    execute(twice, "update segments.runs set config = '{}'")
    for verb in VERBS:
        if verb[0] not in NEED_NO_SETTINGS:
            message = refused(twice, 4, *verb)
            assert "in table runs cannot be read: config.key: Field required" in message, verb


@pytest.mark.parametrize(
    "config",
    [
        *(None, "", "x", "[]", "{}", "7", '{"relation": 5}'),
        '{"relation": "r", "key": "id", "features": [7]}',
        '{"relation": "r", "key": "id", "features": ["a"], "evil": 1}',
    ],
)
def test_settings_that_segjob_did_not_write(config: str | None) -> None:
    with pytest.raises(WarehouseError, match="the settings of run 7 in table runs cannot be read: config"):
        settings_of({"run_id": 7, "config": config})


def test_a_new_run_mends_changed_settings(twice: Path, segjob: Segjob) -> None:
    execute(twice, "update segments.runs set config = 'x'")
    for verb in VERBS:
        if verb[0] in NEED_NO_SETTINGS:
            outcome = segjob(*verb, "--warehouse", twice)
            assert outcome.code == 0, (verb, outcome.err)
    shown = segjob("show", "--warehouse", twice, "--json")
    assert shown.document["run"]["run_id"] == 3
    assert query(twice, "select count(*), count(distinct segment_id) from segments.groups") == [(150, 5)]


@pytest.mark.parametrize("table", ["transforms", "centroids", "segments"])
def test_a_model_without_some_of_its_rows(twice: Path, refused: Refused, table: str) -> None:
    execute(twice, f"delete from segments.{table} where run_id = 2 and rowid % 2 = 0")
    message = refused(twice, 4, "predict", "income=20", "score=20")
    assert "the model of run 2 cannot be read from its tables" in message
