"""Evidence from the second process is the evidence gathered here, and a process that fails is not missed."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.sweeps import plain_transforms

from segjob.core.model import FitRows
from segjob.core.select_k.evidence import EvidenceRequest, GroupEvidence, GroupRequest, gather_groups
from segjob.pipeline import worker
from segjob.pipeline.worker import FEWEST_ROWS, evidence_worker


@pytest.fixture(scope="module")
def asked() -> GroupRequest:
    random = np.random.default_rng(3)
    centers = np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0]])
    rows = np.repeat(centers, FEWEST_ROWS // 2, axis=0) + random.normal(size=(FEWEST_ROWS // 2 * 3, 2))
    return EvidenceRequest.of(
        FitRows(rows, np.ones(len(rows))), plain_transforms(rows), range(1, 6), 5
    ).groups


def answered(asked: GroupRequest) -> GroupEvidence:
    with evidence_worker(FEWEST_ROWS) as ask:
        return ask(asked)()


def groups(found: GroupEvidence) -> int:
    assert found.density is not None
    return found.density.by_sample[0]


@pytest.fixture
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker.os, "cpu_count", lambda: 2)


@pytest.mark.usefixtures("two_cores")
def test_the_other_process_finds_the_same(asked: GroupRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    here = gather_groups(asked)
    assert groups(here) == 3
    monkeypatch.setattr(worker, "gather_groups", lambda *_: pytest.fail("gathered here"))
    found = answered(asked)
    assert groups(found) == groups(here)
    assert found.reference_inertia.keys() == here.reference_inertia.keys()
    assert all(
        np.array_equal(found.reference_inertia[k], here.reference_inertia[k]) for k in here.reference_inertia
    )


@pytest.mark.usefixtures("two_cores")
@pytest.mark.parametrize(
    "python", ["", "/no/such/python", *(shutil.which(name) or name for name in ("false", "true"))]
)
def test_a_process_that_fails_is_not_missed(
    asked: GroupRequest, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", python)
    assert groups(answered(asked)) == 3


@pytest.mark.usefixtures("two_cores")
def test_files_of_the_current_directory_are_not_modules(
    asked: GroupRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("numpy", "pickle", "segjob"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('taken for a module')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(worker, "gather_groups", lambda *_: pytest.fail("gathered here"))
    assert groups(answered(asked)) == 3


@pytest.mark.usefixtures("two_cores")
def test_the_other_process_ends_with_the_block(asked: GroupRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[subprocess.Popen[bytes]] = []
    begin = worker._start

    def kept() -> subprocess.Popen[bytes]:
        begun.append(begin())
        return begun[0]

    monkeypatch.setattr(worker, "_start", kept)

    def interrupted() -> None:
        with evidence_worker(FEWEST_ROWS) as ask:
            ask(asked)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert begun[0].returncode == -signal.SIGKILL


def test_few_rows_start_no_process(asked: GroupRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker.subprocess, "Popen", lambda *_, **__: pytest.fail("started"))
    with evidence_worker(FEWEST_ROWS - 1) as ask:
        assert groups(ask(asked)()) == 3
