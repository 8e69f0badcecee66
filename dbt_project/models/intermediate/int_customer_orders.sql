with order_lines as (
    select
        *,
        line_type = 'product' and not is_return as is_bought
    from {{ ref('int_order_lines') }}
),

as_of as (
    select * from {{ ref('int_as_of') }}
),

summed as (
    select
        customer_id,
        count(distinct order_id) filter (where is_bought) as orders,
        sum(revenue) as revenue,
        min(ordered_at) filter (where is_bought) as first_order_at,
        max(ordered_at) filter (where is_bought) as last_order_at
    from order_lines
    group by customer_id
),

final as (
    select
        summed.customer_id,
        {{ as_double(datediff('cast(summed.last_order_at as date)', 'as_of.as_of', 'day')) }} as recency_days,
        {{ as_double('summed.orders') }} as orders,
        {{ to_cents('summed.revenue') }} as revenue,
        summed.first_order_at,
        summed.last_order_at
    from summed
    cross join as_of
)

select * from final
