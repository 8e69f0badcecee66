with orders as (
    select * from {{ ref('stg_orders') }}
),

customers as (
    select
        customer_id,
        bool_or(outcome = 'kept') as is_kept
    from {{ ref('int_customers_judged') }}
    where customer_id is not null
    group by customer_id
),

as_of as (
    select * from {{ ref('int_as_of') }}
),

order_totals as (
    select * from {{ ref('int_order_totals') }}
),

-- Some files say what became of an order beside its first line only.
ended_orders as (
    select
        customer_id,
        order_id,
        min(status_problem) as status_problem
    from orders
    where status_problem is not null and has_order_id
    group by customer_id, order_id
),

-- What the lines take over from their order, and from how the file writes money.
settled as (
    select
        orders.*,
        case when order_totals.is_order_total then orders.revenue_by_price else orders.revenue end as line_revenue,
        coalesce(orders.status_problem, ended_orders.status_problem) as ending
    from orders
    cross join order_totals
    left join ended_orders
        on
            orders.customer_id = ended_orders.customer_id
            and orders.order_id = ended_orders.order_id
            and not orders.has_status
),

judged as (
    select
        settled.*,
        case
            when settled.problem is not null and settled.unreadable_column is null then settled.problem
            when settled.customer_id is null then 'customer_id_missing'
            when settled.unreadable_column is not null
                then coalesce(settled.problem, settled.unreadable_column || '_unreadable')
            when settled.ordered_at is null then 'ordered_at_missing'
            when settled.line_revenue is null then 'unit_price_missing'
            when settled.quantity = 0 then 'quantity_zero'
            when settled.unit_price < 0 and settled.quantity < 0 then 'unit_price_negative'
            when settled.is_contradictory then 'signs_disagree'
            when abs(settled.quantity) > {{ var('quantity_limit') }} then 'quantity_out_of_range'
            when cast(settled.ordered_at as date) < date '1970-01-01' then 'ordered_before_1970'
            when cast(settled.ordered_at as date) > as_of.latest_date then 'ordered_in_future'
            when settled.ending is not null then settled.ending
            when customers.customer_id is null then 'unknown_customer'
            when not customers.is_kept then 'rejected_customer'
        end as rejection
    from settled
    cross join as_of
    left join customers on settled.customer_id = customers.customer_id
),

-- A line is a duplicate only where the whole line of the file is equal, and only a line that names its order can be
-- told from one that was really bought twice.
ranked as (
    select
        *,
        row_number() over (
            partition by has_order_id, order_id, raw_line, rejection is null
            order by file_row
        ) as copy
    from judged
),

-- The order that a cancelled invoice takes back: the one of its number, else the latest before it that sold as much
-- of the same.
cancelled as (
    select
        cancellations.file_row,
        bought.order_id as cancels_order_id,
        row_number() over (
            partition by cancellations.file_row
            order by
                case when bought.order_id = substr(cancellations.order_id, 2) then 0 else 1 end,
                bought.ordered_at desc,
                bought.file_row desc
        ) as choice
    from judged as cancellations
    inner join judged as bought
        on
            cancellations.customer_id = bought.customer_id
            and (
                substr(cancellations.order_id, 2) = bought.order_id
                or (
                    cancellations.product_id = bought.product_id
                    and abs(cancellations.unit_price) = bought.unit_price
                    and abs(cancellations.quantity) <= bought.quantity
                    and cancellations.ordered_at >= bought.ordered_at
                )
            )
    where
        cancellations.is_cancellation
        and cancellations.rejection is null
        and bought.rejection is null
        and not bought.is_cancellation
),

final as (
    select
        ranked.file_row,
        ranked.order_id,
        ranked.customer_id,
        ranked.product_id,
        ranked.ordered_at,
        ranked.quantity,
        ranked.unit_price,
        ranked.line_revenue as revenue,
        ranked.line_type,
        ranked.line_type = 'product' and (ranked.quantity < 0 or ranked.line_revenue < 0) as is_return,
        coalesce(ranked.is_cancellation, false) as is_cancellation,
        cancelled.cancels_order_id,
        case
            when ranked.rejection is not null then 'rejected'
            when ranked.copy > 1 then 'merged'
            else 'kept'
        end as outcome,
        case
            when ranked.rejection is not null then ranked.rejection
            when ranked.copy > 1 then 'duplicate'
        end as reason
    from ranked
    left join cancelled on ranked.file_row = cancelled.file_row and cancelled.choice = 1
)

select * from final
