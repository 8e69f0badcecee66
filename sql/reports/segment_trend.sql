-- Question: Which segments grow and which shrink, from run to run?
-- Grain: one row per run and segment, newest run first.
-- Parameters: the segmentation, and how many runs to look back.
with params as (
    select
        'income_spending' as segmentation,
        12 as runs
),

sizes as (
    select distinct
        t.run_id,
        t.published_at,
        t.segment_id,
        t.segment_name,
        t.segment_rows,
        t.share
    from segments.trend as t
    inner join params on t.segmentation = params.segmentation
),

ranked as (
    select
        run_id,
        published_at,
        segment_id,
        segment_name,
        segment_rows,
        share,
        dense_rank() over (order by run_id desc) as runs_ago,
        lag(segment_rows) over (partition by segment_id order by run_id) as rows_before,
        lag(share) over (partition by segment_id order by run_id) as share_before
    from sizes
)

select
    ranked.run_id,
    ranked.published_at,
    ranked.segment_id,
    ranked.segment_name,
    ranked.segment_rows as customers,
    ranked.segment_rows - ranked.rows_before as customers_gained,
    round(100 * ranked.share, 1) as percent_of_customers,
    round(100 * (ranked.share - ranked.share_before), 1) as percent_points_gained
from ranked
inner join params on ranked.runs_ago <= params.runs
order by ranked.run_id desc, ranked.segment_id asc;
