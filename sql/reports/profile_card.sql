-- Question: What sets each segment apart from everyone else?
-- Grain: one row per segment and feature, each segment's most telling feature first.
-- Parameters: the segmentation.
with params as (
    select 'income_spending' as segmentation
)

select
    s.segment_id,
    s.name as segment_name,
    p.feature,
    p.mean,
    p.overall_mean,
    p.mean - p.overall_mean as difference,
    p.z,
    case
        when p.z >= 1 then 'very high'
        when p.z >= 0.5 then 'high'
        when p.z <= -1 then 'very low'
        when p.z <= -0.5 then 'low'
        else 'about average'
    end as in_words,
    p.p25 as middle_half_from,
    p.median,
    p.p75 as middle_half_to
from segments.current_profiles as p
inner join segments.current_segments as s
    on p.run_id = s.run_id and p.segment_id = s.segment_id
inner join params on p.segmentation = params.segmentation
order by s.segment_id asc, abs(p.z) desc, p.feature asc;
