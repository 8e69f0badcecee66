"""Files and folders that are replaced whole: what fails once they are in place takes nothing back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from segjob.errors import WarehouseError
from segjob.warehouse import atomic_files
from segjob.warehouse.folder_lock import LOCK_FILE


def page(folder: Path, text: str) -> None:
    atomic_files.write_whole(folder / "new", text.encode())


def file(folder: Path, text: str) -> None:
    with atomic_files.replaced_file(folder / "new") as fresh:
        fresh.write_text(text)


def files(folder: Path, text: str) -> None:
    with atomic_files.replaced_folder(folder / "new") as fresh:
        (fresh / "part").write_text(text)


def content(folder: Path) -> str:
    new = folder / "new"
    return (new / "part" if new.is_dir() else new).read_text()


@pytest.mark.parametrize("replace", [page, file, files])
def test_a_disk_that_fails_after_the_swap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replace: Callable[[Path, str], None]
) -> None:
    replace(tmp_path, "first")
    flush = atomic_files.flush

    def fail(path: Path) -> None:
        if path == tmp_path:
            raise OSError(5, "Input/output error")
        flush(path)

    monkeypatch.setattr(atomic_files, "flush", fail)
    replace(tmp_path, "second")
    assert content(tmp_path) == "second"


@pytest.mark.parametrize("replace", [page, file, files])
def test_a_disk_that_fails_before_the_swap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replace: Callable[[Path, str], None]
) -> None:
    replace(tmp_path, "first")

    def fail(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        replace(tmp_path, "second")
    assert content(tmp_path) == "first"
    assert not [path for path in tmp_path.iterdir() if path.name.endswith((".new", "-2"))]


@pytest.mark.parametrize("name", ["precious", "nowhere"])
def test_a_lock_that_is_a_link_is_not_followed(tmp_path: Path, name: str) -> None:
    (tmp_path / "precious").write_text("mine")
    folder = tmp_path / "serving"
    folder.mkdir()
    (folder / LOCK_FILE).symlink_to(tmp_path / name)
    with pytest.raises(WarehouseError, match="cannot be written"), atomic_files.one_at_a_time(folder, 0):
        pass
    assert (tmp_path / "precious").read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()
