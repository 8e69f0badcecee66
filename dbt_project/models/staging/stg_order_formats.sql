-- Every column is looked at as a whole: one value may be read in two ways, all values together mostly cannot.
{{ config(materialized='table') }}

{% set number_columns = ['quantity', 'unit_price', 'revenue'] -%}
{% set given_order = reading_setting('date_order') -%}
with orders as (
    select * from {{ ref('base_orders') }}
    where line_problem is null
),

texts as (
    select
        {{ clean_text('ordered_at') }} as ordered_at,
        {{ clean_text('quantity') }} as quantity,
        {{ clean_text('unit_price') }} as unit_price,
        {{ clean_text('revenue') }} as revenue,
        {{ currency_code('lower(' ~ clean_text('currency') ~ ')') }} as currency
    from orders
    {{ fence() }}
),

numbers as (
    {{ number_shapes('texts', {'quantity': '', 'unit_price': '', 'revenue': ''}) }}
),

moments as (
    {{ moment_parts('numbers', 'ordered_at') }}
),

dates as {{ materialized() }} (
    select
        *,
        {{ is_date_in('ordered_at', 'dmy') }} as is_dmy,
        {{ is_date_in('ordered_at', 'mdy') }} as is_mdy,
        {{ is_date_in('ordered_at', 'ymd') }} as is_ymd,
        case
            when unit_price is not null then coalesce({{ currency_of('unit_price') }}, currency)
        end as unit_price_code,
        case
            when revenue is not null then coalesce({{ currency_of('revenue') }}, currency)
        end as revenue_code
    from moments
),

counted as (
    select
        {{ shape_counts('quantity') }},
        {{ shape_counts('unit_price') }},
        {{ shape_counts('revenue') }},
        {{ most_common('unit_price_code') }} as unit_price_currency,
        {{ most_common('revenue_code') }} as revenue_currency,
        count(ordered_at) as ordered_at_values,
        count(*) filter (where ordered_at_shape in ('iso', 'offset', 'digits', 'year_first')) as ordered_at_year_first,
        count(*) filter (where ordered_at_shape = 'epoch') as ordered_at_epoch,
        count(*) filter (where ordered_at_shape = 'named') as ordered_at_named,
        count(*) filter (where ordered_at_shape = 'serial') as ordered_at_serial,
        count(*) filter (where ordered_at_shape = 'dotted') as ordered_at_dotted,
        count(*) filter (
            where ordered_at_shape = 'dotted' and length(ordered_at_first) = 2 and ordered_at_first > '12'
        ) as ordered_at_dotted_dmy,
        count(*) filter (
            where ordered_at_shape = 'dotted' and length(ordered_at_middle) = 2 and ordered_at_middle > '12'
        ) as ordered_at_dotted_mdy,
        coalesce(sum(greatest(is_dmy, is_mdy, is_ymd)), 0) as ordered_at_ordered,
        coalesce(sum(is_dmy), 0) as ordered_at_dmy,
        coalesce(sum(is_mdy), 0) as ordered_at_mdy,
        coalesce(sum(is_ymd), 0) as ordered_at_ymd
    from dates
),

-- The order under which fewest values cannot be read, if at most one in twenty of those that tell two orders apart
-- speaks against it.
misfits as (
    select
        *,
        ordered_at_ordered - ordered_at_dmy as dmy_misfits,
        ordered_at_ordered - ordered_at_mdy as mdy_misfits,
        ordered_at_ordered - ordered_at_ymd as ymd_misfits
    from counted
),

final as (
    select
        *,
        {{ number_mark('quantity', number_columns) }},
        {{ number_mark('unit_price', number_columns) }},
        {{ number_mark('revenue', number_columns) }},
        -- With points between them the day comes first, where the values do not say otherwise.
        {% if given_order -%}
            {{ as_text("'" ~ given_order ~ "'") }} as ordered_at_dotted_order,
        {%- else -%}
            case
                when ordered_at_dotted_dmy >= 19 * ordered_at_dotted_mdy then 'dmy'
                when ordered_at_dotted_mdy >= 19 * ordered_at_dotted_dmy then 'mdy'
            end as ordered_at_dotted_order,
        {%- endif %}
        {% if given_order -%}
            {{ as_text("'" ~ given_order ~ "'") }} as ordered_at_order,
            {{ as_text("'SEGJOB_DATE_ORDER'") }} as ordered_at_order_by
        {%- else -%}
            case
                when ordered_at_ordered = 0 then null
                when least(mdy_misfits, ymd_misfits) > 0 and 19 * dmy_misfits <= least(mdy_misfits, ymd_misfits)
                    then 'dmy'
                when least(dmy_misfits, ymd_misfits) > 0 and 19 * mdy_misfits <= least(dmy_misfits, ymd_misfits)
                    then 'mdy'
                when least(dmy_misfits, mdy_misfits) > 0 and 19 * ymd_misfits <= least(dmy_misfits, mdy_misfits)
                    then 'ymd'
            end as ordered_at_order,
            case when ordered_at_ordered > 0 then 'its values' end as ordered_at_order_by
        {%- endif %}
    from misfits
)

select * from final
