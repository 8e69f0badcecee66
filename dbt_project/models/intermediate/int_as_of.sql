{% set as_of = env_var('SEGJOB_AS_OF', '') | trim -%}
{% do check_date('SEGJOB_AS_OF', as_of) -%}
with orders as (
    select * from {{ ref('stg_orders') }}
),

-- The file's clock may be ahead of UTC: by the wall clock an order is in the future only a day later.
given as (
    select cast({{ "'" ~ as_of ~ "'" if as_of else 'null' }} as date) as given_date
),

latest as (
    select
        given_date,
        coalesce(given_date, {{ utc_today() }} + 1) as latest_date
    from given
),

final as (
    select
        latest.latest_date,
        coalesce(latest.given_date, max(cast(orders.ordered_at as date))) as as_of
    from latest
    left join orders on cast(orders.ordered_at as date) <= latest.latest_date
    group by latest.latest_date, latest.given_date
)

select * from final
