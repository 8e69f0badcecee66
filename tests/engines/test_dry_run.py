"""`run --dry-run` prints the statements that a run sends, all of them and in its order, and writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from helpers.engines import Engine
from helpers.small_warehouse import Outcome, customers, without_times

from segjob.commands.write.run import run_all
from segjob.config import Config
from segjob.config_file import load
from segjob.pipeline.progress import Progress
from segjob.registry.recording import RecordingWarehouse
from segjob.registry.registry import Registry
from segjob.warehouse.base import Statement
from segjob.warehouse.connect import connect

At = Callable[..., Outcome]
SETTINGS = """
[fit]
all_rows = 150
distinct_rows = 100
sample_rows = 1000

[segmentations.sampled]
relation = "customers"
key = "id"
features = ["income", "score"]
k = 5

[segmentations.viewed]
relation = "better"
key = "id"
features = [{ column = "income", scale = "robust" }]
algorithm = "gaussian_mixture"
k = 2
"""


class Witness(RecordingWarehouse):
    """Records every statement as the dry run does, and carries it out."""

    def execute(self, statement: Statement) -> None:
        self.execute_each([statement])

    def execute_each(self, statements: Sequence[Statement]) -> None:
        for statement in statements:
            self.note(statement)
        self.inner.execute_each(statements)

    @contextmanager
    def writing(self, *, create: bool = False) -> Iterator[None]:
        with self.inner.writing(create=create):
            self.may_have_changed = self.inner.may_have_changed
            yield


def run(config: Config, engine: Engine) -> list[str]:
    """Publish; the statements of the run."""
    statements: list[str] = []
    inner = connect(config, warehouse=engine.url)
    registry = Registry(Witness(inner.label, inner, statements.append), "segments")
    run_all(registry, config, config.segmentations, Progress())
    return statements


@pytest.fixture
def config(engine: Engine, folder: Path) -> Config:
    engine.fill("customers", "id integer, income NUMBER, score NUMBER", customers(300))
    engine.execute("create view better as select id, income from customers where id <> 7")
    (folder / "segjob.toml").write_text(SETTINGS)
    return load(folder / "segjob.toml")


def test_it_is_the_run(engine: Engine, config: Config, at: At) -> None:
    for changed in (False, True):
        if changed:
            engine.refill("customers", [*customers(290), (1000, 50.0, 50.0)])
        before = engine.query(engine.schemas)
        planned = at(engine, "run", "--dry-run", "--json").document["statements"]
        assert engine.query(engine.schemas) == before
        assert [set(step) for step in planned] == [{"segmentation", "purpose", "statement"}] * len(planned)
        # What is asked about the schema, before the first segmentation, is of none.
        assert {step["segmentation"] for step in planned} - {""} == {"sampled", "viewed"}
        sent = [without_times(statement) for statement in run(config, engine)]
        assert [without_times(step["statement"]) for step in planned] == sent
    assert engine.query("select count(*), max(run_id) from segments.runs") == [(4, 4)]


def test_the_second_dry_run_sees_nothing_of_the_first(engine: Engine, config: Config, at: At) -> None:
    first, second = (at(engine, "run", "sampled", "--dry-run") for _ in range(2))
    assert first.code == 0, first.err
    assert without_times(first.out) == without_times(second.out)
    assert "no runs yet" in at(engine, "history").out
