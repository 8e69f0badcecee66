-- depends_on: {{ ref('base_orders') }}
-- The file is copied, so that the warehouse can be read and rejected rows looked up when the file has moved away.
{{ config(materialized='table') }}

with file as (
    {{ raw_rows('customers', source('raw', 'customers')) }}
)

select * from file
