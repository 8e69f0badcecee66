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
        'as_of': 'timestamp',
    }) }}
),

ranked as (
    select
        run_id,
        row_number() over (
            partition by segmentation
            order by coalesce(as_of, published_at) desc, run_id desc
        ) as newest
    from runs
    where status = 'published'
),

final as (
    select
        runs.segmentation,
        runs.run_id,
        runs.published_at,
        coalesce(runs.as_of, runs.published_at) as as_of,
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
    inner join ranked on runs.run_id = ranked.run_id
    where ranked.newest = 1
)

select * from final
