with customer_segments as (
    select * from {{ ref('customer_segments') }}
),

summed as (
    select
        segmentation,
        segment_id,
        min(segment_name) as segment_name,
        count(*) as customers,
        sum(orders) as orders,
        sum(revenue) as revenue
    from customer_segments
    group by segmentation, segment_id
),

final as (
    select
        segmentation,
        segment_id,
        segment_name,
        customers,
        {{ as_double('customers') }} / sum(customers) over (partition by segmentation) as share_of_customers,
        orders,
        revenue,
        revenue / nullif(sum(revenue) over (partition by segmentation), 0) as share_of_revenue,
        revenue / customers as revenue_per_customer,
        revenue / nullif(orders, 0) as revenue_per_order
    from summed
)

select * from final
