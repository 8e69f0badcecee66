-- Question: How do the value segments compare with classical RFM scores (Hughes 1994: fifths)?
-- Grain: one row per value segment and RFM group that share customers.
-- Parameters: none. 5 is best: the most recent, the most orders, the highest revenue.
-- Needs: customer_features (recency_days, orders, revenue)
with scored as (
    select
        v.segment_id,
        v.segment_name,
        f.revenue,
        6 - ntile(5) over (order by f.recency_days, f.customer_id) as r,
        ntile(5) over (order by f.orders, f.customer_id) as f,
        ntile(5) over (order by f.revenue, f.customer_id) as m
    from segments.value as v
    inner join customer_features as f on v.customer_id = f.customer_id
),

grouped as (
    select
        segment_id,
        segment_name,
        revenue,
        case
            when r >= 4 and f >= 4 and m >= 4 then '1 champions'
            when f >= 4 and m >= 4 then '2 good but quiet'
            when r >= 4 and f <= 2 then '3 new or occasional'
            when r <= 2 and f <= 2 and m <= 2 then '5 lost'
            else '4 in between'
        end as rfm_group,
        r + f + m as rfm_points
    from scored
)

select
    segment_id,
    segment_name,
    rfm_group,
    count(*) as customers,
    round(100.0 * count(*) / sum(count(*)) over (partition by segment_id), 1) as percent_of_segment,
    round(avg(rfm_points), 2) as mean_rfm_points,
    round(avg(revenue), 2) as mean_revenue
from grouped
group by segment_id, segment_name, rfm_group
order by segment_id, rfm_group;
