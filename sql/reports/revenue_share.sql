-- Question: Which segments bring in the money, compared with how many customers they have?
-- Grain: one row per segment, the highest revenue first. Customers without a segment are one row too.
-- Parameters: none.
-- Needs: customer_features (revenue, orders)
with customers as (
    select
        coalesce(v.segment_name, '(no segment)') as segment_name,
        f.revenue,
        f.orders
    from customer_features as f
    left join segments.income_spending as v on f.customer_id = v.customer_id
)

select
    segment_name,
    count(*) as customers,
    round(sum(revenue), 2) as revenue,
    round(100.0 * count(*) / sum(count(*)) over (), 1) as percent_of_customers,
    round(100 * sum(revenue) / nullif(sum(sum(revenue)) over (), 0), 1) as percent_of_revenue,
    round(sum(revenue) / count(*), 2) as revenue_per_customer,
    round(sum(revenue) / nullif(sum(orders), 0), 2) as revenue_per_order,
    round(100.0 * count(*) filter (where orders = 0) / count(*), 1) as percent_without_order
from customers
group by segment_name
order by revenue desc, segment_name asc;
