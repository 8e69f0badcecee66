-- Question: Do the shoppers of one income and spending segment also buy alike: how do two segmentations cross?
-- Grain: one row per pair of an income_spending and a value segment that share customers.
-- Parameters: none. `times_expected` above 1: more customers than if the two had nothing to do with each other.
with pairs as (
    select
        i.segment_id as shopper_segment_id,
        i.segment_name as shopper_segment,
        v.segment_id as value_segment_id,
        v.segment_name as value_segment,
        count(*) as customers
    from segments.income_spending as i
    inner join segments.value as v on i.customer_id = v.customer_id
    group by i.segment_id, i.segment_name, v.segment_id, v.segment_name
)

select
    shopper_segment_id,
    shopper_segment,
    value_segment_id,
    value_segment,
    customers,
    round(100.0 * customers / sum(customers) over (partition by shopper_segment_id), 1) as percent_of_shoppers,
    1.0 * customers * sum(customers) over () / (
        sum(customers) over (partition by shopper_segment_id)
        * sum(customers) over (partition by value_segment_id)
    ) as times_expected
from pairs
order by shopper_segment_id, value_segment_id;
