"""`segjob name`: what it refuses, and that a name is in every view at once."""

from __future__ import annotations

from pathlib import Path

from helpers.small_warehouse import RUN_GROUPS, Segjob, query


def test_names_are_refused_when_empty_taken_or_of_no_segment(
    file: Path, segjob: Segjob, refused: object
) -> None:
    assert callable(refused)
    segjob(*RUN_GROUPS, "--warehouse", file)
    segjob("name", "1", "VIP", "--warehouse", file)
    assert "is called 'VIP' already" in refused(file, 2, "name", "2", "VIP")
    assert "cannot be empty" in refused(file, 2, "name", "2", "  ")
    assert "has no segment 9" in refused(file, 3, "name", "9", "Nobody")


def test_a_name_is_in_every_view_at_once(file: Path, segjob: Segjob) -> None:
    segjob(*RUN_GROUPS, "--warehouse", file)
    segjob("name", "1", 'it\'s "VIP"; drop', "--warehouse", file)
    for view in ("groups", "groups_scores"):
        assert query(file, f"select distinct segment_name from segments.{view} where segment_id = 1") == [
            ('it\'s "VIP"; drop',)
        ]
    assert query(file, "select name from segments.groups_profile where segment_id = 1") == [
        ('it\'s "VIP"; drop',)
    ]
