{#
    The rows behind a raw source, however its columns are spelled.

    DuckDB reads a CSV or Parquet file: SEGJOB_CUSTOMERS and SEGJOB_ORDERS name it, and with neither both are the made data.
    With one of them alone the other is never the made data, whose ids mean somebody else: without an orders file there are
    no orders, and without a customers file the customers are those who ordered.

    Other engines read a table: the variables raw_schema, raw_customers and raw_orders name it. An empty name says that there
    is none, and means the same as one file alone.
#}

{# What a raw source is read from: a path or a relation; empty where there is none. #}
{% macro raw_place(name) -%}
    {{ return(adapter.dispatch('raw_place')(name)) }}
{%- endmacro %}

{# A relative path counts from where dbt is started. #}
{% macro duckdb__raw_place(name) -%}
    {% set given = {
        'customers': env_var('SEGJOB_CUSTOMERS', '') | trim,
        'orders': env_var('SEGJOB_ORDERS', '') | trim,
    } -%}
    {% if given['customers'] or given['orders'] -%}
        {{ return(given[name]) }}
    {%- endif -%}
    {{ return(target.external_root ~ '/' ~ name ~ '.csv') }}
{%- endmacro %}

{% macro default__raw_place(name) -%}
    {{ return(source('raw', name) if var('raw_' ~ name) else '') }}
{%- endmacro %}

{#
    What is known of a raw source before its rows are read: `place`, `headers`, `matched` (column of the project -> position of its
    header, from 0), and for a CSV file all of csv_plan. Ends the run where there is nothing, or a column is missing.
#}
{% macro raw_plan(name) -%}
    {# A file is looked at once in a run of dbt: `graph` is what its models and tests have in common. #}
    {% set plans = graph.setdefault('segjob_raw_plans', {}) -%}
    {% set key = invocation_id ~ ' ' ~ name -%}
    {% if key in plans -%}
        {{ return(plans[key]) }}
    {%- endif -%}
    {% set place = raw_place(name) -%}
    {% set plan = adapter.dispatch('raw_plan')(name, place) -%}
    {% do plan.update({'matched': matched_headers(name, plan['headers'])}) -%}
    {% do check_headers(name, place, plan['headers'], plan['matched']) -%}
    {% do plans.update({key: plan}) -%}
    {{ return(plan) }}
{%- endmacro %}

{% macro duckdb__raw_plan(name, place) -%}
    {% if '://' not in place -%}
        {% set found = run_query("select count(*) from glob('" ~ place.replace("'", "''") ~ "')") -%}
        {% if found.columns[0].values()[0] == 0 -%}
            {% do exceptions.raise_compiler_error(
                'There is no file ' ~ place ~ ', from which the raw ' ~ name ~ ' are read. '
                ~ 'Set SEGJOB_' ~ name.upper() ~ ' to a CSV or Parquet file (a relative path counts from the directory that '
                ~ 'dbt is started in), or unset it to use the made data.'
            ) -%}
        {%- endif %}
    {%- endif -%}
    {% if is_parquet(place) -%}
        {% set described = run_query('describe select * from read_parquet(' ~ quoted(place) ~ ')').columns -%}
        {{ return({
            'place': place, 'headers': described[0].values() | list, 'types': described[1].values() | list,
            'encoding': '', 'skipped': 0,
        }) }}
    {%- endif -%}
    {{ return(csv_plan(name, place)) }}
{%- endmacro %}

{% macro default__raw_plan(name, place) -%}
    {% if not is_there(place) -%}
        {% do exceptions.raise_compiler_error(
            'There is no table ' ~ place ~ ', from which the raw ' ~ name ~ ' are read. Load it, name another one with the '
            ~ 'variables raw_schema and raw_' ~ name ~ ', or say that there are no ' ~ name ~ ' with an empty raw_' ~ name
            ~ ': --vars \'{raw_' ~ name ~ ': ""}\'.'
        ) -%}
    {%- endif -%}
    {% set columns = adapter.get_columns_in_relation(place) -%}
    {{ return({
        'place': place, 'headers': columns | map(attribute='name') | list, 'types': columns | map(attribute='dtype') | list,
        'encoding': '', 'skipped': 0,
    }) }}
{%- endmacro %}

{#
    A value of a table or a Parquet file as text. A number of such a column has a decimal point, whatever its digits: 1.234 is
    written 1.2340, so that it is not taken for a thousand.
#}
{% macro typed_text(plan, position) -%}
    {% set text = as_text(adapter.quote(plan['headers'][position])) -%}
    {% set type = plan['types'][position].lower().split('(')[0] -%}
    {% if type in ['double', 'float', 'real', 'decimal', 'numeric', 'double precision', 'float4', 'float8'] -%}
        case when {{ matches(text, '-?[0-9]+[.][0-9]{3}') }} then {{ text }} || '0' else {{ text }} end
    {%- else -%}
        {{ text }}
    {%- endif %}
{%- endmacro %}

{# The columns of a table that number its rows, as loaders write them. #}
{% macro row_number_columns(headers) -%}
    {% set spellings, found = ['filerow', 'rownumber', 'linenumber', 'row', 'line'], [] -%}
    {% for header in headers if plain_header(header) in spellings -%}
        {% do found.append(header) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#
    The raw rows as a select: file_row (1, 2, ... as they stand in the file), the project's columns as text (null where there is no such
    column), raw_line (the whole line, also what no column of the project is), physical_lines and line_problem (why the line
    itself cannot be read, else null).
#}
{% macro raw_rows(name, source_relation) -%}
    {% set columns = accepted_spellings(name).keys() -%}
    {% if not execute -%}
        select *
        from {{ source_relation }}
    {%- elif raw_place(name) -%}
        {{ adapter.dispatch('placed_rows')(raw_plan(name), columns) }}
    {%- elif name == 'orders' -%}
        select
            cast(null as bigint) as file_row,
            {% for column in columns -%}
                {{ as_text('null') }} as {{ column }},
            {% endfor -%}
            {{ as_text('null') }} as raw_line,
            cast(null as bigint) as physical_lines,
            {{ as_text('null') }} as line_problem
        where false
    {%- else -%}
        select
            row_number() over (order by customer_id) as file_row,
            *
        from (
            select distinct
                {{ clean_id('texts.customer_id') }} as customer_id,
                {% for column in columns if column != 'customer_id' -%}
                    {{ as_text('null') }} as {{ column }},
                {% endfor -%}
                {{ as_text('null') }} as raw_line,
                cast(1 as bigint) as physical_lines,
                {{ as_text('null') }} as line_problem
            from (
                select {{ clean_text('written.customer_id') }} as customer_id
                from (
                    select distinct customer_id
                    from {{ ref('base_orders') }}
                    where line_problem is null
                ) as written
            ) as texts
        ) as buyers
        where customer_id is not null
    {%- endif %}
{%- endmacro %}

{% macro duckdb__placed_rows(plan, columns) -%}
    {% if is_parquet(plan['place']) -%}
        {{ default__placed_rows(plan, columns, 'row_number() over ()', 'read_parquet(' ~ quoted(plan['place']) ~ ')') }}
    {%- else -%}
        {% set width = plan['headers'] | length -%}
        {% set total = totals_line(plan, csv_field(plan, plan['matched'].get('customer_id', 0)), csv_field(plan, plan['matched'].get('ordered_at', 0))) -%}
        select
            file_row,
            {% for column in columns -%}
                {{ as_text(csv_field(plan, plan['matched'][column]) if column in plan['matched'] else 'null') }} as {{ column }},
            {% endfor -%}
            raw_line,
            physical_lines,
            -- An empty field behind the last column is only a delimiter too much.
            case
                when line_problem is not null then line_problem
                when raw_line = {{ quoted(plan['header_line']) }} then 'repeated_header'
                when fields[1] in ('', {{ quoted(plan['quote'] * 2) }})
                    and translate(raw_line, {{ quoted(plan['delimiter'] ~ plan['quote'] ~ ' ') }}, '') = '' then 'empty_line'
                {% if plan['has_zero_bytes'] -%}
                    when contains(raw_line, chr(0)) then 'zero_byte'
                {% endif -%}
                {% if total -%}
                    when {{ total }} then 'totals_line'
                {% endif -%}
                when len(fields) > {{ width }} and trim(array_to_string(fields[{{ width + 1 }}:], '')) <> '' then 'too_many_columns'
            end as line_problem
        from (
            {{ csv_records(plan) }}
        ) as records
    {%- endif %}
{%- endmacro %}

{# What stands in the place of a customer in a line that is the sum of those above it. #}
{% macro total_words() -%}
    {{ return("('total', 'totals', 'grand total', 'subtotal', 'sum', 'summe', 'gesamt', 'gesamtsumme', 'zwischensumme', 'insgesamt', "
        ~ "'total général', 'totale', 'totaal', 'suma')") }}
{%- endmacro %}

{# Whether a line is such a sum: nothing else has one of these words for a customer and no date. #}
{% macro totals_line(plan, customer, date) -%}
    {% if 'customer_id' in plan['matched'] -%}
        {{ return('lower(trim(' ~ customer ~ ')) in ' ~ total_words() ~ (" and coalesce(trim(" ~ date ~ "), '') = ''" if 'ordered_at' in plan['matched'] else '')) }}
    {%- endif -%}
    {{ return('') }}
{%- endmacro %}

{#
    A table has no order: a column of it says the number of a row, or the rows are numbered in the order of what is in them.
    Columns that number the rows are no part of what a line says.
#}
{% macro default__placed_rows(plan, columns, file_row=none, relation=none) -%}
    {% set numbers, content, texts, named = row_number_columns(plan['headers']), [], [], {} -%}
    {% for header in plan['headers'] if header not in numbers -%}
        {% do texts.append('coalesce(' ~ as_text(adapter.quote(header)) ~ ", '')") -%}
    {%- endfor -%}
    {% for column, position in plan['matched'].items() -%}
        {% do content.append(adapter.quote(plan['headers'][position])) -%}
        {% do named.update({column: as_text(content[-1])}) -%}
    {%- endfor -%}
    select
        {% if file_row -%}
            {{ file_row }} as file_row,
        {% elif numbers -%}
            cast({{ adapter.quote(numbers[0]) }} as bigint) as file_row,
        {% else -%}
            row_number() over (order by {{ content | join(', ') }}) as file_row,
        {% endif -%}
        {% for column in columns -%}
            {{ typed_text(plan, plan['matched'][column]) if column in plan['matched'] else as_text('null') }} as {{ column }},
        {% endfor -%}
        concat_ws(' | ', {{ texts | join(', ') }}) as raw_line,
        cast(1 as bigint) as physical_lines,
        {% set total = totals_line(plan, named.get('customer_id'), named.get('ordered_at')) -%}
        {{ as_text("case when " ~ total ~ " then 'totals_line' end" if total else 'null') }} as line_problem
    from {{ relation or plan['place'] }}
{%- endmacro %}

{#
    The number of lines below the header, counted without the reader: in a CSV file by its bytes, in a Parquet file by what it says
    of itself, in a table by its rows. A line of blanks alone is no line.
#}
{% macro counted_lines(name, source_relation) -%}
    {% if not execute or (name == 'customers' and not raw_place(name)) -%}
        select count(*) as in_file
        from (
            {{ raw_rows(name, source_relation) }}
        ) as derived
    {%- elif not raw_place(name) -%}
        select 0 as in_file
    {%- else -%}
        {{ adapter.dispatch('counted_lines')(raw_plan(name)) }}
    {%- endif %}
{%- endmacro %}

{% macro default__counted_lines(plan) -%}
    select count(*) as in_file
    from {{ plan['place'] }}
{%- endmacro %}

{% macro duckdb__counted_lines(plan) -%}
    {% set place = plan['place'] -%}
    {% if is_parquet(place) -%}
        select sum(num_rows) as in_file
        from parquet_file_metadata({{ quoted(place) }})
    {%- elif has_plain_bytes(place) -%}
        {% set nul = '\\\\x00' if plan['encoding'] == 'utf-16' else '' -%}
        select len(
            list_filter(
                string_split_regex(content::varchar, '\\x0[AD]{{ nul }}'),
                lambda line: regexp_matches(replace(line, '\x00', ''), '[^ ]')
            )
        ) - {{ plan['skipped'] + plan['header_height'] }} as in_file
        from read_blob({{ quoted(place) }})
    {%- else -%}
        {% set header_lines = plan['files'] if plan['files'] > 1 else plan['skipped'] + plan['header_height'] -%}
        select count(*) filter (where trim(line, ' ') <> '') - {{ header_lines }} as in_file
        from {{ physical_lines(place, plan['encoding']) }}
    {%- endif %}
{%- endmacro %}
