{# Text without blanks around it, tabs and no-break spaces too. #}
{% macro trimmed(column) -%}
    trim({{ column }}, ' ' || chr(9) || chr(10) || chr(13) || chr(160))
{%- endmacro %}

{# Trimmed text; null where it only says that there is no value. #}
{% macro clean_text(column) -%}
    case
        when
            lower({{ trimmed(column) }}) in
            ('', '-', '?', '.', 'n/a', 'na', 'nan', 'nil', 'none', 'null', '(null)', 'unknown', 'missing')
            then null
        else {{ trimmed(column) }}
    end
{%- endmacro %}

{# An id from clean text. `12.0`, which a column of numbers becomes on its way through a spreadsheet, is `12`. #}
{% macro clean_id(text) -%}
    case
        when suffix({{ text }}, '.0') then regexp_replace({{ text }}, '^(\d+)\.0$', '\1')
        else {{ text }}
    end
{%- endmacro %}

{#
    A number from clean text as double, null where it cannot be read. `thousands=true` also reads `54k` as 54, the unit
    being a thousand already. `1,200` is 1200; a comma in any other place cannot be read, as nobody knows what it means.
    The first branch is only there because nearly all numbers take it, and it is fast.
#}
{% macro clean_number(text, thousands=false) -%}
    {% set bare = "regexp_replace(lower(" ~ text ~ "), '^[$€£]\\s*', '')" -%}
    {% if thousands -%}
        {% set bare = "regexp_replace(" ~ bare ~ ", '\\s*(k[$€£]?|[$€£]k)$', '')" -%}
    {%- endif -%}
    case
        when regexp_full_match({{ text }}, '-?\d+(\.\d+)?')
            then try_cast({{ text }} as double)
        when regexp_full_match({{ bare }}, '[+-]?\d{1,3}(,\d{3})+(\.\d*)?')
            then try_cast(replace({{ bare }}, ',', '') as double)
        when regexp_full_match({{ bare }}, '[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,2})?')
            then try_cast({{ bare }} as double)
    end
{%- endmacro %}

{#
    A moment without time zone from clean text: ISO 8601 (an offset is turned into UTC), `20250630`, or `30.06.2025` with or
    without a time. Every form is matched before it is read: DuckDB takes an offset for nothing, and `infinity` for 1900.
#}
{% macro clean_moment(text) -%}
    case
        when regexp_full_match({{ text }}, '\d{4}-\d{1,2}-\d{1,2}([ Tt]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?')
            then try_cast({{ text }} as timestamp)
        when regexp_matches({{ text }}, '^\d{4}-\d{1,2}-\d{1,2}[ Tt]\d{1,2}:\d{2}.*([Zz]|[+-]\d{2}(:?\d{2})?)$')
            then try_cast({{ text }} as timestamptz) at time zone 'UTC'
        when regexp_full_match({{ text }}, '\d{8}')
            then try_strptime({{ text }}, '%Y%m%d')
        when regexp_matches({{ text }}, '^\d{1,2}\.\d{1,2}\.\d{4}')
            then try_strptime({{ text }}, ['%d.%m.%Y', '%d.%m.%Y %H:%M', '%d.%m.%Y %H:%M:%S'])
    end
{%- endmacro %}
