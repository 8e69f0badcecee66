-- Who went where since the run before, by as_of. One row per run, segment before and segment now.
create or replace view segments.migration as
select
    r.segmentation,
    t.from_run_id,
    t.run_id,
    t.from_segment_id,
    b.name as from_segment_name,
    t.to_segment_id,
    n.name as to_segment_name,
    t.customers,
    t.share,
    coalesce(r.as_of, r.published_at) as as_of
from segments.transitions as t
inner join segments.runs as r on t.run_id = r.run_id
left join segments.segments as b on t.from_run_id = b.run_id and t.from_segment_id = b.segment_id
left join segments.segments as n on t.run_id = n.run_id and t.to_segment_id = n.segment_id
where r.status = 'published';
