-- How sizes and means of the segments went from run to run, by as_of. One row per run, segment and feature.
create or replace view segments.trend as
select
    r.segmentation,
    r.run_id,
    r.published_at,
    s.segment_id,
    s.name as segment_name,
    s.rows as segment_rows,
    s.share,
    p.feature,
    p.mean,
    p.z,
    coalesce(r.as_of, r.published_at) as as_of,
    coalesce(r.kind, 'fit') as kind
from segments.runs as r
inner join segments.segments as s on r.run_id = s.run_id
inner join segments.profiles as p on s.run_id = p.run_id and s.segment_id = p.segment_id
where r.status = 'published';
