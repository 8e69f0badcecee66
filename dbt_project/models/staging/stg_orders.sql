-- Read by several models: the texts are parsed once.
{{ config(materialized='table') }}

with orders as (
    select * from {{ ref('base_orders') }}
),

formats as (
    select * from {{ ref('stg_order_formats') }}
),

texts as (
    select
        file_row,
        raw_line,
        line_problem,
        {{ clean_text('order_id') }} as order_id,
        {{ clean_text('customer_id') }} as customer_id,
        {{ clean_text('product_id') }} as product_id,
        {{ clean_text('description') }} as description,
        {{ clean_text('ordered_at') }} as ordered_at,
        {{ clean_text('quantity') }} as quantity,
        {{ clean_text('unit_price') }} as unit_price,
        {{ clean_text('revenue') }} as revenue,
        {{ currency_code('lower(' ~ clean_text('currency') ~ ')') }} as currency,
        case
            when {{ clean_text('cancelled_at') }} is not null then 'cancelled'
            else {{ without('lower(' ~ clean_text('order_status') ~ ')', '^wc-') }}
        end as order_status,
        lower({{ clean_text('entry_type') }}) as entry_type
    from orders
    {{ fence() }}
),

shaped as (
    {{ number_shapes('texts', {'quantity': '', 'unit_price': '', 'revenue': ''}) }}
),

dated as (
    {{ moment_parts('shaped', 'ordered_at') }}
),

formatted as (
    select
        dated.*,
        formats.quantity_mark,
        formats.unit_price_mark,
        formats.revenue_mark,
        formats.unit_price_currency,
        formats.revenue_currency,
        formats.ordered_at_order,
        formats.ordered_at_dotted_order,
        {{ date_text_of('ordered_at', 'formats.ordered_at_order', 'formats.ordered_at_dotted_order') }} as date_text
    from dated
    cross join formats
    {{ fence() }}
),

parsed as (
    select
        *,
        {{ moment_of('ordered_at', 'date_text') }} as moment,
        {{ number_of('quantity', 'quantity_mark') }} as quantity_said,
        {{ number_of('unit_price', 'unit_price_mark') }} as price,
        {{ number_of('revenue', 'revenue_mark') }} as money,
        coalesce({{ currency_of('unit_price') }}, currency) <> unit_price_currency as is_price_in_other_currency,
        coalesce({{ currency_of('revenue') }}, currency) <> revenue_currency as is_revenue_in_other_currency
    from formatted
    {{ fence() }}
),

counted as (
    select
        *,
        coalesce(quantity_said, 1) as units,
        -- A line that says it sends something back does, though all its signs are plus.
        case
            when
                {{ is_return_entry('entry_type') }}
                and coalesce(quantity_said, 1) >= 0
                and coalesce(price, 0) >= 0
                and coalesce(money, 0) >= 0
                then -1
            else 1
        end as direction,
        case
            when line_problem is not null then line_problem
            when moment is null and ordered_at is not null
                then
                    case
                        when ordered_at_shape = 'dotted' and ordered_at_dotted_order is null then 'ordered_at_ambiguous'
                        when ordered_at_order is not null then 'ordered_at_unreadable'
                        when {{ is_date_in('ordered_at', 'dmy') }} + {{ is_date_in('ordered_at', 'mdy') }} > 0
                            then 'ordered_at_ambiguous'
                        else 'ordered_at_unreadable'
                    end
            when quantity_said is null and quantity is not null
                then 'quantity_' || {{ number_problem('quantity', 'quantity_mark') }}
            when price is null and unit_price is not null
                then 'unit_price_' || {{ number_problem('unit_price', 'unit_price_mark') }}
            when money is null and revenue is not null
                then 'revenue_' || {{ number_problem('revenue', 'revenue_mark') }}
            when is_price_in_other_currency and price is not null then 'unit_price_in_other_currency'
            when is_revenue_in_other_currency and money is not null then 'revenue_in_other_currency'
        end as problem,
        lower(coalesce(description, '')) as description_word,
        lower(coalesce(product_id, '')) as product_word
    from parsed
    {{ fence() }}
),

final as (
    select
        file_row,
        raw_line,
        order_id is not null as has_order_id,
        coalesce({{ clean_id('order_id') }}, 'row ' || file_row) as order_id,
        {{ clean_id('customer_id') }} as customer_id,
        {{ clean_id('product_id') }} as product_id,
        moment as ordered_at,
        units * direction as quantity,
        coalesce(price, money / nullif(units, 0)) as unit_price,
        coalesce(money, units * price) * direction as revenue,
        -- For int_order_totals: what the file says for the line, and what its price comes to.
        money * direction as revenue_said,
        units * price * direction as revenue_by_price,
        -- Three signs may contradict each other: the quantity's, the price's and the money's.
        coalesce((price > 0 and money < 0 and units > 0) or (money > 0 and units < 0), false) as is_contradictory,
        {{ line_type('product_word', 'description_word') }} as line_type,
        order_status is not null as has_status,
        {{ problem_of_status('order_status') }} as status_problem,
        coalesce({{ matches('order_id', 'C[0-9]+') }}, false) as is_cancellation,
        case
            when moment is null and ordered_at is not null then 'ordered_at'
            when quantity_said is null and quantity is not null then 'quantity'
            when price is null and unit_price is not null then 'unit_price'
            when money is null and revenue is not null then 'revenue'
        end as unreadable_column,
        problem
    from counted
)

select * from final
