-- Question: Who changed segment in the last run?
-- Grain: one row per customer who entered, left or moved in the run in use.
-- Parameters: the segmentation, for the names.
with params as (
    select 'income_spending' as segmentation
)

select
    m.customer_id,
    m.change,
    m.from_segment_id,
    before.name as from_segment,
    m.to_segment_id,
    now.name as to_segment
from segments.income_spending_movements as m
inner join segments.current_runs as r on m.run_id = r.run_id
inner join params on r.segmentation = params.segmentation
left join segments.lineage as l on m.run_id = l.run_id and m.from_segment_id = l.segment_id
left join segments.segments as before
    on l.previous_run_id = before.run_id and m.from_segment_id = before.segment_id
left join segments.segments as now on m.run_id = now.run_id and m.to_segment_id = now.segment_id
order by m.change, m.from_segment_id nulls last, m.to_segment_id nulls last, m.customer_id;
