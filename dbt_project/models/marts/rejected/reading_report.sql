-- The post-hook says in dbt's log what was read, how, and what was not.
{{ config(post_hook="{{ say_how_files_were_read() }}") }}

with reading as (
    select * from {{ ref('base_reading') }}
),

customer_formats as (
    select * from {{ ref('stg_customer_formats') }}
),

order_formats as (
    select * from {{ ref('stg_order_formats') }}
),

order_totals as (
    select * from {{ ref('int_order_totals') }}
),

numbers as (
    {% set columns = {
        'customers': ['age', 'annual_income', 'spending_score'],
        'orders': ['quantity', 'unit_price', 'revenue'],
    } -%}
    {% for file, names in columns.items() -%}
        {% set outer_loop = loop -%}
        {% for column in names -%}
            select
                '{{ file }}' as file,
                '{{ column }}' as column_name,
                case {{ column }}_mark
                    when '.' then 'decimal point'
                    when ',' then 'decimal comma'
                    else case when {{ column }}_mark_by = 'nothing' then 'not known' else 'whole numbers' end
                end as format,
                {{ column }}_mark_by as decided_by,
                {{ column }}_values as values_read,
                case {{ column }}_mark
                    when '.' then {{ column }}_point
                    when ',' then {{ column }}_comma
                    else 0
                end as values_deciding,
                case {{ column }}_mark
                    when '.' then {{ column }}_comma
                    when ',' then {{ column }}_point
                    else {{ column }}_point + {{ column }}_comma
                end as values_otherwise,
                {{ column }}_either as values_either_way
            from {{ 'customer_formats' if file == 'customers' else 'order_formats' }}
            where {{ column }}_values > 0
            union all
        {% endfor -%}
    {% endfor -%}
    select
        'customers' as file,
        'annual_income' as column_name,
        case annual_income_unit when 'ones' then 'in single units, divided by 1000' else 'in thousands' end as format,
        annual_income_unit_by as decided_by,
        annual_income_values as values_read,
        case annual_income_unit
            when 'ones' then annual_income_large
            else annual_income_values - annual_income_large
        end as values_deciding,
        case annual_income_unit
            when 'ones' then annual_income_values - annual_income_large
            else annual_income_large
        end as values_otherwise,
        0 as values_either_way
    from customer_formats
    where annual_income_values > 0
),

moments as (
    {% set shapes = {
        'year_first': 'year-month-day', 'epoch': 'seconds since 1970 or parts of them', 'serial': 'days since 1899-12-30',
        'named': 'month as a word',
    } -%}
    {% for shape, words in shapes.items() -%}
        select
            'orders' as file,
            'ordered_at' as column_name,
            '{{ words }}' as format,
            'how they are written' as decided_by,
            ordered_at_values as values_read,
            ordered_at_{{ shape }} as values_deciding,
            ordered_at_values - ordered_at_{{ shape }} as values_otherwise,
            0 as values_either_way
        from order_formats
        where ordered_at_{{ shape }} > 0
        union all
    {% endfor -%}
    select
        'orders' as file,
        'ordered_at' as column_name,
        case ordered_at_dotted_order
            when 'dmy' then 'day.month.year'
            when 'mdy' then 'month.day.year'
            when 'ymd' then 'year.month.day'
            else 'not known: SEGJOB_DATE_ORDER says it'
        end as format,
        case
            when ordered_at_dotted_order is null then 'nothing'
            when ordered_at_dotted_dmy + ordered_at_dotted_mdy > 0 then 'its values'
            else 'how they are written'
        end as decided_by,
        ordered_at_values as values_read,
        ordered_at_dotted as values_deciding,
        ordered_at_values - ordered_at_dotted as values_otherwise,
        0 as values_either_way
    from order_formats
    where ordered_at_dotted > 0
    union all
    select
        'orders' as file,
        'ordered_at' as column_name,
        case ordered_at_order
            when 'dmy' then 'day/month/year'
            when 'mdy' then 'month/day/year'
            when 'ymd' then 'year/month/day, year of two digits'
            else 'not known: SEGJOB_DATE_ORDER says it'
        end as format,
        case when ordered_at_order is null then 'nothing' else ordered_at_order_by end as decided_by,
        ordered_at_values as values_read,
        -- The values that only the order chosen can read, and those that only another can.
        case ordered_at_order
            when 'dmy' then ordered_at_ordered - ordered_at_mdy
            when 'mdy' then ordered_at_ordered - ordered_at_dmy
            when 'ymd' then ordered_at_ordered - greatest(ordered_at_dmy, ordered_at_mdy)
            else 0
        end as values_deciding,
        case ordered_at_order
            when 'dmy' then ordered_at_ordered - ordered_at_dmy
            when 'mdy' then ordered_at_ordered - ordered_at_mdy
            when 'ymd' then ordered_at_ordered - ordered_at_ymd
            else 0
        end as values_otherwise,
        ordered_at_dmy + ordered_at_mdy - ordered_at_ordered as values_either_way
    from order_formats
    where ordered_at_ordered > 0
),

totals as (
    select
        'orders' as file,
        'revenue' as column_name,
        case
            when is_order_total then 'of the whole order, not used: quantity times unit price' else 'of the line'
        end as format,
        'orders of several lines' as decided_by,
        orders_with_one_total + orders_with_several as values_read,
        case when is_order_total then orders_with_one_total else orders_with_several end as values_deciding,
        case when is_order_total then orders_with_several else orders_with_one_total end as values_otherwise,
        0 as values_either_way
    from order_totals
    where orders_with_one_total + orders_with_several > 0
),

currencies as (
    {% for file, column in [('customers', 'annual_income'), ('orders', 'unit_price'), ('orders', 'revenue')] -%}
        select
            '{{ file }}' as file,
            '{{ column }}' as column_name,
            'in ' || {{ column }}_currency as format,
            'the currency that comes most often' as decided_by,
            {{ column }}_values as values_read,
            {{ column }}_values as values_deciding,
            0 as values_otherwise,
            0 as values_either_way
        from {{ 'customer_formats' if file == 'customers' else 'order_formats' }}
        where {{ column }}_currency is not null
        {{ 'union all' if not loop.last }}
    {% endfor -%}
),

final as (
    select
        file,
        fact as column_name,
        said as format,
        decided_by,
        cast(null as bigint) as values_read,
        cast(null as bigint) as values_deciding,
        cast(null as bigint) as values_otherwise,
        cast(null as bigint) as values_either_way
    from reading
    union all
    select * from numbers
    union all
    select * from moments
    union all
    select * from totals
    union all
    select * from currencies
)

select * from final
