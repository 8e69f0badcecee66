-- The file is counted again: its lines are the customers kept and those rejected or merged.
with file as (
    {{ raw_rows('customers', source('raw', 'customers')) }}
),

lines as (
    select
        (select count(*) from file) as in_file,
        (select count(*) from {{ ref('customer_features') }}) as kept,
        (select count(*) from {{ ref('rejected_customers') }}) as lost
)

select * from lines
where in_file <> kept + lost
