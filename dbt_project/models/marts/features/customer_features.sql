with customers as (
    select * from {{ ref('int_customers') }}
),

customer_orders as (
    select * from {{ ref('int_customer_orders') }}
),

final as (
    select
        customers.customer_id,
        customers.gender,
        customers.age,
        customers.annual_income,
        customers.spending_score,
        customer_orders.recency_days,
        coalesce(customer_orders.orders, 0) as orders,
        coalesce(customer_orders.revenue, 0) as revenue,
        customer_orders.first_order_at,
        customer_orders.last_order_at
    from customers
    left join customer_orders on customers.customer_id = customer_orders.customer_id
)

select * from final
