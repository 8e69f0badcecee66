{{ config(materialized='view') }}

with judged as (
    select * from {{ ref('int_customers_judged') }}
),

final as (
    select
        customer_id,
        gender,
        age,
        annual_income,
        spending_score
    from judged
    where outcome = 'kept'
)

select * from final
