-- Question: Why this many segments: what did each k look like, and which rules voted for it?
-- Grain: one row per k that was tried; with partition_by, per value of its column and k.
-- Parameters: the segmentation.
with params as (
    select 'income_spending' as segmentation
),

votes as (
    select
        run_id,
        k,
        coalesce(partition, '') as part,
        count(*) as votes,
        string_agg(rule, ', ' order by rule) as voted_by
    from segments.k_votes
    where k is not null
    group by run_id, k, coalesce(partition, '')
)

select
    w.k,
    w.is_chosen,
    coalesce(v.votes, 0) as votes,
    v.voted_by,
    w.inertia,
    -- The fall in inertia that one more segment brings.
    lag(w.inertia) over (partition by w.partition order by w.k) - w.inertia as inertia_saved,
    w.silhouette,
    w.davies_bouldin,
    w.calinski_harabasz,
    round(100 * w.explained_variance, 1) as explained_percent,
    -- How well the least stable segment is found again on random halves, 0 to 1.
    w.segment_stability,
    round(100 * w.smallest_share, 1) as smallest_percent,
    round(100 * w.largest_share, 1) as largest_percent,
    w.partition
from segments.current_sweep as w
inner join params on w.segmentation = params.segmentation
left join votes as v on w.run_id = v.run_id and w.k = v.k and coalesce(w.partition, '') = v.part
order by w.partition, w.k;
