with profiles as (
    {{ segjob_relation(source('segjob', 'profiles'), {
        'run_id': 'bigint',
        'segment_id': 'integer',
        'feature': 'string',
        'rows': 'bigint',
        'mean': 'double',
        'is_feature': 'boolean',
        'total_share': 'double',
    }) }}
),

segments as (
    {{ segjob_relation(source('segjob', 'segments'), {
        'run_id': 'bigint',
        'segment_id': 'integer',
        'name': 'string',
        'rows': 'bigint',
        'share': 'double',
    }) }}
),

current_runs as (
    select
        segmentation,
        run_id
    from {{ ref('segmentations') }}
),

final as (
    select
        current_runs.segmentation,
        segments.segment_id,
        segments.name as segment_name,
        profiles.feature as measure,
        segments.rows as customers,
        segments.share as share_of_customers,
        profiles.total_share as share_of_measure,
        profiles.mean,
        segments.rows - profiles.rows as customers_without_value
    from current_runs
    inner join segments on current_runs.run_id = segments.run_id
    inner join profiles
        on segments.run_id = profiles.run_id and segments.segment_id = profiles.segment_id
    where profiles.total_share is not null or not profiles.is_feature
)

select * from final
