"""Evidence from the second process is the evidence gathered here, and a process that fails is not missed."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from helpers.sweeps import plain_transforms

from segjob import processes
from segjob.core.model import FitRows
from segjob.core.select_k.evidence import EvidenceRequest, KEvidence, gather
from segjob.core.select_k.segment_stability import fit_pairs
from segjob.pipeline.worker import FEWEST_ROWS, evidence_worker, in_processes


@pytest.fixture(scope="module")
def asked() -> EvidenceRequest:
    random = np.random.default_rng(3)
    centers = np.array([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0]])
    rows = np.repeat(centers, FEWEST_ROWS // 2, axis=0) + random.normal(size=(FEWEST_ROWS // 2 * 3, 2))
    return EvidenceRequest.of(FitRows(rows, np.ones(len(rows))), plain_transforms(rows), range(1, 6), 5)


def answered(asked: EvidenceRequest) -> KEvidence:
    with evidence_worker(FEWEST_ROWS) as ask:
        return ask(asked)()


def groups(found: KEvidence) -> int:
    assert found.groups.density is not None
    return found.groups.density.by_sample[0]


@pytest.fixture
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes.os, "cpu_count", lambda: 2)


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The answers of other processes, as they come."""
    answers: list[object] = []
    ask = processes._ask

    def kept(process: subprocess.Popen[bytes], call: processes.Call) -> object:
        answers.append(ask(process, call))
        return answers[-1]

    monkeypatch.setattr(processes, "_ask", kept)
    return answers


def wait_for(answers: list[object], count: int) -> None:
    deadline = time.monotonic() + 60
    while len(answers) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(answers) == count


@pytest.mark.usefixtures("two_cores")
def test_the_other_process_finds_the_same(asked: EvidenceRequest, handed: list[object]) -> None:
    here = gather(asked)()
    assert groups(here) == 3
    with evidence_worker(FEWEST_ROWS) as ask:
        finish = ask(asked)
        wait_for(handed, 2)  # the groups and the first pairs of halves
        found = finish()
    assert found.groups is handed[0]
    assert groups(found) == groups(here)
    for of_found, of_here in (
        (found.groups.reference_inertia, here.groups.reference_inertia),
        (found.half_fits.centroids, here.half_fits.centroids),
    ):
        assert of_found.keys() == of_here.keys()
        assert all(np.array_equal(of_found[k], of_here[k]) for k in of_here)


@pytest.mark.usefixtures("two_cores")
def test_this_process_takes_what_the_other_has_not_begun(
    asked: EvidenceRequest, handed: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    here: list[object] = []
    called = processes._called

    def kept(call: processes.Call) -> object:
        here.append(call[0])
        return called(call)

    monkeypatch.setattr(processes, "_called", kept)
    with evidence_worker(FEWEST_ROWS) as ask:
        found = ask(asked)()
    assert found.groups is handed[0]
    assert set(here) == {fit_pairs}


@pytest.mark.usefixtures("two_cores")
def test_answers_are_in_the_order_of_the_tasks_when_a_process_dies_on_its_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ask, died = processes._ask, []

    def dying(process: subprocess.Popen[bytes], call: processes.Call) -> object:
        if call[1] >= b"5" and not died:
            died.append(process.kill())
        return ask(process, call)

    monkeypatch.setattr(processes, "_ask", dying)
    monkeypatch.setattr(processes, "_called", lambda call: time.sleep(0.05) or call[0](call[1]))
    tasks = [str(n).encode() for n in range(10)]
    assert in_processes(int, tasks) == list(range(10))
    assert died


@pytest.mark.usefixtures("two_cores")
@pytest.mark.parametrize(
    "python", ["", "/no/such/python", *(shutil.which(name) or name for name in ("false", "true"))]
)
def test_a_process_that_fails_is_not_missed(
    asked: EvidenceRequest, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", python)
    assert groups(answered(asked)) == 3


@pytest.mark.usefixtures("two_cores")
def test_files_of_the_current_directory_are_not_modules(
    asked: EvidenceRequest, tmp_path: Path, handed: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("numpy", "pickle", "segjob"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('taken for a module')")
    monkeypatch.chdir(tmp_path)
    assert groups(answered(asked)) == 3
    assert handed[0] is not None


@pytest.mark.usefixtures("two_cores")
def test_the_other_process_ends_with_the_block(
    asked: EvidenceRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[subprocess.Popen[bytes]] = []
    begin = processes._start

    def kept() -> subprocess.Popen[bytes]:
        begun.append(begin())
        return begun[0]

    monkeypatch.setattr(processes, "_start", kept)

    def interrupted() -> None:
        with evidence_worker(FEWEST_ROWS) as ask:
            ask(asked)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert begun[0].returncode == -signal.SIGKILL


def test_few_rows_start_no_process(asked: EvidenceRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes.subprocess, "Popen", lambda *_, **__: pytest.fail("started"))
    with evidence_worker(FEWEST_ROWS - 1) as ask:
        assert groups(ask(asked)()) == 3


@pytest.mark.usefixtures("two_cores")
def test_a_process_that_was_started_ahead_is_used_for_few_rows_and_ends(
    asked: EvidenceRequest, handed: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    processes.start_ahead()
    [ahead] = processes._started
    monkeypatch.setattr(processes, "_start", lambda: pytest.fail("one more started"))
    with evidence_worker(FEWEST_ROWS - 1) as ask:
        finish = ask(asked)
        wait_for(handed, 2)
        assert groups(finish()) == 3
    assert ahead.returncode == -signal.SIGKILL
    assert not processes.is_started()


def test_a_run_starts_it_ahead_and_leaves_none_behind(folder: Path, file: Path) -> None:
    script = (
        "import subprocess, sys\n"
        "from segjob import processes\n"
        "begin = processes._start\n"
        "def kept():\n"
        "    process = begin()\n"
        "    print('started', process.pid, flush=True)\n"
        "    return process\n"
        "processes._start = kept\n"
        f"sys.argv = ['segjob', *{['run', '--from', 'nothing', '--key', 'id', '--features', 'income']!r}]\n"
        f"sys.argv += ['--warehouse', {str(file)!r}]\n"
        "from segjob.__main__ import script\n"
        "script()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    [word, pid] = done.stdout.split()
    assert word == "started"
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{pid}").exists()
