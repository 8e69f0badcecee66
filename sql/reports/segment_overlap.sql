-- Question: Which segment of another segmentation is most like each segment: how far do the two overlap?
-- Grain: one row per segment of the first segmentation, with its most similar segment of the second.
-- Parameters: none. `jaccard` is customers in both over customers in either, 1 for the same segment.
with pairs as (
    select
        i.segment_id,
        i.segment_name,
        v.segment_id as other_segment_id,
        v.segment_name as other_segment_name,
        count(*) as customers_in_both
    from segments.income_spending as i
    inner join segments.value as v on i.customer_id = v.customer_id
    group by i.segment_id, i.segment_name, v.segment_id, v.segment_name
),

sizes as (
    select
        segment_id,
        count(*) as customers
    from segments.income_spending
    group by segment_id
),

other_sizes as (
    select
        segment_id,
        count(*) as customers
    from segments.value
    group by segment_id
),

compared as (
    select
        pairs.segment_id,
        pairs.segment_name,
        sizes.customers,
        pairs.other_segment_id,
        pairs.other_segment_name,
        other_sizes.customers as other_customers,
        pairs.customers_in_both,
        1.0 * pairs.customers_in_both
        / (sizes.customers + other_sizes.customers - pairs.customers_in_both) as jaccard
    from pairs
    inner join sizes on pairs.segment_id = sizes.segment_id
    inner join other_sizes on pairs.other_segment_id = other_sizes.segment_id
),

ranked as (
    select
        c.*,
        row_number() over (partition by c.segment_id order by c.jaccard desc, c.other_segment_id asc) as place
    from compared as c
)

select
    segment_id,
    segment_name,
    customers,
    other_segment_id,
    other_segment_name,
    other_customers,
    customers_in_both,
    jaccard
from ranked
where place = 1
order by segment_id;
