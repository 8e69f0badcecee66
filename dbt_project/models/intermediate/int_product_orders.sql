with order_lines as (
    select * from {{ ref('int_order_lines') }}
    where product_id is not null and line_type = 'product'
),

as_of as (
    select * from {{ ref('int_as_of') }}
),

-- What came back, by quantity or by money, is set against what was bought; everything else is about what was bought.
totals as (
    select
        product_id,
        sum(quantity) filter (where not is_return) as units_sold,
        sum(abs(quantity)) filter (where is_return) as units_returned,
        sum(revenue) as revenue,
        avg(unit_price) filter (where not is_return and unit_price > 0) as mean_price
    from order_lines
    group by product_id
),

-- Shops number their orders for themselves: an order is one customer's order of that number.
orders as (
    select
        customer_id || chr(31) || order_id as order_key,
        product_id,
        customer_id,
        min(ordered_at) as ordered_at,
        count(*) over (partition by customer_id, order_id) as products
    from order_lines
    where not is_return
    group by customer_id, order_id, product_id
),

customers as (
    select
        product_id,
        customer_id,
        count(*) as orders
    from orders
    group by product_id, customer_id
),

by_order as (
    select
        product_id,
        count(*) as orders,
        avg({{ as_double('products') }}) as basket_size,
        max(ordered_at) as last_sold_at
    from orders
    group by product_id
),

by_customer as (
    select
        product_id,
        count(*) as customers,
        avg(case when orders > 1 then {{ as_double(1) }} else 0 end) as repeat_share
    from customers
    group by product_id
),

partners as (
    select
        one.product_id,
        count(distinct other.product_id) as basket_partners
    from orders as one
    inner join orders as other
        on one.order_key = other.order_key and one.product_id <> other.product_id
    group by one.product_id
),

final as (
    select
        by_order.product_id,
        {{ as_double('by_order.orders') }} as orders,
        {{ as_double('by_customer.customers') }} as customers,
        totals.units_sold,
        coalesce(totals.units_returned, 0) as units_returned,
        {{ to_cents('totals.revenue') }} as revenue,
        totals.mean_price,
        coalesce(totals.units_returned, 0) / nullif(totals.units_sold, 0) as return_share,
        by_customer.repeat_share,
        by_order.basket_size,
        {{ as_double('coalesce(partners.basket_partners, 0)') }} as basket_partners,
        {{ as_double(datediff('cast(by_order.last_sold_at as date)', 'as_of.as_of', 'day')) }} as days_since_last_sale,
        by_order.last_sold_at
    from by_order
    cross join as_of
    inner join totals on by_order.product_id = totals.product_id
    inner join by_customer on by_order.product_id = by_customer.product_id
    left join partners on by_order.product_id = partners.product_id
)

select * from final
