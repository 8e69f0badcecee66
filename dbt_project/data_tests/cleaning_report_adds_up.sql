-- By file, the lines read are the lines kept, rejected and merged.
with report as (
    select * from {{ ref('cleaning_report') }}
),

by_file as (
    select
        file,
        sum(rows) filter (where outcome = 'read') as lines_read,
        sum(rows) filter (where outcome in ('kept', 'rejected', 'merged')) as lines_judged
    from report
    group by file
)

select * from by_file
where lines_read is distinct from lines_judged
