"""The figures of docs/reliability.md are written by the attack suite."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.attack_figures import BEGIN, END, Figures, main, replaced


def test_figures_of_two_sessions_become_a_table(tmp_path: Path) -> None:
    file, page = tmp_path / "attack.json", tmp_path / "page.md"
    for end in ("exit code 4", "killed"):
        session = Figures()
        session.whole["run, the disk is full"] = 20
        session.count("run, the disk is full", end, 3)
        session.write(file)
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter")
    main([str(file), str(page)])
    text = page.read_text()
    assert "| attack | tried | of | exit code 4 | killed |" in text
    assert "| run, the disk is full | 6 | 20 | 3 | 3 |" in text
    assert "6 in all: the checks above held each time." in text
    assert "old" not in text
    assert text.startswith("before")
    assert text.endswith("after")


def test_a_failed_check_is_on_the_page(tmp_path: Path) -> None:
    figures = Figures(failed={"test_tables[7]"})
    figures.write(tmp_path / "attack.json")
    main_page = tmp_path / "page.md"
    main_page.write_text(f"{BEGIN}{END}")
    main([str(tmp_path / "attack.json"), str(main_page)])
    assert "a check failed in each of these tests" in main_page.read_text()
    assert "- `test_tables[7]`" in main_page.read_text()


def test_a_page_without_the_place_is_refused() -> None:
    with pytest.raises(ValueError, match="the page has no"):
        replaced("a page", "figures")


def test_the_page_has_its_figures(root: Path) -> None:
    text = (root / "docs" / "reliability.md").read_text(encoding="utf-8")
    assert "| attack | tried | of |" in text.partition(BEGIN)[2].partition(END)[0]
