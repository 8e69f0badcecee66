-- What the segments in use look like. One row per segmentation, segment and feature.
create or replace view segments.current_profiles as
select
    r.segmentation,
    p.*
from segments.profiles as p
inner join segments.current_runs as r on p.run_id = r.run_id;
