{#
    The rows behind a raw source, however its columns are spelled.

    DuckDB reads a CSV or Parquet file: SEGJOB_CUSTOMERS and SEGJOB_ORDERS name it, and with neither both are the made data.
    With one of them alone the other is never the made data, whose ids mean somebody else: without an orders file there are
    no orders, and without a customers file the customers are those who ordered.

    Other engines read a table: the variables raw_schema, raw_customers and raw_orders name it. An empty name says that there
    is none, and means the same as one file alone.
#}

{# For each column of a raw source: the spellings accepted, in small letters and digits only. #}
{% macro accepted_spellings(name) -%}
    {% if name == 'customers' -%}
        {{ return({
            'customer_id': ['customerid', 'customer', 'custid', 'clientid', 'id'],
            'gender': ['gender', 'genre', 'sex'],
            'age': ['age'],
            'annual_income': ['annualincome', 'annualincomek', 'income', 'incomek'],
            'spending_score': ['spendingscore', 'spendingscore1100', 'score'],
        }) }}
    {%- else -%}
        {{ return({
            'customer_id': ['customerid', 'customer', 'custid', 'clientid'],
            'order_id': ['orderid', 'invoice', 'invoiceno', 'invoiceid'],
            'product_id': ['productid', 'stockcode', 'sku', 'itemid'],
            'ordered_at': ['orderedat', 'orderdate', 'ordertime', 'timestamp', 'date', 'invoicedate'],
            'quantity': ['quantity', 'qty'],
            'unit_price': ['unitprice', 'price'],
            'revenue': ['revenue', 'amount', 'total'],
        }) }}
    {%- endif %}
{%- endmacro %}

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

{# What stands after `from`. #}
{% macro raw_reader(place) -%}
    {{ return(adapter.dispatch('raw_reader')(place)) }}
{%- endmacro %}

{# Everything is text in CSV. A line that is too short is filled with nulls. #}
{% macro duckdb__raw_reader(place) -%}
    {% set literal = "'" ~ place.replace("'", "''") ~ "'" -%}
    {% if place.lower().endswith(('.parquet', '.parq', '.pq')) -%}
        {{ return('read_parquet(' ~ literal ~ ')') }}
    {%- endif -%}
    {{ return('read_csv(' ~ literal ~ ', header = true, all_varchar = true, null_padding = true, parallel = false)') }}
{%- endmacro %}

{% macro default__raw_reader(place) -%}
    {{ return(place) }}
{%- endmacro %}

{# The names of the columns there, or an error that says that there is nothing. #}
{% macro raw_columns(name, place) -%}
    {{ return(adapter.dispatch('raw_columns')(name, place)) }}
{%- endmacro %}

{% macro duckdb__raw_columns(name, place) -%}
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
    {{ return(run_query('describe select * from ' ~ raw_reader(place)).columns[0].values()) }}
{%- endmacro %}

{% macro default__raw_columns(name, place) -%}
    {% if not is_there(place) -%}
        {% do exceptions.raise_compiler_error(
            'There is no table ' ~ place ~ ', from which the raw ' ~ name ~ ' are read. Load it, name another one with the '
            ~ 'variables raw_schema and raw_' ~ name ~ ', or say that there are no ' ~ name ~ ' with an empty raw_' ~ name
            ~ ': --vars \'{raw_' ~ name ~ ': ""}\'.'
        ) -%}
    {%- endif -%}
    {{ return(adapter.get_columns_in_relation(place) | map(attribute='name') | list) }}
{%- endmacro %}

{# Column of the project -> column of the file or table. #}
{% macro matched_columns(name, place) -%}
    {% set columns = raw_columns(name, place) -%}
    {% set matched = {} -%}
    {% for wanted, spellings in accepted_spellings(name).items() -%}
        {% for spelling in spellings -%}
            {% for column in columns -%}
                {% if modules.re.sub('[^a-z0-9]', '', column.lower()) == spelling and wanted not in matched -%}
                    {% do matched.update({wanted: column}) -%}
                {%- endif %}
            {%- endfor %}
        {%- endfor %}
    {%- endfor -%}
    {{ return({'matched': matched, 'columns': columns}) }}
{%- endmacro %}

{# The same, or an error where a column is missing that cannot be done without. #}
{% macro found_columns(name) -%}
    {% set place = raw_place(name) -%}
    {% set found = matched_columns(name, place) -%}
    {% set matched, spellings = found['matched'], accepted_spellings(name) -%}
    {% set needed = spellings.keys() | list if name == 'customers' else ['customer_id', 'ordered_at'] -%}
    {% set problems = [] -%}
    {% for wanted in needed if wanted not in matched -%}
        {% do problems.append(wanted ~ ' (accepted: ' ~ spellings[wanted] | join(', ') ~ ')') -%}
    {%- endfor -%}
    {% if name == 'orders' and 'unit_price' not in matched and 'revenue' not in matched -%}
        {% do problems.append(
            'unit_price or revenue (accepted: ' ~ (spellings['unit_price'] + spellings['revenue']) | join(', ') ~ ')'
        ) -%}
    {%- endif -%}
    {% if problems -%}
        {% do exceptions.raise_compiler_error(
            place ~ ' has no column for ' ~ problems | join('; ') ~ '. Its columns are: ' ~ found['columns'] | join(', ')
            ~ '. Case, blanks, underscores and brackets in a header do not matter. Rename the header, or '
            ~ ('set SEGJOB_' ~ name.upper() ~ ' to another file.' if target.type == 'duckdb'
               else 'read another table or a view: variable raw_' ~ name ~ '.')
        ) -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}

{#
    The number of a row: 1, 2, ... as they stand in the file. A table has no order: a column of it says the number, or the
    rows are numbered in the order of what is in them.
#}
{% macro row_number_of(found) -%}
    {{ return(adapter.dispatch('row_number_of')(found)) }}
{%- endmacro %}

{% macro duckdb__row_number_of(found) -%}
    row_number() over ()
{%- endmacro %}

{% macro default__row_number_of(found) -%}
    {% set spellings, given, content = ['filerow', 'rownumber', 'linenumber', 'row', 'line'], [], [] -%}
    {% for column in found['columns'] if modules.re.sub('[^a-z0-9]', '', column.lower()) in spellings -%}
        {% do given.append(adapter.quote(column)) -%}
    {%- endfor -%}
    {% for column in found['matched'].values() -%}
        {% do content.append(adapter.quote(column)) -%}
    {%- endfor -%}
    {{ 'cast(' ~ given[0] ~ ' as bigint)' if given else 'row_number() over (order by ' ~ content | join(', ') ~ ')' }}
{%- endmacro %}

{# The raw rows as a select: file_row and the project's columns as text, null where there is no such column. #}
{% macro raw_rows(name, source_relation) -%}
    {% set columns = accepted_spellings(name).keys() -%}
    {% if not execute -%}
        select *
        from {{ source_relation }}
    {%- elif raw_place(name) -%}
        {% set found = found_columns(name) -%}
        select
            {{ row_number_of(found) }} as file_row,
            {% for column in columns -%}
                {{ as_text(adapter.quote(found['matched'][column]) if column in found['matched'] else 'null') }} as {{ column }}{{ ',' if not loop.last }}
            {% endfor -%}
        from {{ raw_reader(raw_place(name)) }}
    {%- elif name == 'orders' -%}
        select
            cast(null as bigint) as file_row,
            {% for column in columns -%}
                {{ as_text('null') }} as {{ column }}{{ ',' if not loop.last }}
            {% endfor -%}
        where false
    {%- else -%}
        {% set customer_id = adapter.quote(found_columns('orders')['matched']['customer_id']) -%}
        select
            row_number() over (order by customer_id) as file_row,
            *
        from (
            select distinct
                {{ clean_id('texts.customer_id') }} as customer_id,
                {% for column in columns if column != 'customer_id' -%}
                    {{ as_text('null') }} as {{ column }}{{ ',' if not loop.last }}
                {% endfor -%}
            from (
                select {{ clean_text('written.customer_id') }} as customer_id
                from (
                    select distinct {{ as_text(customer_id) }} as customer_id
                    from {{ raw_reader(raw_place('orders')) }}
                ) as written
            ) as texts
        ) as buyers
        where customer_id is not null
    {%- endif %}
{%- endmacro %}
