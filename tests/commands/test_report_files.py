"""`segjob report` replaces its own pages and figures, whole, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.small_warehouse import RUN_GROUPS, Segjob

pytestmark = pytest.mark.slow

Refused = Callable[..., str]
After = Callable[..., Path]


@pytest.fixture
def shop(after: After) -> Path:
    return after(RUN_GROUPS)


def test_a_page_replaces_an_older_page(shop: Path, segjob: Segjob) -> None:
    for _ in range(2):
        outcome = segjob("report", "--out", "page.html", "--figures", "slides", "--warehouse", shop)
        assert outcome.code == 0, outcome.err
        Path("page.html").chmod(0o640)
    names = {file.name for file in Path("slides").iterdir()}
    assert {"map.svg", "map.png"} <= names
    assert not [name for name in names if name.startswith(".")]
    assert segjob("report", "--out", "page.html", "--warehouse", shop).code == 0
    assert Path("page.html").stat().st_mode & 0o777 == 0o640


def _foreign_places(shop: Path) -> dict[str, bytes | None]:
    Path("notes.html").write_text("<!doctype html><title>segjob report</title>")
    Path("empty").touch()
    Path("folder").mkdir()
    Path("segjob.toml").write_text("[warehouse]\n")
    Path("link.html").symlink_to("notes.html")
    Path("dangling.html").symlink_to("nowhere.html")
    Path("loop.html").symlink_to("loop.html")
    os.mkfifo("pipe")
    names = ("notes.html", "empty", "segjob.toml", shop.name)
    absent = ("folder", "link.html", "dangling.html", "loop.html", "pipe", f"{shop.name}.wal")
    return {name: Path(name).read_bytes() for name in names} | dict.fromkeys(absent)


def test_nothing_foreign_is_replaced_by_a_page(shop: Path, refused: Refused) -> None:
    for name, content in _foreign_places(shop).items():
        message = refused(shop, 2, "report", "--out", name)
        assert "it is not replaced" in message, name
        assert "--out" in message
        if content is not None:
            assert Path(name).read_bytes() == content
    assert not Path("nowhere.html").exists()
    assert not Path(f"{shop.name}.wal").exists()
    Path("segjob.toml").unlink()
    assert "config file" in refused(shop, 2, "report", "--out", "segjob.toml")


def test_nothing_foreign_is_replaced_by_a_figure(shop: Path, refused: Refused) -> None:
    Path("slides").mkdir()
    Path("slides/sizes.png").write_bytes(b"a photo")
    message = refused(shop, 2, "report", "--out", "page.html", "--figures", "slides")
    assert "sizes.png is no page or figure of segjob report" in message
    assert Path("slides/sizes.png").read_bytes() == b"a photo"
    assert [file.name for file in Path("slides").iterdir()] == ["sizes.png"]
    assert not Path("page.html").exists()
    assert "cannot be written" in refused(shop, 2, "report", "--figures", shop)


def test_a_failure_leaves_the_older_page(
    shop: Path, segjob: Segjob, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert segjob("report", "--out", "page.html", "--warehouse", shop).code == 0
    before = Path("page.html").read_bytes()

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert "No space left on device" in refused(shop, 4, "report", "--out", "page.html")
    assert Path("page.html").read_bytes() == before
    assert not list(Path().glob(".*.new"))
