-- Question: Whose segment is the least certain: who is nearly as close to another segment as to their own?
-- Grain: one row per customer near a border, the closest call first.
-- Parameters: the margin below which a customer counts as near (k-means and Ward: scaled units, 1 is one standard
--   deviation; gaussian_mixture: log odds, 1 is a chance of 73 %).
with params as (
    select 0.25 as margin_below
)

select
    h.customer_id,
    own.segment_id,
    own.name as segment_name,
    other.segment_id as next_segment_id,
    other.name as next_segment_name,
    h.distance,
    h.margin
from segments.income_spending_history as h
inner join segments.current_runs as r on h.run_id = r.run_id
inner join segments.segments as own on h.run_id = own.run_id and h.segment_id = own.segment_id
inner join segments.segments as other on h.run_id = other.run_id and h.next_segment_id = other.segment_id
inner join params on h.margin < params.margin_below
where r.segmentation = 'income_spending'
order by h.margin, h.customer_id;
