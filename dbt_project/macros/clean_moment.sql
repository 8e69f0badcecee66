{#
    A moment without time zone from clean text: ISO 8601 (an offset is turned into UTC), `20250630`, or `30.06.2025` with or
    without a time; null where it cannot be read, or there is no such day. Every form is matched before it is read.
#}
{% macro clean_moment(text) -%}
    {{ return(adapter.dispatch('clean_moment')(text)) }}
{%- endmacro %}

{# DuckDB takes an offset for nothing, and `infinity` for 1900, unless the form is known before. #}
{% macro duckdb__clean_moment(text) -%}
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

{# Elsewhere the other forms are first written as ISO 8601. #}
{% macro default__clean_moment(text) -%}
    {% set year = '(?!0000)[0-9]{4}' -%}
    {% set month, day = '(0?[1-9]|1[0-2])', '(0?[1-9]|[12][0-9]|3[01])' -%}
    {% set date = year ~ '-' ~ month ~ '-' ~ day -%}
    {% set minutes = '([01]?[0-9]|2[0-3]):[0-5][0-9]' -%}
    {% set time = '(' ~ minutes ~ '(:[0-5][0-9]([.][0-9]+)?)?|24:00(:00)?)' -%}
    {% set offset = '(Z|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)' -%}
    {% set iso_of_digits = "substr(%s, 1, 4) || '-' || substr(%s, 5, 2) || '-' || substr(%s, 7, 2)" % (text, text, text) -%}
    {% set year_and_time = 'split_part(' ~ text ~ ", '.', 3)" -%}
    {% set iso_of_dots = "substr(%s, 1, 4) || '-' || split_part(%s, '.', 2) || '-' || split_part(%s, '.', 1) || substr(%s, 5)"
        % (year_and_time, text, text, year_and_time) -%}
    case
        when {{ matches(text, date ~ '([ T]' ~ time ~ ')?') }}
            then {{ real_moment(text) }}
        when {{ matches(text, date ~ '[ T]' ~ time ~ offset) }}
            then {{ real_moment(text, has_offset=true) }}
        when {{ matches(text, year ~ '(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])') }}
            then {{ real_moment(iso_of_digits) }}
        when {{ matches(text, day ~ '[.]' ~ month ~ '[.]' ~ year ~ '( ' ~ minutes ~ '(:[0-5][0-9])?)?') }}
            then {{ real_moment(iso_of_dots) }}
    end
{%- endmacro %}

{# A moment from a text that looks like ISO 8601; null for 2025-02-30. #}
{% macro real_moment(iso, has_offset=false) -%}
    {{ return(adapter.dispatch('real_moment')(iso, has_offset)) }}
{%- endmacro %}

{# PostgreSQL cannot try a cast, so the day is first compared with the last one of its month. #}
{% macro default__real_moment(iso, has_offset) -%}
    {% set first_of_month = "cast(substring(" ~ iso ~ " from '^[0-9]+-[0-9]+') || '-01' as date)" -%}
    case
        when
            cast(substring({{ iso }} from '^[0-9]+-[0-9]+-([0-9]+)') as integer)
            <= extract(day from {{ first_of_month }} + interval '1 month -1 day')
            then {{ 'cast(%s as timestamptz) at time zone \'UTC\'' % iso if has_offset else 'cast(%s as timestamp)' % iso }}
    end
{%- endmacro %}

{# Spark reads an offset only behind seconds. The way through microseconds does not depend on the session's time zone. #}
{% macro spark__real_moment(iso, has_offset) -%}
    {% if has_offset -%}
        {% set full = "regexp_replace(" ~ iso ~ ", r'([ T][0-9]+:[0-9]+)(Z|[+-].*)$', '$1:00$2')" -%}
        timestamp_ntz '1970-01-01 00:00:00'
            + make_dt_interval(0, 0, 0, unix_micros(try_cast({{ full }} as timestamp)) / cast(1000000 as decimal(7)))
    {%- else -%}
        try_cast({{ iso }} as timestamp_ntz)
    {%- endif %}
{%- endmacro %}
