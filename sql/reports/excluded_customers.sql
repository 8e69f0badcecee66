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
),

-- With partition_by, the limits of all values of its column are the same. Rows of a value without a model have none of
-- these reasons; table exclusions names them.
limits as (
    select
        run_id,
        source_column,
        outside,
        min(lower_bound) as lower_bound,
        max(upper_bound) as upper_bound,
        min(impute_value) as impute_value
    from segments.transforms
    group by run_id, source_column, outside
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
inner join limits as t on r.run_id = t.run_id and l.source_column = t.source_column
where
    s.segment_id is null
    and (
        (l.value is null and t.impute_value is null)
        or (t.outside = 'exclude' and (l.value < t.lower_bound or l.value > t.upper_bound))
    )
order by l.customer_id, l.source_column;
