-- depends_on: {{ ref('base_orders') }}
-- The file is counted again, by other means than it is read with: its lines are the customers kept and those rejected
-- or merged. A record in quotes may take several lines of the file.
with file as (
    {{ counted_lines('customers', source('raw', 'customers')) }}
),

lines as (
    select
        (select max(in_file) from file) as in_file,
        (select coalesce(sum(physical_lines), 0) from {{ ref('base_customers') }}) as lines_read,
        (select count(*) from {{ ref('base_customers') }}) as records_read,
        (select count(*) from {{ ref('customer_features') }}) as kept,
        (select count(*) from {{ ref('rejected_customers') }}) as lost
)

select * from lines
where in_file <> lines_read or records_read <> kept + lost
