-- Every column is looked at as a whole: one value may be read in two ways, all values together mostly cannot.
{{ config(materialized='table') }}

{% set number_columns = ['age', 'annual_income', 'spending_score'] -%}
{% set large = '-?([0-9]{5,}([.,].*)?|[0-9]{2,3}[., ][0-9]{3}([., ].*)?)' -%}
{% set thousands = '.*([(]k|in k|_k|thousand|tsd|tausend|000).*' -%}
with customers as (
    select * from {{ ref('base_customers') }}
    where line_problem is null
),

headers as (
    select lower(max(said)) as annual_income_header
    from {{ ref('base_reading') }}
    where file = 'customers' and fact = 'header of annual_income'
),

texts as (
    select
        {{ clean_text('age') }} as age,
        {{ clean_text('annual_income') }} as annual_income,
        {{ clean_text('spending_score') }} as spending_score
    from customers
    {{ fence() }}
),

numbers as {{ materialized() }} (
    {{ number_shapes('texts', {'age': '', 'annual_income': 'thousands', 'spending_score': 'percent'}) }}
),

counted as (
    select
        {{ shape_counts('age') }},
        {{ shape_counts('annual_income') }},
        {{ shape_counts('spending_score') }},
        {{ most_common(currency_of('annual_income')) }} as annual_income_currency,
        count(*) filter (
            where {{ matches('coalesce(annual_income_digits, annual_income)', large) }}
        ) as annual_income_large
    from numbers
),

marked as (
    select
        *,
        {{ number_mark('age', number_columns) }},
        {{ number_mark('annual_income', number_columns) }},
        {{ number_mark('spending_score', number_columns) }}
    from counted
),

-- What the header says of the unit: `(k$)` and `in thousands`, or `(USD)`.
units as (
    select
        marked.*,
        case
            when {{ matches('headers.annual_income_header', thousands) }} then 'thousands'
            when {{ matches('headers.annual_income_header', '.*([$€]|usd|dollar|eur|gbp).*') }} then 'ones'
        end as unit_of_header
    from marked
    cross join headers
),

final as (
    select
        *,
        case
            when unit_of_header is not null then unit_of_header
            when annual_income_large * 2 > annual_income_values then 'ones'
            else 'thousands'
        end as annual_income_unit,
        case when unit_of_header is null then 'the range of its values' else 'the header' end as annual_income_unit_by
    from units
)

select * from final
