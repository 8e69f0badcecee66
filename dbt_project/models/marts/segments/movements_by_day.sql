{% set segmentations = ['income_spending', 'value', 'people'] -%}
with movements as (
    {% for segmentation in segmentations -%}
        select
            '{{ segmentation }}' as segmentation,
            moved.*
        from (
            {{ segjob_relation(source('segjob', segmentation ~ '_movements'), {
                'run_id': 'bigint',
                'change': 'string',
                'from_segment_id': 'integer',
                'to_segment_id': 'integer',
            }) }}
        ) as moved
        {{ 'union all' if not loop.last }}
    {% endfor -%}
),

runs as (
    {{ segjob_relation(source('segjob', 'runs'), {
        'run_id': 'bigint',
        'published_at': 'timestamp',
        'status': 'string',
    }) }}
),

final as (
    select
        movements.segmentation,
        cast(runs.published_at as date) as published_on,
        movements.change,
        movements.from_segment_id,
        movements.to_segment_id,
        count(*) as customers
    from movements
    inner join runs on movements.run_id = runs.run_id
    where runs.status = 'published'
    group by
        movements.segmentation,
        cast(runs.published_at as date),
        movements.change,
        movements.from_segment_id,
        movements.to_segment_id
)

select * from final
