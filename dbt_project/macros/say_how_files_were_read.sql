{# What dbt's log says of the files: how they were read, and the settings that say otherwise. #}
{% macro say_how_files_were_read() -%}
    {% if execute and flags.WHICH in ('run', 'build') -%}
        {% set rows = run_query(
            'select file, column_name, format, decided_by, values_deciding, values_otherwise, values_either_way from ' ~ this
            ~ " where column_name not like 'header%' order by file, column_name, format"
        ) -%}
        {% for file in ['customers', 'orders'] -%}
            {% set said = [] -%}
            {% for row in rows.rows if row[0] == file -%}
                {% set counted = ': ' ~ row[4] ~ ' values, ' ~ row[5] ~ ' otherwise' if row[4] or row[5] else '' -%}
                {% set counts = ' (' ~ row[3] ~ counted ~ ')' if row[3] else '' -%}
                {% do said.append(row[1] ~ ' ' ~ row[2] ~ counts) -%}
            {%- endfor -%}
            {% if said -%}
                {% do log('Read ' ~ file ~ ': ' ~ said | join('; '), info=true) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{# What a user can do about a reason of rejection; empty where nothing is to be set. #}
{% macro advice_for(reason) -%}
    {% set advice = {
        'ordered_at_ambiguous': 'Set SEGJOB_DATE_ORDER to dmy (day first) or mdy (month first).',
        'ordered_at_unreadable': 'SEGJOB_DATE_ORDER (dmy, mdy, ymd) says the order of day and month.',
        'unknown_customer': 'The customers file and the orders file name other customers: '
            ~ ('name files that belong together, or the orders alone.' if var('reads_without_dbt', false)
            else 'set SEGJOB_CUSTOMERS and SEGJOB_ORDERS to files that belong together, or SEGJOB_ORDERS alone.'),
        'totals_line': 'It is the sum of the lines above it.',
        'zero_byte': 'The line holds a zero byte: write the file anew from where it came.',
        'too_many_columns': 'SEGJOB_DELIMITER says what stands between columns; a text with the delimiter in it needs quotes.',
        'annual_income_out_of_range': 'Incomes are in thousands where the header does not say otherwise.',
    } -%}
    {% if reason.endswith('_ambiguous') and reason not in advice -%}
        {{ return('Set SEGJOB_DECIMAL_MARK to point or comma.') }}
    {%- endif -%}
    {{ return(advice.get(reason, '')) }}
{%- endmacro %}

{#
    The body of a data test: which share of a file's lines is rejected, in per cent. Above the variable rejected_warn_percent the log
    names the most common reason, three lines and what to do; above rejected_error_percent the test ends with that message.
#}
{% macro rejected_share(name) -%}
    {% if execute and flags.WHICH in ('build', 'test') -%}
        {% set judged = ref('int_' ~ name ~ '_judged') -%}
        {# Spreadsheets write a line of delimiters for each row that was ever touched. #}
        {% set counts = run_query(
            "select count(*) filter (where coalesce(reason, '') <> 'empty_line'), "
            ~ "count(*) filter (where outcome = 'rejected' and reason <> 'empty_line') from " ~ judged
        ).rows[0] -%}
        {% set percent = 100.0 * counts[1] / counts[0] if counts[0] else 0 -%}
        {% if percent > var('rejected_warn_percent') -%}
            {% set top = run_query(
                "select reason, count(*) as lines from " ~ judged ~ " where outcome = 'rejected' and reason <> 'empty_line' group by reason order by lines desc, reason limit 1"
            ).rows[0] -%}
            {% set examples = run_query(
                'select judged.file_row, base.raw_line from ' ~ judged ~ ' as judged inner join ' ~ ref('base_' ~ name)
                ~ " as base on judged.file_row = base.file_row where judged.outcome = 'rejected' and judged.reason = '" ~ top[0]
                ~ "' order by judged.file_row limit 3"
            ).rows -%}
            {% set lines = [] -%}
            {% for example in examples -%}
                {% do lines.append('line ' ~ example[0] ~ ': ' ~ (example[1] or '') | truncate(200)) -%}
            {%- endfor -%}
            {% set message = 'Of ' ~ counts[0] ~ ' lines of the ' ~ name ~ ' file ' ~ counts[1] ~ ' are rejected ('
                ~ '%.1f' % percent ~ ' %), most of them as ' ~ top[0] ~ ' (' ~ top[1] ~ '), such as '
                ~ lines | join('; ') ~ '.' -%}
            {% set advice = advice_for(top[0]) -%}
            {% set message = message ~ ' ' ~ advice if advice else message -%}
            {% set where = ' All of them are in rejected_' ~ name ~ '.' -%}
            {% if percent > var('rejected_error_percent') -%}
                {% do exceptions.raise_compiler_error(message ~ ('' if var('reads_without_dbt', false) else where)) -%}
            {%- endif -%}
            {% do exceptions.warn(message ~ where) -%}
        {%- endif -%}
    {%- endif -%}
    with judged as (
        select * from {{ ref('int_' ~ name ~ '_judged') }}
        where coalesce(reason, '') <> 'empty_line'
    )

    -- Rounded up, as dbt compares whole numbers.
    select cast(ceil(100.0 * count(*) filter (where outcome = 'rejected') / count(*)) as integer) as rejected_percent
    from judged
    having count(*) > 0
{%- endmacro %}
