"""Which config file is in use is said, and one further up does little where the command line says everything."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.small_warehouse import RUN, Segjob, query

CONFIG = """
[warehouse]
schema = "elsewhere"
[publish]
snapshot = "copies"
[segmentations.groups]
relation = "customers"
key = "id"
features = ["income", "score"]
k = 5
"""


@pytest.fixture
def below(file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder below one with a config file that publishes copies."""
    (file.parent / "segjob.toml").write_text(CONFIG)
    (file.parent / "below").mkdir()
    monkeypatch.chdir(file.parent / "below")
    return file


def test_the_config_file_in_use_is_named(below: Path, segjob: Segjob) -> None:
    config = str(below.parent / "segjob.toml")
    assert f"config: {config}" in segjob("check", "--warehouse", below).err
    assert segjob("check", "-q", "--warehouse", below).err == ""
    document = segjob("check", "--json", "--warehouse", below)
    assert document.err == ""
    assert document.document["config_file"] == config
    assert segjob("check", *RUN[1:], "--json", "--warehouse", below).document["config_file"] == config


def test_a_file_further_up_only_names_segmentations(below: Path, segjob: Segjob) -> None:
    assert segjob(*RUN, "--k", "5", "--warehouse", below).code == 0
    assert query(below, "select count(*) from segments.runs") == [(1,)]
    assert not (below.parent / "copies").exists()


def test_a_file_that_is_here_or_named_is_in_use(below: Path, segjob: Segjob) -> None:
    named = ("--config", below.parent / "segjob.toml", "--warehouse", below)
    assert segjob(*RUN, "--k", "5", *named).code == 0
    assert query(below, "select count(*) from elsewhere.runs") == [(1,)]
    assert (below.parent / "copies" / "shop.duckdb").exists()


def test_a_full_disk_leaves_no_half_a_config(
    folder: Path, segjob: Segjob, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    outcome = segjob("init", "--warehouse", folder / "shop.duckdb")
    assert outcome.code == 4, outcome.err
    assert "segjob.toml cannot be written: No space left on device" in outcome.err
    assert not Path("segjob.toml").exists()
