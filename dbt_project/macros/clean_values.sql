{# Text without blanks around it (tabs and no-break spaces too); null where it only says that there is no value. #}
{% macro clean_text(column) -%}
    case
        when
            lower({{ trimmed(column) }}) in
            ('', '-', '?', '.', 'n/a', 'na', 'nan', 'nil', 'none', 'null', '(null)', 'unknown', 'missing')
            then null
        else {{ trimmed(column) }}
    end
{%- endmacro %}

{% macro trimmed(column) -%}
    regexp_replace({{ column }}, '^[\s\x{00a0}]+|[\s\x{00a0}]+$', '', 'g')
{%- endmacro %}

{# An id as text. `12.0`, which a number column with gaps becomes on its way through a spreadsheet, is `12`. #}
{% macro clean_id(column) -%}
    regexp_replace({{ clean_text(column) }}, '^(\d+)\.0+$', '\1')
{%- endmacro %}

{#
    A number as double, null where there is none or it cannot be read. `thousands=true` also reads `54k` as 54, the unit
    being a thousand already. `1,200` is 1200; a comma in any other place cannot be read, as nobody knows what it means.
#}
{% macro clean_number(column, thousands=false) -%}
    {% set text = "regexp_replace(lower(" ~ clean_text(column) ~ "), '^[$€£]\\s*', '')" -%}
    {% if thousands -%}
        {% set text = "regexp_replace(" ~ text ~ ", '\\s*(k[$€£]?|[$€£]k)$', '')" -%}
    {%- endif -%}
    case
        when regexp_full_match({{ text }}, '[+-]?\d{1,3}(,\d{3})+(\.\d*)?')
            then try_cast(replace({{ text }}, ',', '') as double)
        when regexp_full_match({{ text }}, '[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,2})?')
            then try_cast({{ text }} as double)
    end
{%- endmacro %}

{#
    A moment without time zone: ISO 8601 (an offset is turned into UTC), `20250630`, or `30.06.2025` with or without a time.
    Every form is matched before it is read: DuckDB takes an offset for nothing, and `infinity` for the year 1900.
#}
{% macro clean_moment(column) -%}
    {% set text = clean_text(column) -%}
    case
        when regexp_matches({{ text }}, '^\d{4}-\d{1,2}-\d{1,2}[ Tt]\d{1,2}:\d{2}.*([Zz]|[+-]\d{2}(:?\d{2})?)$')
            then try_cast({{ text }} as timestamptz) at time zone 'UTC'
        when regexp_matches({{ text }}, '^\d{4}-\d{1,2}-\d{1,2}')
            then try_cast({{ text }} as timestamp)
        when regexp_full_match({{ text }}, '\d{8}')
            then try_strptime({{ text }}, '%Y%m%d')
        when regexp_matches({{ text }}, '^\d{1,2}\.\d{1,2}\.\d{4}')
            then try_strptime({{ text }}, ['%d.%m.%Y', '%d.%m.%Y %H:%M', '%d.%m.%Y %H:%M:%S'])
    end
{%- endmacro %}
