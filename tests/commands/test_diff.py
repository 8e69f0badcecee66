"""`segjob diff`: who went where between two runs."""

from __future__ import annotations

from pathlib import Path

from helpers.small_warehouse import RUN_GROUPS, Segjob, execute


def test_diff_shows_counts_and_shares(groups: Path, segjob: Segjob) -> None:
    execute(groups, "update customers set income = income + 70, score = score + 70 where id in (1, 6, 11)")
    segjob(*RUN_GROUPS, "--k", "5", "--warehouse", groups)
    flows = segjob("diff", "1", "2", "--json", "--warehouse", groups).document["flows"]
    moved = [flow for flow in flows if flow["from_segment_id"] != flow["to_segment_id"]]
    assert [(flow["customers"], flow["share"]) for flow in moved] == [(3, 0.1)]
    assert sum(flow["customers"] for flow in flows) == 150
    assert (
        "3 of 150 customers in both runs changed their segment"
        in segjob("diff", "1", "2", "--warehouse", groups).out
    )
