with orders as (
    select * from {{ ref('base_orders') }}
),

texts as (
    select
        file_row,
        {{ clean_text('order_id') }} as order_id,
        {{ clean_text('customer_id') }} as customer_id,
        {{ clean_text('product_id') }} as product_id,
        {{ clean_text('ordered_at') }} as ordered_at,
        {{ clean_text('quantity') }} as quantity,
        {{ clean_text('unit_price') }} as unit_price,
        {{ clean_text('revenue') }} as revenue
    from orders
),

parsed as (
    select
        *,
        {{ clean_moment('ordered_at') }} as moment,
        {{ clean_number('quantity') }} as quantity_said,
        {{ clean_number('unit_price') }} as price,
        {{ clean_number('revenue') }} as money
    from texts
),

counted as (
    select
        *,
        coalesce(quantity_said, 1) as units
    from parsed
),

final as (
    select
        file_row,
        order_id is not null as has_order_id,
        coalesce({{ clean_id('order_id') }}, 'row ' || file_row) as order_id,
        {{ clean_id('customer_id') }} as customer_id,
        {{ clean_id('product_id') }} as product_id,
        moment as ordered_at,
        units as quantity,
        coalesce(price, money / nullif(units, 0)) as unit_price,
        coalesce(money, units * price) as revenue,
        case
            when moment is null and ordered_at is not null then 'ordered_at'
            when quantity_said is null and quantity is not null then 'quantity'
            when price is null and unit_price is not null then 'unit_price'
            when money is null and revenue is not null then 'revenue'
        end as unreadable_column
    from counted
)

select * from final
