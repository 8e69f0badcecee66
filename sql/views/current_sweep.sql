-- The evidence for k behind the run in use, of the run that fitted its model. One row per segmentation and k.
create or replace view segments.current_sweep as
select
    r.segmentation,
    w.*
from segments.sweeps as w
inner join segments.current_runs as r on w.run_id = coalesce(r.fit_run_id, r.run_id);
