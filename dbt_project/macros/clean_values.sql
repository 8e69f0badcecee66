{# Text without blanks around it, tabs and no-break spaces too. #}
{% macro trimmed(column) -%}
    trim(both ' ' || chr(9) || chr(10) || chr(13) || chr(160) from {{ column }})
{%- endmacro %}

{# Trimmed text; null where it only says that there is no value. #}
{% macro clean_text(column) -%}
    case
        when
            lower({{ trimmed(column) }}) in
            (
                '', '-', '--', '–', '—', '?', '.', 'n/a', 'na', '#n/a', '#na', '<na>', 'nan', 'nil', 'none', 'null', '(null)', chr(92) || 'n',
                '(blank)', 'unknown', 'missing'
            )
            then null
        else {{ trimmed(column) }}
    end
{%- endmacro %}

{#
    An id from clean text. `12.0`, which a column of numbers becomes on its way through a spreadsheet, is `12`; `="0012"`, which keeps
    one from doing so, is `0012`.
#}
{% macro clean_id(text) -%}
    case
        when {{ text }} like '="%"' then substr({{ text }}, 3, length({{ text }}) - 3)
        when {{ text }} like '%.0' and {{ matches(text, '[0-9]+[.]0') }} then substr({{ text }}, 1, length({{ text }}) - 2)
        else {{ text }}
    end
{%- endmacro %}
