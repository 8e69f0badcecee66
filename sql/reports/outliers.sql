-- Question: Who is unlike everyone, also unlike the others of their own segment?
-- Grain: one row per outlier, the oddest first.
-- Parameters: none. A segment's limit is its outlier_distance.
select
    v.customer_id,
    v.segment_id,
    v.segment_name,
    v.distance,
    s.outlier_distance as limit_of_segment,
    v.distance / nullif(s.outlier_distance, 0) as times_the_limit,
    -- every feature:
    f.annual_income,
    f.spending_score
    -- every feature.
from segments.income_spending as v
inner join segments.segments as s on v.run_id = s.run_id and v.segment_id = s.segment_id
inner join customer_features as f on v.customer_id = f.customer_id
where v.is_outlier
order by times_the_limit desc, v.customer_id asc;
