{% set segmentations = ['income_spending', 'value', 'people'] -%}
with assignments as (
    {% for segmentation in segmentations -%}
        select
            '{{ segmentation }}' as segmentation,
            assigned.*
        from (
            {{ segjob_relation(source('segjob', segmentation), {
                'customer_id': 'string',
                'segment_id': 'integer',
                'segment_name': 'string',
                'distance': 'double',
                'margin': 'double',
                'is_outlier': 'boolean',
                'run_id': 'bigint',
            }) }}
        ) as assigned
        {{ 'union all' if not loop.last }}
    {% endfor -%}
),

customers as (
    select * from {{ ref('customer_features') }}
),

final as (
    select
        assignments.segmentation,
        assignments.customer_id,
        assignments.segment_id,
        assignments.segment_name,
        assignments.distance,
        assignments.margin,
        assignments.is_outlier,
        assignments.run_id,
        customers.gender,
        customers.age,
        customers.annual_income,
        customers.spending_score,
        customers.recency_days,
        customers.orders,
        customers.revenue
    from assignments
    inner join customers on assignments.customer_id = customers.customer_id
)

select * from final
