-- Question: What share of each measure has each segment, compared with how many customers it has?
-- Grain: one row per measure and segment, the largest share of the measure first.
-- Parameters: the segmentation. Its measures are those of segjob.toml.
with params as (
    select 'income_spending' as segmentation
)

select
    p.feature as measure,
    s.segment_id,
    s.name as segment_name,
    s.rows as customers,
    -- With partition_by, both shares are of the customers with the same value in its column.
    s.share / sum(s.share) over (partition by p.feature, s.partition) as share_of_customers,
    p.total_share as share_of_measure,
    p.total_share / nullif(s.share / sum(s.share) over (partition by p.feature, s.partition), 0) as times_fair_share,
    p.mean,
    p.median,
    p.overall_mean,
    s.rows - p.rows as customers_without_value
from segments.current_profiles as p
inner join segments.current_segments as s
    on p.run_id = s.run_id and p.segment_id = s.segment_id
inner join params on p.segmentation = params.segmentation
where p.total_share is not null or not p.is_feature
order by p.feature asc, p.total_share desc nulls last, s.segment_id asc;
