"""Groups counted in a process of their own are the groups counted here, and a process that fails is not missed."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from segjob.core.groups import look
from segjob.core.model import Floats
from segjob.jobs import counting
from segjob.jobs.counting import FEWEST_ROWS, counted_meanwhile


@pytest.fixture(scope="module")
def rows() -> Floats:
    random = np.random.default_rng(3)
    centers = np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0]])
    return np.repeat(centers, FEWEST_ROWS // 2, axis=0) + random.normal(size=(FEWEST_ROWS // 2 * 3, 2))


@pytest.fixture
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting.os, "cpu_count", lambda: 2)


@pytest.mark.usefixtures("two_cores")
def test_the_other_process_finds_the_same(rows: Floats, monkeypatch: pytest.MonkeyPatch) -> None:
    here = look(rows, 5)
    assert here.solutions[0].k == 3
    monkeypatch.setattr(counting, "look", lambda *_: pytest.fail("counted here"))
    with counted_meanwhile(rows, 5) as answer:
        found = answer()
    assert found == here


@pytest.mark.usefixtures("two_cores")
@pytest.mark.parametrize(
    "python", ["", "/no/such/python", *(shutil.which(name) or name for name in ("false", "true"))]
)
def test_a_process_that_fails_is_not_missed(
    rows: Floats, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", python)
    with counted_meanwhile(rows, 5) as answer:
        assert answer().solutions[0].k == 3


@pytest.mark.usefixtures("two_cores")
def test_files_of_the_current_directory_are_not_modules(
    rows: Floats, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("numpy", "pickle", "segjob"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('taken for a module')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(counting, "look", lambda *_: pytest.fail("counted here"))
    with counted_meanwhile(rows, 5) as answer:
        assert answer().solutions[0].k == 3


@pytest.mark.usefixtures("two_cores")
def test_the_other_process_ends_with_the_block(rows: Floats, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[subprocess.Popen[bytes]] = []
    begin = counting._begun

    def kept() -> subprocess.Popen[bytes]:
        begun.append(begin())
        return begun[0]

    monkeypatch.setattr(counting, "_begun", kept)
    with pytest.raises(KeyboardInterrupt), counted_meanwhile(rows, 5):
        raise KeyboardInterrupt
    assert begun[0].returncode == -signal.SIGKILL


def test_few_rows_start_no_process(rows: Floats, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting.subprocess, "Popen", lambda *_, **__: pytest.fail("started"))
    with counted_meanwhile(rows[:: len(rows) // 300], 5) as answer:
        assert answer().rows < FEWEST_ROWS
