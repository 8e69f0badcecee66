with judged as (
    select * from {{ ref('int_customers_judged') }}
    where outcome <> 'kept'
),

file as (
    select * from {{ ref('base_customers') }}
),

final as (
    select
        judged.file_row,
        judged.outcome,
        judged.reason,
        file.customer_id,
        file.gender,
        file.age,
        file.annual_income,
        file.spending_score
    from judged
    inner join file on judged.file_row = file.file_row
)

select * from final
