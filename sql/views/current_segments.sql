-- The segments of the run in use. One row per segmentation and segment.
create or replace view segments.current_segments as
select
    r.segmentation,
    s.*
from segments.segments as s
inner join segments.current_runs as r on s.run_id = r.run_id;
