{{ config(materialized='view') }}

with judged as (
    select * from {{ ref('int_orders_judged') }}
),

final as (
    select
        order_id,
        customer_id,
        product_id,
        ordered_at,
        quantity,
        unit_price,
        revenue,
        line_type,
        is_return,
        is_cancellation,
        cancels_order_id
    from judged
    where outcome = 'kept'
)

select * from final
