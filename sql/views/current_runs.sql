-- The run that is in use. One row per segmentation.
create or replace view segments.current_runs as
with latest as (
    select
        segmentation,
        max(run_id) as run_id
    from segments.runs
    where status = 'published'
    group by segmentation
)

select r.*
from segments.runs as r
inner join latest on r.segmentation = latest.segmentation and r.run_id = latest.run_id;
