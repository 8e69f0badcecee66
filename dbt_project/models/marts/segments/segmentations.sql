with runs as (
    {{ segjob_relation(source('segjob', 'runs'), {
        'run_id': 'bigint',
        'segmentation': 'string',
        'status': 'string',
        'published_at': 'timestamp',
        'rows_segmented': 'bigint',
        'k': 'integer',
        'k_reason': 'string',
        'structure': 'string',
    }) }}
),

latest as (
    select
        segmentation,
        max(run_id) as run_id
    from runs
    where status = 'published'
    group by segmentation
),

final as (
    select
        runs.segmentation,
        runs.run_id,
        runs.published_at,
        runs.rows_segmented,
        runs.k as segments,
        runs.structure,
        case
            when runs.structure = 'natural' then 'natural segments: the groups are there'
            when runs.structure = 'reproducible' and runs.k_reason like '%a division of the rows%'
                then
                    'a division of the rows: the borders are a convention, but other customers would give the same'
            when runs.structure = 'reproducible'
                then
                    'a division of a continuum: the borders are a convention, but other customers would give the same'
            when runs.structure = 'constructive'
                then 'constructive: neither groups nor a division that other customers would give too'
        end as headline,
        runs.k_reason as reason
    from runs
    inner join latest on runs.run_id = latest.run_id
)

select * from final
