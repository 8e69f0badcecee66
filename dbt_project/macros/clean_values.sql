{# Text without blanks around it, tabs and no-break spaces too. #}
{% macro trimmed(column) -%}
    trim(both ' ' || chr(9) || chr(10) || chr(13) || chr(160) from {{ column }})
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
        when {{ text }} like '%.0' and {{ matches(text, '[0-9]+[.]0') }} then substr({{ text }}, 1, length({{ text }}) - 2)
        else {{ text }}
    end
{%- endmacro %}

{#
    A number from clean text as double, null where it cannot be read. `thousands=true` also reads `54k` as 54, the unit
    being a thousand already. `1,200` is 1200; a comma in any other place cannot be read, as nobody knows what it means.
    The first branch is only there because nearly all numbers take it, and it is fast.
#}
{% macro clean_number(text, thousands=false) -%}
    {% set bare = without('lower(' ~ text ~ ')', '^[$€£]\\s*') -%}
    {% if thousands -%}
        {% set bare = without(bare, '\\s*(k[$€£]?|[$€£]k)$') -%}
    {%- endif -%}
    case
        when {{ matches(text, '-?[0-9]+([.][0-9]+)?') }}
            then {{ try_double(text) }}
        when {{ matches(bare, '[+-]?[0-9]{1,3}(,[0-9]{3})+([.][0-9]*)?') }}
            then {{ try_double("replace(" ~ bare ~ ", ',', '')") }}
        when {{ matches(bare, '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)(e[+-]?[0-9]{1,2})?') }}
            then {{ try_double(bare) }}
    end
{%- endmacro %}
