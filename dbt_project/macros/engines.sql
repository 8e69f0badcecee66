{#
    Where engines differ: a short macro each, with a version for every engine that has a way of its own. The models stay
    one. Patterns use [0-9] rather than \d, which on PostgreSQL means more than ten digits.
#}

{# The engine's name of a type: string, double, timestamp (without time zone), or one that is called the same everywhere. #}
{% macro type_named(type) -%}
    {{ return(adapter.dispatch('type_named')(type)) }}
{%- endmacro %}

{% macro duckdb__type_named(type) -%}
    {{ return({'string': 'varchar'}.get(type, type)) }}
{%- endmacro %}

{% macro postgres__type_named(type) -%}
    {{ return({'string': 'text', 'double': 'double precision'}.get(type, type)) }}
{%- endmacro %}

{% macro spark__type_named(type) -%}
    {{ return({'timestamp': 'timestamp_ntz'}.get(type, type)) }}
{%- endmacro %}

{% macro as_text(expression) -%}
    cast({{ expression }} as {{ type_named('string') }})
{%- endmacro %}

{% macro as_double(expression) -%}
    cast({{ expression }} as {{ type_named('double') }})
{%- endmacro %}

{# A text as double, null where it is no number. #}
{% macro try_double(text) -%}
    {{ return(adapter.dispatch('try_double')(text)) }}
{%- endmacro %}

{% macro default__try_double(text) -%}
    try_cast({{ text }} as double)
{%- endmacro %}

{# PostgreSQL cannot try. What is longer than 200 characters might not fit a double, and the cast would fail. #}
{% macro postgres__try_double(text) -%}
    case
        when {{ text }} ~ '^\s*[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})?\s*$' and length({{ text }}) <= 200
            then {{ as_double(text) }}
    end
{%- endmacro %}

{# Whether the whole of a text is as a regular expression says. #}
{% macro matches(text, pattern) -%}
    {{ return(adapter.dispatch('matches')(text, pattern)) }}
{%- endmacro %}

{% macro duckdb__matches(text, pattern) -%}
    regexp_full_match({{ text }}, '{{ pattern }}')
{%- endmacro %}

{% macro postgres__matches(text, pattern) -%}
    {{ text }} ~ '^({{ pattern }})$'
{%- endmacro %}

{% macro spark__matches(text, pattern) -%}
    {{ text }} rlike r'^({{ pattern }})$'
{%- endmacro %}

{# A text without the one place that a regular expression, tied to the start or the end, finds in it. #}
{% macro without(text, pattern) -%}
    {{ return(adapter.dispatch('without')(text, pattern)) }}
{%- endmacro %}

{% macro default__without(text, pattern) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '')
{%- endmacro %}

{% macro spark__without(text, pattern) -%}
    regexp_replace({{ text }}, r'{{ pattern }}', '')
{%- endmacro %}

{# A double rounded to cents, half a cent away from zero. #}
{% macro to_cents(expression) -%}
    {{ return(adapter.dispatch('to_cents')(expression)) }}
{%- endmacro %}

{% macro default__to_cents(expression) -%}
    round({{ expression }}, 2)
{%- endmacro %}

{% macro postgres__to_cents(expression) -%}
    {{ as_double('round(cast(' ~ expression ~ ' as numeric), 2)') }}
{%- endmacro %}

{# The date in UTC. #}
{% macro utc_today() -%}
    {{ return(adapter.dispatch('utc_today')()) }}
{%- endmacro %}

{% macro default__utc_today() -%}
    cast(now() at time zone 'UTC' as date)
{%- endmacro %}

{% macro spark__utc_today() -%}
    cast(to_utc_timestamp(current_timestamp(), current_timezone()) as date)
{%- endmacro %}

{# What a group of a regular expression finds in a text, from 1; null or empty where there is nothing. #}
{% macro group_of(text, pattern, group) -%}
    {{ return(adapter.dispatch('group_of')(text, pattern, group)) }}
{%- endmacro %}

{% macro duckdb__group_of(text, pattern, group) -%}
    regexp_extract({{ text }}, '{{ pattern }}', {{ group }})
{%- endmacro %}

{% macro postgres__group_of(text, pattern, group) -%}
    (regexp_match({{ text }}, '{{ pattern }}'))[{{ group }}]
{%- endmacro %}

{% macro spark__group_of(text, pattern, group) -%}
    regexp_extract({{ text }}, r'{{ pattern }}', {{ group }})
{%- endmacro %}

{# The value that comes most often in a column; nulls do not count. #}
{% macro most_common(expression) -%}
    {{ return(adapter.dispatch('most_common')(expression)) }}
{%- endmacro %}

{% macro default__most_common(expression) -%}
    mode({{ expression }})
{%- endmacro %}

{% macro postgres__most_common(expression) -%}
    mode() within group (order by {{ expression }})
{%- endmacro %}

{#
    `materialized` behind the name of a common table expression that must be computed once. DuckDB would else write its long
    expressions into each of many aggregates, and plan for half a minute. Spark has no such word.
#}
{% macro materialized() -%}
    {{ return(adapter.dispatch('materialized')()) }}
{%- endmacro %}

{% macro default__materialized() -%}
    materialized
{%- endmacro %}

{% macro spark__materialized() -%}
{%- endmacro %}

{#
    The end of a subquery whose expressions must be computed once. PostgreSQL would else write them into every place that uses them, and
    those into the next, until a line takes seconds.
#}
{% macro fence() -%}
    {{ return(adapter.dispatch('fence')()) }}
{%- endmacro %}

{% macro default__fence() -%}
{%- endmacro %}

{% macro postgres__fence() -%}
    offset 0
{%- endmacro %}

{# A text in which what a regular expression finds first is replaced by one of its groups, or by what `by` says: groups as {1}. #}
{% macro replaced(text, pattern, by) -%}
    {{ return(adapter.dispatch('replaced')(text, pattern, '{' ~ by ~ '}' if by is number else by)) }}
{%- endmacro %}

{% macro default__replaced(text, pattern, by) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ modules.re.sub('[{]([0-9])[}]', '\\\\\\1', by) }}')
{%- endmacro %}

{% macro spark__replaced(text, pattern, by) -%}
    regexp_replace({{ text }}, r'{{ pattern }}', '{{ modules.re.sub('[{]([0-9])[}]', '$\\1', by) }}')
{%- endmacro %}

{# SQL without blanks at the start of its lines: dbt's parser for unit tests takes each of them for a token, and takes seconds. #}
{% macro without_indents(sql) -%}
    {{ return(modules.re.sub('\\s*\\n\\s*', '\n', sql)) }}
{%- endmacro %}
