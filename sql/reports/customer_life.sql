-- Question: Through which segments has one customer gone?
-- Grain: one row per run that put the customer somewhere, or in which the customer left; the first run first.
-- Parameters: the segmentation, and the customer's key.
with params as (
    select
        'income_spending' as segmentation,
        '12' as customer
),

published_runs as (
    select
        r.run_id,
        r.published_at,
        p.customer
    from segments.runs as r
    inner join params as p on r.segmentation = p.segmentation
    where r.status = 'published'
)

select
    r.run_id,
    r.published_at,
    h.segment_id,
    s.name as segment_name,
    m.change,
    m.from_segment_id,
    h.next_segment_id,
    h.distance,
    h.margin,
    h.is_outlier
from published_runs as r
-- A key of any type as a text.
left join segments.income_spending_history as h on r.run_id = h.run_id and h.customer_id || '' = r.customer
left join segments.income_spending_movements as m on r.run_id = m.run_id and m.customer_id || '' = r.customer
left join segments.segments as s on h.run_id = s.run_id and h.segment_id = s.segment_id
where h.segment_id is not null or m.change is not null
order by r.run_id;
