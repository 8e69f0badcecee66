-- Question: Who of the other segments is nearest to each segment, and so the likeliest to change to it?
-- Grain: one row per customer, the nearest few to each segment.
-- Parameters: the segmentation, and how many customers per segment.
with params as (
    select
        'income_spending' as segmentation,
        10 as customers_per_segment
),

ranked as (
    select
        h.run_id,
        h.next_segment_id as to_segment_id,
        h.customer_id,
        h.segment_id,
        h.margin,
        p.customers_per_segment,
        row_number() over (partition by h.next_segment_id order by h.margin, h.customer_id) as place
    from segments.income_spending_history as h
    inner join segments.current_runs as r on h.run_id = r.run_id
    inner join params as p on r.segmentation = p.segmentation
    where h.next_segment_id is not null
)

select
    ranked.to_segment_id,
    target.name as to_segment_name,
    ranked.place,
    ranked.customer_id,
    ranked.segment_id,
    own.name as segment_name,
    ranked.margin
from ranked
inner join segments.segments as target on ranked.run_id = target.run_id and ranked.to_segment_id = target.segment_id
inner join segments.segments as own on ranked.run_id = own.run_id and ranked.segment_id = own.segment_id
where ranked.place <= ranked.customers_per_segment
order by ranked.to_segment_id, ranked.place;
