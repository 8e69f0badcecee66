with order_lines as (
    select * from {{ ref('int_order_lines') }}
),

as_of as (
    select * from {{ ref('int_as_of') }}
),

summed as (
    select
        customer_id,
        count(distinct order_id) filter (where not is_return) as orders,
        sum(revenue) as revenue,
        min(ordered_at) filter (where not is_return) as first_order_at,
        max(ordered_at) filter (where not is_return) as last_order_at
    from order_lines
    group by customer_id
),

final as (
    select
        summed.customer_id,
        cast(date_diff('day', cast(summed.last_order_at as date), as_of.as_of) as double) as recency_days,
        cast(summed.orders as double) as orders,
        round(summed.revenue, 2) as revenue,
        summed.first_order_at,
        summed.last_order_at
    from summed
    cross join as_of
)

select * from final
