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
        lower({{ clean_text('order_status') }}) as order_status
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
        {{ date_text_of('ordered_at', 'formats.ordered_at_order') }} as date_text
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
        {{ currency_of('unit_price') }} <> unit_price_currency as is_price_in_other_currency,
        {{ currency_of('revenue') }} <> revenue_currency as is_revenue_in_other_currency
    from formatted
    {{ fence() }}
),

counted as (
    select
        *,
        coalesce(quantity_said, 1) as units,
        case
            when line_problem is not null then line_problem
            when moment is null and ordered_at is not null
                then
                    case
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
            when is_price_in_other_currency then 'unit_price_in_other_currency'
            when is_revenue_in_other_currency then 'revenue_in_other_currency'
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
        units as quantity,
        coalesce(price, money / nullif(units, 0)) as unit_price,
        coalesce(money, units * price) as revenue,
        -- Three signs may contradict each other: the quantity's, the price's and the money's.
        coalesce((price > 0 and money < 0 and units > 0) or (money > 0 and units < 0), false) as is_contradictory,
        {{ line_type('product_word', 'description_word') }} as line_type,
        case
            when order_status in (
                'cancelled', 'canceled', 'failed', 'voided', 'void', 'trash', 'expired', 'unavailable', 'storniert',
                'annulé', 'cancelado'
            ) then 'order_cancelled'
            when order_status = 'refunded' then 'order_refunded'
        end as status_problem,
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
