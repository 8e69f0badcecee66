-- The run that is in use. One row per segmentation.
create or replace view segments.current_runs as
select r.*
from segments.runs as r
inner join (
    select
        segmentation,
        max(run_id) as run_id
    from segments.runs
    where status = 'published'
    group by segmentation
) as latest on r.run_id = latest.run_id;
