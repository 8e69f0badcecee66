"""`segjob name`: what it refuses, and that a name is in every view at once."""

from __future__ import annotations

from pathlib import Path

from helpers.small_warehouse import Segjob, query


def test_names_are_refused_when_empty_taken_or_of_no_segment(
    groups: Path, segjob: Segjob, refused: object
) -> None:
    assert callable(refused)
    segjob("name", "1", "VIP", "--warehouse", groups)
    assert "is called 'VIP' already" in refused(groups, 2, "name", "2", "VIP")
    assert "cannot be empty" in refused(groups, 2, "name", "2", "  ")
    assert "has no segment 9" in refused(groups, 3, "name", "9", "Nobody")


def test_a_name_is_in_every_view_at_once(groups: Path, segjob: Segjob) -> None:
    segjob("name", "1", 'it\'s "VIP"; drop', "--warehouse", groups)
    for view in ("groups", "groups_scores"):
        assert query(groups, f"select distinct segment_name from segments.{view} where segment_id = 1") == [
            ('it\'s "VIP"; drop',)
        ]
    assert query(groups, "select name from segments.groups_profile where segment_id = 1") == [
        ('it\'s "VIP"; drop',)
    ]
