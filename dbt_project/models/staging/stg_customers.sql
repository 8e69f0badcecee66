with customers as (
    select * from {{ ref('base_customers') }}
),

parsed as (
    select
        file_row,
        {{ clean_id('customer_id') }} as customer_id,
        lower({{ clean_text('gender') }}) as gender_text,
        {{ clean_number('age') }} as age,
        {{ clean_number('annual_income', thousands=true) }} as annual_income,
        {{ clean_number('spending_score') }} as spending_score,
        {{ clean_text('age') }} as age_text,
        {{ clean_text('annual_income') }} as annual_income_text,
        {{ clean_text('spending_score') }} as spending_score_text
    from customers
),

final as (
    select
        file_row,
        customer_id,
        case
            when gender_text in ('f', 'fem', 'fem.', 'female', 'femal', 'femle', 'w', 'woman', 'girl') then 'Female'
            when gender_text in ('m', 'masc', 'masc.', 'male', 'mal', 'mle', 'man', 'boy') then 'Male'
            when gender_text is not null then 'Other'
        end as gender,
        age,
        annual_income,
        spending_score,
        case
            when age is null and age_text is not null then 'age'
            when annual_income is null and annual_income_text is not null then 'annual_income'
            when spending_score is null and spending_score_text is not null then 'spending_score'
        end as unreadable_column
    from parsed
)

select * from final
