-- Question: How much revenue does each segment bring, month by month?
-- Grain: one row per month and segment of today that bought in it. Customers without a segment are one segment.
-- Parameters: none.
-- Needs: staging.int_order_lines (customer_id, ordered_at, revenue)
with months as (
    select
        extract(year from o.ordered_at) as order_year,
        extract(month from o.ordered_at) as order_month,
        v.segment_id,
        coalesce(v.segment_name, '(no segment)') as segment_name,
        o.customer_id as buyer,
        o.revenue
    from staging.int_order_lines as o
    left join segments.income_spending as v on o.customer_id = v.customer_id
)

select
    order_year,
    order_month,
    segment_id,
    segment_name,
    count(distinct buyer) as customers,
    round(sum(revenue), 2) as revenue,
    round(100 * sum(revenue) / nullif(sum(sum(revenue)) over (partition by order_year, order_month), 0), 1)
        as percent_of_month
from months
group by order_year, order_month, segment_id, segment_name
order by order_year, order_month, segment_id nulls last;
