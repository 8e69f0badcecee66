with customer_file as (
    select * from {{ ref('base_customers') }}
),

customers as (
    select * from {{ ref('stg_customers') }}
),

customers_judged as (
    select * from {{ ref('int_customers_judged') }}
),

orders_judged as (
    select * from {{ ref('int_orders_judged') }}
),

judged as (
    select
        'customers' as file,
        outcome,
        reason
    from customers_judged
    union all
    select
        'orders' as file,
        outcome,
        reason
    from orders_judged
),

row_counts as (
    select
        file,
        'row' as finding,
        'read' as outcome,
        count(*) as file_rows
    from judged
    group by file
    union all
    select
        file,
        coalesce(reason, 'row') as finding,
        outcome,
        count(*) as file_rows
    from judged
    group by file, reason, outcome
),

looked_at as (
    select
        customers.gender is null as gender_missing,
        customers.age is null and coalesce(customers.unreadable_column, '') <> 'age' as age_missing,
        customers.annual_income is null
        and coalesce(customers.unreadable_column, '') <> 'annual_income' as annual_income_missing,
        customers.spending_score is null
        and coalesce(customers.unreadable_column, '') <> 'spending_score' as spending_score_missing,
        customers.gender <> {{ trimmed('customer_file.gender') }} as gender_respelled,
        customers.annual_income is not null
        and {{ try_double('customer_file.annual_income') }} is null as annual_income_reformatted,
        customers.gender not in ('Male', 'Female', 'Other') as gender_unknown,
        {% for column in ['customer_id', 'gender', 'age', 'annual_income', 'spending_score'] -%}
            coalesce(
                customer_file.{{ column }} <> {{ trimmed('customer_file.' ~ column) }}
                and {{ clean_text('customer_file.' ~ column) }} is not null,
                false
            ){{ ' or' if not loop.last else ' as text_padded' }}
        {% endfor -%}
    from customers
    inner join customer_file on customers.file_row = customer_file.file_row
),

value_counts as (
    {% set outcomes = {
        'gender_missing': 'set_to_null',
        'age_missing': 'set_to_null',
        'annual_income_missing': 'set_to_null',
        'spending_score_missing': 'set_to_null',
        'gender_respelled': 'repaired',
        'annual_income_reformatted': 'repaired',
        'text_padded': 'repaired',
        'gender_unknown': 'flagged',
    } -%}
    {% for finding, outcome in outcomes.items() -%}
        select
            'customers' as file,
            '{{ finding }}' as finding,
            '{{ outcome }}' as outcome,
            count(*) filter (where {{ finding }}) as file_rows
        from looked_at
        union all
    {% endfor -%}
    {% set flags_of_orders = {
        'returned': 'is_return',
        'free': 'revenue = 0',
        'cancellation': 'is_cancellation',
        'discount': "line_type = 'discount'",
        'shipping': "line_type = 'shipping'",
        'fee': "line_type = 'fee'",
    } -%}
    {% for finding, condition in flags_of_orders.items() -%}
        select
            'orders' as file,
            '{{ finding }}' as finding,
            'flagged' as outcome,
            count(*) filter (where {{ condition }}) as file_rows
        from orders_judged
        where outcome = 'kept'
        {{ 'union all' if not loop.last }}
    {% endfor -%}
),

final as (
    select * from row_counts
    union all
    select * from value_counts
    where file_rows > 0
)

select
    file,
    finding,
    outcome,
    file_rows as rows
from final
