-- The file is copied, so that the warehouse can be read and rejected rows looked up when the file has moved away.
{{ config(materialized='table') }}

with file as (
    {{ raw_rows('orders', source('raw', 'orders')) }}
)

select * from file
