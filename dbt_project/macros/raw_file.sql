{#
    The file behind a raw source, whatever it is called and however its columns are spelled.

    SEGJOB_CUSTOMERS and SEGJOB_ORDERS name a CSV or Parquet file. With neither, both are the made data. With one of
    them alone the other is never the made data, whose ids mean somebody else: without an orders file there are no
    orders, and without a customers file the customers are those who ordered.
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

{# The path of the file behind a raw source; empty where there is none. A relative path counts from where dbt is started. #}
{% macro raw_path(name) -%}
    {% set given = {
        'customers': env_var('SEGJOB_CUSTOMERS', '') | trim,
        'orders': env_var('SEGJOB_ORDERS', '') | trim,
    } -%}
    {% if given['customers'] or given['orders'] -%}
        {{ return(given[name]) }}
    {%- endif -%}
    {{ return(target.external_root ~ '/' ~ name ~ '.csv') }}
{%- endmacro %}

{# A select from the file, everything as text in CSV. A line that is too short is filled with nulls. #}
{% macro file_reader(path) -%}
    {% set literal = "'" ~ path.replace("'", "''") ~ "'" -%}
    {% if path.lower().endswith(('.parquet', '.parq', '.pq')) -%}
        {{ return('read_parquet(' ~ literal ~ ')') }}
    {%- endif -%}
    {{ return('read_csv(' ~ literal ~ ', header = true, all_varchar = true, null_padding = true, parallel = false)') }}
{%- endmacro %}

{# Column of the project -> column of the file, or an error that says what is there and what is accepted. #}
{% macro matched_columns(name, path) -%}
    {% set variable = 'SEGJOB_' ~ name.upper() -%}
    {% if '://' not in path -%}
        {% set found = run_query("select count(*) from glob('" ~ path.replace("'", "''") ~ "')") -%}
        {% if found.columns[0].values()[0] == 0 -%}
            {% do exceptions.raise_compiler_error(
                'There is no file ' ~ path ~ ', from which the raw ' ~ name ~ ' are read. '
                ~ 'Set ' ~ variable ~ ' to a CSV or Parquet file (a relative path counts from the directory that dbt is '
                ~ 'started in), or unset it to use the made data.'
            ) -%}
        {%- endif %}
    {%- endif -%}
    {% set columns = run_query('describe select * from ' ~ file_reader(path)).columns[0].values() -%}
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

{# Raise where a column that cannot be done without is not in the file. #}
{% macro require_columns(name, path, found) -%}
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
            path ~ ' has no column for ' ~ problems | join('; ') ~ '. Its columns are: ' ~ found['columns'] | join(', ')
            ~ '. Case, blanks, underscores and brackets in a header do not matter. Rename the header, or set SEGJOB_'
            ~ name.upper() ~ ' to another file.'
        ) -%}
    {%- endif %}
{%- endmacro %}

{# The rows of the file as a select: file_row (1, 2, ...) and the project's columns as text, null where the file has none. #}
{% macro raw_rows(source_relation) -%}
    {% set name = source_relation.identifier -%}
    {% set path = raw_path(name) -%}
    {% set columns = accepted_spellings(name).keys() -%}
    {% if not path and name == 'orders' -%}
        select
            null::bigint as file_row,
            {% for column in columns -%}
                null::varchar as {{ column }}{{ ',' if not loop.last }}
            {% endfor -%}
        where false
    {%- elif not path and execute -%}
        {% set found = matched_columns('orders', raw_path('orders')) -%}
        {% do require_columns('orders', raw_path('orders'), found) -%}
        select
            row_number() over (order by customer_id) as file_row,
            *
        from (
            select distinct
                {{ clean_id('texts.customer_id') }} as customer_id,
                {% for column in columns if column != 'customer_id' -%}
                    null::varchar as {{ column }}{{ ',' if not loop.last }}
                {% endfor -%}
            from (
                select {{ clean_text('written.customer_id') }} as customer_id
                from (
                    select distinct {{ adapter.quote(found['matched']['customer_id']) }}::varchar as customer_id
                    from {{ file_reader(raw_path('orders')) }}
                ) as written
            ) as texts
        ) as buyers
        where customer_id is not null
    {%- elif execute -%}
        {% set found = matched_columns(name, path) -%}
        {% do require_columns(name, path, found) -%}
        select
            row_number() over () as file_row,
            {% for column in columns -%}
                {{ adapter.quote(found['matched'][column]) ~ '::varchar' if column in found['matched'] else 'null::varchar' }} as {{ column }}{{ ',' if not loop.last }}
            {% endfor -%}
        from {{ file_reader(path) }}
    {%- else -%}
        select *
        from {{ source_relation }}
    {%- endif %}
{%- endmacro %}
