{% set as_of = env_var('SEGJOB_AS_OF', '') | trim -%}
{% if as_of and not modules.re.match('^[0-9]{4}-[0-9]{2}-[0-9]{2}$', as_of) -%}
    {% do exceptions.raise_compiler_error(
        'SEGJOB_AS_OF is ' ~ as_of ~ ', which is no date. Write it as 2025-06-30, or unset it.'
    ) -%}
{%- endif -%}
with orders as (
    select * from {{ ref('stg_orders') }}
),

-- The file's clock may be ahead of UTC: by the wall clock an order is in the future only a day later.
latest as (
    select
        {% if as_of -%}
            date '{{ as_of }}' as latest_date
        {%- else -%}
            cast(now() at time zone 'UTC' as date) + 1 as latest_date
        {%- endif %}
),

final as (
    select
        latest.latest_date,
        {% if as_of -%}
            latest.latest_date as as_of
        {%- else -%}
            (
                select max(cast(orders.ordered_at as date))
                from orders
                where cast(orders.ordered_at as date) <= latest.latest_date
            ) as as_of
        {%- endif %}
    from latest
)

select * from final
