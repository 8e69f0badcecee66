with products as (
    select * from {{ ref('int_product_orders') }}
),

final as (
    select
        product_id,
        orders,
        customers,
        units_sold,
        units_returned,
        revenue,
        mean_price,
        return_share,
        repeat_share,
        basket_size,
        basket_partners,
        days_since_last_sale,
        last_sold_at
    from products
)

select * from final
