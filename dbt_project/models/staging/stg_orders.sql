with orders as (
    select * from {{ ref('base_orders') }}
),

parsed as (
    select
        file_row,
        {{ clean_id('order_id') }} as order_id,
        {{ clean_id('customer_id') }} as customer_id,
        {{ clean_id('product_id') }} as product_id,
        {{ clean_moment('ordered_at') }} as ordered_at,
        {{ clean_number('quantity') }} as quantity,
        {{ clean_number('unit_price') }} as unit_price,
        {{ clean_number('revenue') }} as revenue,
        {{ clean_text('ordered_at') }} as ordered_at_text,
        {{ clean_text('quantity') }} as quantity_text,
        {{ clean_text('unit_price') }} as unit_price_text,
        {{ clean_text('revenue') }} as revenue_text
    from orders
),

final as (
    select
        file_row,
        order_id is not null as has_order_id,
        coalesce(order_id, 'row ' || file_row) as order_id,
        customer_id,
        product_id,
        ordered_at,
        coalesce(quantity, 1) as quantity,
        coalesce(unit_price, revenue / nullif(coalesce(quantity, 1), 0)) as unit_price,
        coalesce(revenue, coalesce(quantity, 1) * unit_price) as revenue,
        case
            when ordered_at is null and ordered_at_text is not null then 'ordered_at'
            when quantity is null and quantity_text is not null then 'quantity'
            when unit_price is null and unit_price_text is not null then 'unit_price'
            when revenue is null and revenue_text is not null then 'revenue'
        end as unreadable_column
    from parsed
)

select * from final
