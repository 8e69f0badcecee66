with orders as (
    select * from {{ ref('stg_orders') }}
    where problem is null and has_order_id and revenue_by_price is not null
),

-- Only where the file has both is there anything to tell.
said as (
    select count(revenue_said) as revenues_said from {{ ref('stg_orders') }}
),

-- Lines of one order whose prices come to different money have the same, or only the first has any: it is the order's.
by_order as (
    select
        orders.customer_id,
        orders.order_id,
        count(distinct orders.revenue_said) = 1 as has_one_total
    from orders
    cross join said
    where said.revenues_said > 0
    group by orders.customer_id, orders.order_id
    having count(distinct orders.revenue_by_price) > 1 and count(orders.revenue_said) > 0
),

counted as (
    select
        count(*) filter (where has_one_total) as orders_with_one_total,
        count(*) filter (where not has_one_total) as orders_with_several
    from by_order
),

final as (
    select
        orders_with_one_total,
        orders_with_several,
        orders_with_one_total > 0 and orders_with_one_total >= 19 * orders_with_several as is_order_total
    from counted
)

select * from final
