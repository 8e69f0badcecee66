with judged as (
    select * from {{ ref('int_orders_judged') }}
    where outcome <> 'kept'
),

file as (
    select * from {{ ref('base_orders') }}
),

final as (
    select
        judged.file_row,
        judged.outcome,
        judged.reason,
        file.customer_id,
        file.order_id,
        file.product_id,
        file.ordered_at,
        file.quantity,
        file.unit_price,
        file.revenue
    from judged
    inner join file on judged.file_row = file.file_row
)

select * from final
