-- Question: How big is each segment, what is it called, and who gave it that name?
-- Grain: one row per segment of the run in use, the biggest first.
-- Parameters: the segmentation.
with params as (
    select 'income_spending' as segmentation
)

select
    s.segment_id,
    s.name,
    s.named_by,
    s.rows as customers,
    round(100 * s.share, 1) as percent_of_customers,
    round(100 * sum(s.share) over (order by s.rows desc, s.segment_id asc), 1) as percent_so_far,
    s.silhouette
from segments.current_segments as s
inner join params on s.segmentation = params.segmentation
order by s.rows desc, s.segment_id asc;
