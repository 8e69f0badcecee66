-- The file is counted again: its lines are the order lines kept and those rejected or merged.
with file as (
    {{ raw_rows('orders', source('raw', 'orders')) }}
),

lines as (
    select
        (select count(*) from file) as in_file,
        (select count(*) from {{ ref('int_order_lines') }}) as kept,
        (select count(*) from {{ ref('rejected_orders') }}) as lost
)

select * from lines
where in_file <> kept + lost
