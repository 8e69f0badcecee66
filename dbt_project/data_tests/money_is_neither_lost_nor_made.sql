-- The revenue of customers is that of the order lines kept, to the cent per customer.
with lines as (
    select sum(revenue) as revenue from {{ ref('int_order_lines') }}
),

customers as (
    select
        sum(revenue) as revenue,
        count(*) as customers
    from {{ ref('customer_features') }}
)

select
    lines.revenue,
    customers.revenue as revenue_of_customers
from lines
cross join customers
where abs(coalesce(lines.revenue, 0) - coalesce(customers.revenue, 0)) > 0.01 * customers.customers + 0.01
