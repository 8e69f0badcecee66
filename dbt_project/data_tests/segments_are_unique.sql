-- One row per segmentation and customer.
with customer_segments as (
    select * from {{ ref('customer_segments') }}
)

select
    segmentation,
    customer_id
from customer_segments
group by segmentation, customer_id
having count(*) > 1
