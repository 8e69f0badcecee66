-- Question: Who are the customers of each segment, by gender and age?
-- Grain: one row per segment, gender and age band that has customers.
-- Parameters: where the middle age band starts and ends.
-- Needs: customer_features (gender, age)
with params as (
    select
        30 as middle_from,
        50 as middle_to
),

customers as (
    select
        v.segment_id,
        v.segment_name,
        coalesce(f.gender, '(missing)') as gender,
        case
            when f.age is null then '(missing)'
            when f.age < p.middle_from then 'under ' || p.middle_from
            when f.age < p.middle_to then p.middle_from || ' to ' || (p.middle_to - 1)
            else p.middle_to || ' and over'
        end as age_band,
        f.age
    from segments.income_spending as v
    inner join customer_features as f on v.customer_id = f.customer_id
    cross join params as p
)

select
    segment_id,
    segment_name,
    gender,
    age_band,
    count(*) as customers,
    round(100.0 * count(*) / sum(count(*)) over (partition by segment_id), 1) as percent_of_segment
from customers
group by segment_id, segment_name, gender, age_band
order by segment_id, gender, min(age) nulls last;
