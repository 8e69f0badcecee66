with customers as (
    select * from {{ ref('base_customers') }}
),

texts as (
    select
        file_row,
        {{ clean_text('customer_id') }} as customer_id,
        lower({{ clean_text('gender') }}) as gender,
        {{ clean_text('age') }} as age,
        {{ clean_text('annual_income') }} as annual_income,
        {{ clean_text('spending_score') }} as spending_score
    from customers
),

parsed as (
    select
        *,
        {{ clean_number('age') }} as age_number,
        {{ clean_number('annual_income', thousands=true) }} as annual_income_number,
        {{ clean_number('spending_score') }} as spending_score_number
    from texts
),

final as (
    select
        file_row,
        {{ clean_id('customer_id') }} as customer_id,
        case
            when gender in ('f', 'fem', 'fem.', 'female', 'femal', 'femle', 'w', 'woman', 'girl') then 'Female'
            when gender in ('m', 'masc', 'masc.', 'male', 'mal', 'mle', 'man', 'boy') then 'Male'
            when gender is not null then 'Other'
        end as gender,
        age_number as age,
        annual_income_number as annual_income,
        spending_score_number as spending_score,
        case
            when age_number is null and age is not null then 'age'
            when annual_income_number is null and annual_income is not null then 'annual_income'
            when spending_score_number is null and spending_score is not null then 'spending_score'
        end as unreadable_column
    from parsed
)

select * from final
