"""What has to be true of a Spark warehouse at any time, whatever was killed there."""

from __future__ import annotations

WHOLE = {
    "history has the run's rows": "select count(*) from segments.runs as r where rows_segmented <> "
    "(select count(*) from segments.groups_history as h where h.run_id = r.run_id)",
    "a run has its segments": "select count(*) from segments.runs as r where k <> "
    "(select count(*) from segments.segments as s where s.run_id = r.run_id)",
    "centroids are complete": "select count(*) from segments.runs as r where 2 * k <> "
    "(select count(*) from segments.centroids as c where c.run_id = r.run_id)",
    "nothing is of no run": "select count(*) from segments.sweeps left anti join segments.runs using (run_id)",
}
