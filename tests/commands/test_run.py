"""`segjob run` as a whole: tables that change meanwhile, and one segmentation of several that fails."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.small_warehouse import RUN_GROUPS, Segjob, execute, query

from segjob.errors import DataError


def test_a_table_that_is_written_to_during_the_run_is_read_again(
    file: Path, segjob: Segjob, monkeypatch: pytest.MonkeyPatch
) -> None:
    from segjob.warehouse.duckdb.warehouse import DuckDBFile

    attach, written = DuckDBFile._attach, []

    def attach_after_somebody_wrote(door: DuckDBFile, *, write: bool, create: bool = False) -> None:
        # The moment in which the file is held by nobody: between reading it and taking it for writing.
        if write and not written:
            written.append(file)
            execute(file, "update customers set income = income + 1 where id = 1")
        attach(door, write=write, create=create)

    monkeypatch.setattr(DuckDBFile, "_attach", attach_after_somebody_wrote)
    outcome = segjob(*RUN_GROUPS[:-1], "--warehouse", file)
    assert outcome.code == 0
    assert "was written to during the run; once more" in outcome.err
    assert query(file, "select count(*), max(run_id) from segments.runs") == [(1, 1)]
    income, center = query(
        file,
        "select (select avg(income) from customers), center from segments.transforms where feature = 'income'",
    )[0]
    assert income == pytest.approx(center)


@pytest.mark.slow
def test_a_segmentation_that_cannot_be_does_not_keep_the_others_back(
    folder: Path, file: Path, segjob: Segjob
) -> None:
    execute(file, "create table noise as select id, random() as a, random() as b from customers where id < 3")
    (folder / "segjob.toml").write_text(
        """[segmentations.first]
        relation = "noise"
        key = "id"
        k = 5
        features = ["a", "b"]
        [segmentations.second]
        relation = "customers"
        key = "id"
        features = ["income", "score"]
        """
    )
    outcome = segjob("run", "--warehouse", file)
    assert outcome.code == 3
    for name in ("first", "second"):
        assert f"\n{name}\n  measuring " in f"\n{outcome.err}", "each has a heading of its own"
    assert "error: first: k = 5, but only 2 of the rows are different" in outcome.err
    assert "second: 5 segments of 150 customers" in outcome.out
    document = segjob("run", "--json", "--warehouse", file)
    assert document.code == 3
    assert [run["run"]["segmentation"] for run in document.document["runs"]] == ["second"]
    assert document.document["error"].startswith("first: k = 5")


def test_the_last_k_counts_while_the_features_are_prepared_alike(
    folder: Path, file: Path, segjob: Segjob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Words and order change no segment; a logarithm and a scale do."""
    from segjob.commands.write import run

    seen = []

    def choose_k(dataset, rows, ask, previous_k, progress):  # type: ignore[no-untyped-def]
        seen.append(previous_k)
        raise DataError("seen")

    def try_with(features: str, more: str = "") -> int:
        (folder / "segjob.toml").write_text(
            f'[segmentations.groups]\nrelation = "customers"\nkey = "id"\nfeatures = [{features}]\n{more}'
        )
        return segjob("run", "-q", "--warehouse", file).code

    assert try_with('"income", "score"') == 0
    monkeypatch.setattr(run, "choose_k", choose_k)
    try_with(
        '{ column = "score", unit = "points", high_word = "loyal" }, { column = "income", label = "pay" }'
    )
    assert seen == [5]
    try_with('{ column = "income", function = "log1p" }, "score"')
    try_with('"income", "score"', 'scale = "robust"')
    try_with('"income"')
    try_with('"income", "score"', "k = 3")
    assert seen == [5, None, None, None, None]
