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

{# A moment without time zone: ISO 8601 (an offset is turned into UTC), `20250630` or `30.06.2025`. #}
{% macro clean_moment(column) -%}
    coalesce(
        case
            when regexp_matches({{ clean_text(column) }}, '^\d{4}-\d{1,2}-\d{1,2}')
                then try_cast({{ clean_text(column) }} as timestamp)
        end,
        try_strptime({{ clean_text(column) }}, ['%Y%m%d', '%d.%m.%Y', '%d.%m.%Y %H:%M', '%d.%m.%Y %H:%M:%S'])
    )
{%- endmacro %}
