-- Question: Which customers have no segment, and why?
-- Grain: one row per customer without a segment and feature that is to blame.
-- Parameters: the segmentation, and its numeric features in `long` (a categorical one excludes nobody).
with params as (
    select 'income_spending' as segmentation
),

long as (
    -- every numeric feature:
    select
        customer_id,
        'annual_income' as source_column,
        annual_income as value
    from customer_features
    union all
    select
        customer_id,
        'spending_score' as source_column,
        spending_score as value
    from customer_features
    -- every numeric feature.
)

select
    l.customer_id,
    l.source_column,
    l.value,
    case
        when l.value is null then 'no value, and none is imputed'
        when l.value < t.lower_bound then 'below ' || t.lower_bound
        else 'above ' || t.upper_bound
    end as reason
from long as l
inner join segments.income_spending_scores as s on l.customer_id = s.customer_id
cross join params as p
inner join segments.current_runs as r on p.segmentation = r.segmentation
inner join segments.transforms as t on r.run_id = t.run_id and l.source_column = t.source_column
where
    s.segment_id is null
    and (
        (l.value is null and t.impute_value is null)
        or (t.outside = 'exclude' and (l.value < t.lower_bound or l.value > t.upper_bound))
    )
order by l.customer_id, l.source_column;
