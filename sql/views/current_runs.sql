-- The run that is in use: of those published, the newest by the moment of its rows. One row per segmentation.
create or replace view segments.current_runs as
with ranked as (
    select
        run_id,
        row_number() over (
            partition by segmentation
            order by coalesce(as_of, published_at) desc, run_id desc
        ) as newest
    from segments.runs
    where status = 'published'
)

select r.*
from segments.runs as r
inner join ranked on r.run_id = ranked.run_id
where ranked.newest = 1;
