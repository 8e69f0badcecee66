with customers as (
    select * from {{ ref('stg_customers') }}
),

judged as (
    select
        *,
        case
            when problem is not null and unreadable_column is null then problem
            when customer_id is null then 'customer_id_missing'
            when unreadable_column is not null then coalesce(problem, unreadable_column || '_unreadable')
            {% for column in ['age', 'annual_income', 'spending_score'] -%}
                {% set limits = var(column ~ '_range') -%}
                when {{ column }} not between {{ limits[0] }} and {{ limits[1] }} then '{{ column }}_out_of_range'
            {% endfor -%}
        end as rejection
    from customers
),

-- Files grow at the end: of several sound rows of one customer the last one counts.
ranked as (
    select
        *,
        last_value(file_row) over same_customer as kept_row,
        last_value(raw_line) over same_customer as kept_line
    from judged
    window same_customer as (
        partition by customer_id, rejection is null
        order by file_row
        rows between unbounded preceding and unbounded following
    )
),

final as (
    select
        file_row,
        customer_id,
        gender,
        age,
        annual_income,
        spending_score,
        case
            when rejection is not null then 'rejected'
            when file_row <> kept_row then 'merged'
            else 'kept'
        end as outcome,
        case
            when rejection is not null then rejection
            when file_row = kept_row then null
            when raw_line = kept_line then 'duplicate'
            else 'superseded'
        end as reason
    from ranked
)

select * from final
