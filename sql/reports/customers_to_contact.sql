-- Question: Whom to contact first in each segment: who has spent the most?
-- Grain: one row per customer, the best few of each segment.
-- Parameters: how many customers per segment.
-- Needs: customer_features (revenue, orders, recency_days)
with params as (
    select 10 as customers_per_segment
),

ranked as (
    select
        v.segment_id,
        v.segment_name,
        v.customer_id,
        f.revenue,
        f.orders,
        f.recency_days,
        v.margin,
        row_number() over (partition by v.segment_id order by f.revenue desc, v.customer_id asc) as place
    from segments.income_spending as v
    inner join customer_features as f on v.customer_id = f.customer_id
    -- Whoever is unlike the segment would get the wrong message.
    where not v.is_outlier
)

select
    ranked.segment_id,
    ranked.segment_name,
    ranked.place,
    ranked.customer_id,
    ranked.revenue,
    ranked.orders,
    ranked.recency_days
from ranked
inner join params on ranked.place <= params.customers_per_segment
order by ranked.segment_id, ranked.place;
