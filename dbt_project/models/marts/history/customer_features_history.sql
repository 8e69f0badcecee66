-- Built with --vars 'keep_history: true': customer_features under the day of int_as_of, beside those of other days.
{{ config(
    enabled=var('keep_history'),
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='as_of',
) }}

with customers as (
    select * from {{ ref('customer_features') }}
),

as_of as (
    select * from {{ ref('int_as_of') }}
),

final as (
    select
        as_of.as_of,
        customers.*
    from customers
    cross join as_of
)

select * from final
