with orders as (
    select * from {{ ref('stg_orders') }}
),

customers as (
    select
        customer_id,
        bool_or(outcome = 'kept') as is_kept
    from {{ ref('int_customers_judged') }}
    where customer_id is not null
    group by customer_id
),

as_of as (
    select * from {{ ref('int_as_of') }}
),

judged as (
    select
        orders.*,
        case
            when orders.customer_id is null then 'customer_id_missing'
            when orders.unreadable_column is not null then orders.unreadable_column || '_unreadable'
            when orders.ordered_at is null then 'ordered_at_missing'
            when orders.revenue is null then 'unit_price_missing'
            when orders.quantity = 0 then 'quantity_zero'
            when orders.unit_price < 0 and orders.quantity < 0 then 'unit_price_negative'
            when cast(orders.ordered_at as date) > as_of.latest_date then 'ordered_in_future'
            when customers.customer_id is null then 'unknown_customer'
            when not customers.is_kept then 'rejected_customer'
        end as rejection
    from orders
    cross join as_of
    left join customers on orders.customer_id = customers.customer_id
),

-- Only a line that names its order can be told from one that was really bought twice.
ranked as (
    select
        *,
        row_number() over (
            partition by
                has_order_id, order_id, customer_id, product_id, ordered_at, quantity, unit_price, rejection is null
            order by file_row
        ) as copy
    from judged
),

final as (
    select
        file_row,
        order_id,
        customer_id,
        product_id,
        ordered_at,
        quantity,
        unit_price,
        revenue,
        quantity < 0 or revenue < 0 as is_return,
        case
            when rejection is not null then 'rejected'
            when copy > 1 then 'merged'
            else 'kept'
        end as outcome,
        case
            when rejection is not null then rejection
            when copy > 1 then 'duplicate'
        end as reason
    from ranked
)

select * from final
