-- Question: Which segments do the customers fall into who came, or became complete, after the last run?
-- Grain: one row per customer whom the published model can place and the run did not know.
-- Parameters: none.
select
    s.customer_id,
    s.segment_id,
    s.segment_name,
    s.distance,
    s.is_outlier,
    -- every feature:
    f.annual_income,
    f.spending_score
    -- every feature.
from segments.income_spending_scores as s
inner join customer_features as f on s.customer_id = f.customer_id
where
    s.segment_id is not null
    and not exists (
        select 1
        from segments.income_spending as v
        where v.customer_id = s.customer_id
    )
order by s.segment_id, s.customer_id;
