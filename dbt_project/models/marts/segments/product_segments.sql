with assignments as (
    {{ segjob_relation(source('segjob', 'products'), {
        'product_id': 'string',
        'segment_id': 'integer',
        'segment_name': 'string',
        'distance': 'double',
        'margin': 'double',
        'is_outlier': 'boolean',
        'run_id': 'bigint',
    }) }}
),

products as (
    select * from {{ ref('product_features') }}
),

final as (
    select
        assignments.product_id,
        assignments.segment_id,
        assignments.segment_name,
        assignments.distance,
        assignments.margin,
        assignments.is_outlier,
        assignments.run_id,
        products.orders,
        products.revenue,
        products.mean_price,
        products.return_share,
        products.basket_partners
    from assignments
    inner join products on assignments.product_id = products.product_id
)

select * from final
