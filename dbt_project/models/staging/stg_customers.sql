-- Read by several models: the texts are parsed once.
{{ config(materialized='table') }}

with customers as (
    select * from {{ ref('base_customers') }}
),

formats as (
    select * from {{ ref('stg_customer_formats') }}
),

texts as (
    select
        file_row,
        raw_line,
        line_problem,
        {{ clean_text('customer_id') }} as customer_id,
        {{ clean_text('gender') }} as gender,
        {{ clean_text('age') }} as age,
        {{ clean_text('annual_income') }} as annual_income,
        {{ clean_text('spending_score') }} as spending_score
    from customers
    {{ fence() }}
),

shaped as (
    {{ number_shapes('texts', {'age': '', 'annual_income': 'thousands', 'spending_score': 'percent'}) }}
),

parsed as (
    select
        shaped.*,
        formats.age_mark,
        formats.annual_income_mark,
        formats.spending_score_mark,
        formats.annual_income_unit,
        lower(shaped.gender) as gender_word,
        {{ number_of('age', 'formats.age_mark') }} as age_number,
        {{ number_of('annual_income', 'formats.annual_income_mark') }} as annual_income_number,
        {{ number_of('spending_score', 'formats.spending_score_mark') }} as spending_score_number,
        {{ currency_of('annual_income') }} <> formats.annual_income_currency as is_other_currency
    from shaped
    cross join formats
    {{ fence() }}
),

final as (
    select
        file_row,
        raw_line,
        {{ clean_id('customer_id') }} as customer_id,
        -- A word that is not known here stays as it is.
        case
            when gender_word in (
                'f', 'fem', 'fem.', 'female', 'femal', 'femle', 'w', 'woman', 'girl', 'weiblich', 'frau', 'femme',
                'féminin', 'feminin', 'mujer', 'femenino', 'femmina', 'donna', 'feminino', 'mulher', 'vrouw',
                'vrouwelijk', 'kvinna', 'kobieta'
            ) then 'Female'
            when gender_word in (
                'm', 'masc', 'masc.', 'male', 'mal', 'mle', 'man', 'boy', 'männlich', 'maennlich', 'mann', 'herr',
                'homme', 'masculin', 'hombre', 'masculino', 'maschio', 'uomo', 'homem', 'mannelijk'
            ) then 'Male'
            when gender_word in (
                'other', 'diverse', 'divers', 'd', 'x', 'nonbinary', 'non-binary', 'andere', 'autre', 'otro', 'altro',
                'outro'
            ) then 'Other'
            else gender
        end as gender,
        age_number as age,
        case
            when annual_income_unit = 'ones' and lower(annual_income) not like '%k%' then annual_income_number / 1000
            else annual_income_number
        end as annual_income,
        spending_score_number as spending_score,
        case
            when age_number is null and age is not null then 'age'
            when annual_income is not null and (annual_income_number is null or is_other_currency) then 'annual_income'
            when spending_score_number is null and spending_score is not null then 'spending_score'
        end as unreadable_column,
        case
            when line_problem is not null then line_problem
            when age_number is null and age is not null then 'age_' || {{ number_problem('age', 'age_mark') }}
            when annual_income_number is null and annual_income is not null
                then 'annual_income_' || {{ number_problem('annual_income', 'annual_income_mark') }}
            when is_other_currency then 'annual_income_in_other_currency'
            when spending_score_number is null and spending_score is not null
                then 'spending_score_' || {{ number_problem('spending_score', 'spending_score_mark') }}
        end as problem
    from parsed
)

select * from final
