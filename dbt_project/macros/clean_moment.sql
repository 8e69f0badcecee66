{#
    Moments without time zone from clean text, in two steps, because the order of day and month is known only when all values of a
    column have been seen.

    moment_parts adds for a column x: x_kind, how the value is written, and what of it is needed to read it. The kinds:

        iso             2010-12-01, 2010-12-01 08:26:00      year first; so do 20101201 and 2010/12/01
        offset          2010-12-01T08:26:00+02:00            the offset is turned into UTC
        epoch           1291191960, 1291191960000            seconds since 1970 in UTC, or thousandths, millionths, billionths of them
        serial          40513.35                             days since 1899-12-30, as spreadsheets count
        named           1 Dec 2010, Dec 1, 2010              the month as a word
        dotted          01.12.2010                           day first, unless the column or SEGJOB_DATE_ORDER says otherwise
        ordered         12/1/2010, 01-12-10                  day or month first: the column says, or SEGJOB_DATE_ORDER
        none            yesterday

    moment_of then reads the value by the order of its column. Every form is matched before it is cast, and a day is compared with
    the last one of its month where an engine cannot try a cast.
#}

{% macro time_pattern() -%}
    {{ return('(([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?|24:00(:00)?)') }}
{%- endmacro %}

{% macro offset_pattern() -%}
    {{ return('(z|utc|gmt|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)') }}
{%- endmacro %}

{# A date as real_moment takes it. #}
{% macro iso_date_pattern() -%}
    {{ return('(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-(0?[1-9]|1[0-2])-(0?[1-9]|[12][0-9]|3[01])') }}
{%- endmacro %}

{#
    A time as time_pattern takes it, or with am or pm behind it, from how people write it: `08.26 Uhr`, `8h26`, `at 8:26 a.m.`. What is
    plain stays as it is, which is fast.
#}
{% macro clock_text(text) -%}
    {% set written_sql -%}
    {% set bare = without(without(text, '^(at|um|à|a las?|às|alle|om) +'), ' *(uhr|hrs?|heures?)$') -%}
    {% set marked = replaced(replaced(bare, '^([0-9]{1,2})[.h] ?([0-5][0-9])', '{1}:{2}'), '^([0-9]{1,2}:[0-9]{2})[.]([0-5][0-9])', '{1}:{2}') -%}
    case when {{ matches(text, '[0-9:]* ?([ap]m)?') }} then {{ text }} else {{ marked }} end
    {%- endset -%}
    {{ return(without_indents(written_sql)) }}
{%- endmacro %}

{# The number of a month from its name, in English, German, French, Spanish, Italian, Portuguese or Dutch. #}
{% macro month_number(name) -%}
    case
        when substr({{ name }}, 1, 3) in ('jan', 'jän', 'gen', 'ene') then '1'
        when substr({{ name }}, 1, 3) in ('feb', 'fev', 'fév') then '2'
        when substr({{ name }}, 1, 3) in ('mar', 'mär', 'mae', 'maa', 'mrz', 'mrt') then '3'
        when substr({{ name }}, 1, 3) in ('apr', 'avr', 'abr') then '4'
        when substr({{ name }}, 1, 3) in ('may', 'mai', 'mag', 'mei') then '5'
        when substr({{ name }}, 1, 3) in ('jun', 'giu') or {{ name }} = 'juin' then '6'
        when substr({{ name }}, 1, 3) in ('jul', 'lug') or substr({{ name }}, 1, 4) = 'juil' then '7'
        when substr({{ name }}, 1, 3) in ('aug', 'aou', 'aoû', 'ago') then '8'
        when substr({{ name }}, 1, 3) in ('sep', 'set') then '9'
        when substr({{ name }}, 1, 3) in ('oct', 'okt', 'ott', 'out') then '10'
        when substr({{ name }}, 1, 3) = 'nov' then '11'
        when substr({{ name }}, 1, 3) in ('dec', 'dez', 'déc', 'dic') then '12'
    end
{%- endmacro %}

{# A select over `relation` that adds the parts of the moments in `column`. #}
{% macro moment_parts(relation, column) -%}
    {% set written_sql -%}
    {% set lower_text = "replace(replace(lower(" ~ column ~ "), '\u202f', ' '), '\u00a0', ' ')" -%}
    {% set word = '([^-0-9 ,./:]{3,})' -%}
    {% set rest = '(?:,? +(.*))?' -%}
    {% set weekday, year = '(?:[^-0-9 ,./:]+[.,]* +)?', '([0-9]{4}|[0-9]{2})' -%}
    {% set day_month_year = weekday ~ '([0-9]{1,2})(?:st|nd|rd|th|er|ère|º|[.])?[-/ ]*(?:(?:of|de) )?' ~ word ~ '[.,]?[-/ ]*(?:de )?' ~ year ~ rest -%}
    {% set month_day_year = weekday ~ word ~ '[.,]?[-/ ]*([0-9]{1,2})(?:st|nd|rd|th)?,?[-/ ]+' ~ year ~ rest -%}
    {% set year_month_day = '([0-9]{4})[-/ ]*' ~ word ~ '[.]?[-/ ]*([0-9]{1,2})' ~ rest -%}
    select
        clocks.*,
        case
            when {{ column }}_kind = 'named' and {{ column }}_middle is null then 'none'
            when {{ column }}_kind not in ('numbers', 'spaced') then {{ column }}_kind
            when {{ column }}_clock is null then 'none'
            when length({{ column }}_first) = 4 then 'year_first'
            when length({{ column }}_last) in (2, 4) and split_part({{ column }}_text, ' ', 1) like '%.%.%' then 'dotted'
            when length({{ column }}_last) in (2, 4) then 'ordered'
            else 'none'
        end as {{ column }}_shape
    from (
        select
            parts.*,
            case
                when {{ column }}_kind = 'digits' and length({{ column }}) = 8 then ''
                when {{ column }}_kind = 'digits'
                    then {{ without(replaced(without(column, '^[0-9]{8}[T ]?'), '^([0-9]{2}):?([0-9]{2}):?([0-9]{2})?Z?$', ' {1}:{2}:{3}'), ':$') }}
                when {{ column }}_kind not in ('numbers', 'spaced', 'named') then null
                when {{ column }}_time = '' then ''
                when {{ matches(column ~ '_time', time_pattern()) }} then ' ' || {{ column }}_time
                when {{ matches(column ~ '_time', time_pattern() ~ ' ?' ~ offset_pattern()) }}
                    then ' ' || replace(replace(replace({{ column }}_time, ' ', ''), 'utc', 'z'), 'gmt', 'z')
                when {{ matches(column ~ '_time', '(0?[1-9]|1[0-2])(:[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?)? ?[ap][.]? ?m?[.]?') }}
                    then
                        ' ' || {{ as_text(
                            'mod(cast(' ~ group_of(column ~ '_time', '^([0-9]+)', 1) ~ " as integer), 12) + case when " ~ column
                            ~ "_time like '%p%' then 12 else 0 end"
                        ) }}
                        || case
                            when {{ column }}_time like '%:%' then {{ group_of(column ~ '_time', '((:[0-9]{2})+)', 1) }}
                            else ':00'
                        end
            end as {{ column }}_clock
        from (
            select
                numbers.*,
                split_part({{ column }}_date, '-', 1) as {{ column }}_first,
                case
                    when {{ column }}_kind = 'named' then {{ month_number("split_part(" ~ column ~ "_date, '-', 2)") }}
                    else split_part({{ column }}_date, '-', 2)
                end as {{ column }}_middle,
                split_part({{ column }}_date, '-', 3) as {{ column }}_last
            from (
                select
                    spelled.*,
                    translate(split_part({{ column }}_text, ' ', 1), '/.', '--') as {{ column }}_date,
                    {{ clock_text('trim(substr(' ~ column ~ '_text, length(split_part(' ~ column ~ "_text, ' ', 1)) + 1))") }} as {{ column }}_time
                from (
                    select
                        kinds.*,
                        case
                            when {{ column }}_kind = 'numbers' then replace(replace({{ lower_text }}, ', ', ' '), ',', ' ')
                            when {{ column }}_kind = 'spaced'
                                then {{ replaced(lower_text, '^([0-9]{1,4})[.] ?([0-9]{1,2})[.] ?([0-9]{2,4})[.]?(?:$|,? +)', '{1}.{2}.{3} ') }}
                            when {{ column }}_kind = 'named' then {{ replaced(
                                replaced(
                                    replaced(lower_text, '^' ~ day_month_year ~ '$', '{3}-{2}-{1} {4}'),
                                    '^' ~ month_day_year ~ '$', '{3}-{1}-{2} {4}'
                                ),
                                '^' ~ year_month_day ~ '$', '{1}-{2}-{3} {4}'
                            ) }}
                        end as {{ column }}_text
                    from (
                        select
                            *,
                            case
                                when {{ column }} is null then null
                                when {{ is_iso_moment(column) }} then 'iso'
                                when {{ matches(column, '[0-9]{8}(([T ]?[0-9]{2}:?[0-9]{2})(:?[0-9]{2})?Z?)?') }} then 'digits'
                                when {{ matches(column, '[0-9]{9,10}([.][0-9]*)?|[0-9]{13}([.]0*)?|[0-9]{16}|[0-9]{19}') }} then 'epoch'
                                when {{ matches(column, '[2-7][0-9]{4}([.,][0-9]*)?') }} then 'serial'
                                when {{ is_offset_moment(column) }} then 'offset'
                                when {{ matches(column, '[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}(,? .*)?') }} then 'numbers'
                                when {{ matches(column, '[0-9]{1,4}[.] ?[0-9]{1,2}[.] ?[0-9]{2,4}[.]?(,? .*)?') }} then 'spaced'
                                when {{ matches(lower_text, '.*[^-0-9 ,./:]{3}.*') }} then 'named'
                                else 'none'
                            end as {{ column }}_kind
                        from {{ relation }}
                        {{ fence() }}
                    ) as kinds
                    {{ fence() }}
                ) as spelled
                {{ fence() }}
            ) as numbers
            {{ fence() }}
        ) as parts
        {{ fence() }}
    ) as clocks
    {{ fence() }}
    {%- endset -%}
    {{ return(without_indents(written_sql)) }}
{%- endmacro %}

{# DuckDB takes an offset for nothing, and `infinity` for 1900, unless the form is known before. #}
{% macro is_iso_moment(text) -%}
    {{ return(adapter.dispatch('is_iso_moment')(text)) }}
{%- endmacro %}

{% macro duckdb__is_iso_moment(text) -%}
    regexp_full_match({{ text }}, '\d{4}-\d{1,2}-\d{1,2}([ Tt]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?')
{%- endmacro %}

{% macro default__is_iso_moment(text) -%}
    {{ matches(text, iso_date_pattern() ~ '([ T]' ~ time_pattern() ~ ')?') }}
{%- endmacro %}

{% macro is_offset_moment(text) -%}
    {{ return(adapter.dispatch('is_offset_moment')(text)) }}
{%- endmacro %}

{% macro duckdb__is_offset_moment(text) -%}
    regexp_full_match({{ text }}, '\d{4}-\d{1,2}-\d{1,2}[ Tt]\d{1,2}:\d{2}.*([Zz]|[+-]\d{2}(:?\d{2})?)')
{%- endmacro %}

{% macro default__is_offset_moment(text) -%}
    {{ matches(text, iso_date_pattern() ~ '[ T]' ~ time_pattern() ~ ' ?(Z|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)') }}
{%- endmacro %}

{# A year of two digits is one of 1970 to 2069. #}
{% macro whole_year(year) -%}
    case when length({{ year }}) <> 2 then {{ year }} when {{ year }} < '70' then '20' || {{ year }} else '19' || {{ year }} end
{%- endmacro %}

{# The date and clock of a value whose order is known, as a text like ISO 8601. #}
{% macro iso_text(column, order) -%}
    {% set first, middle, last = column ~ '_first', column ~ '_middle', column ~ '_last' -%}
    {% set year, month, day = {'ymd': (first, middle, last), 'dmy': (last, middle, first), 'mdy': (last, first, middle)}[order] -%}
    {{ whole_year(year) }} || '-' || {{ month }} || '-' || {{ day }}
{%- endmacro %}

{# A moment from a date and a clock as moment_parts writes it: empty, with a time, or with a time and an offset. #}
{% macro checked_moment(date, clock) -%}
    case
        when not {{ matches(date, iso_date_pattern()) }} then null
        when {{ matches(clock, '( ' ~ time_pattern() ~ ')?') }} then {{ real_moment(date ~ ' || ' ~ clock) }}
        when {{ clock }} like '%z' or {{ clock }} like '%+%' or {{ clock }} like '%-%' then {{ real_moment(date ~ ' || upper(' ~ clock ~ ')', has_offset=true) }}
    end
{%- endmacro %}

{# 1 where a value of shape `ordered` is a date in this order, else 0. A year comes first only in `10-12-01`. #}
{% macro is_date_in(column, order) -%}
    {% set written_sql -%}
    {% set date = '(' ~ iso_text(column, order) ~ ')' -%}
    case
        when {{ column }}_shape <> 'ordered' then 0
        {% if order == 'ymd' -%}
            when length({{ column }}_last) <> 2 or {{ column }} not like '%-%-%' then 0
        {% endif -%}
        when not {{ matches(date, iso_date_pattern()) }} then 0
        when {{ real_moment(date) }} is null then 0
        else 1
    end
    {%- endset -%}
    {{ return(without_indents(written_sql)) }}
{%- endmacro %}

{# The date of a column with parts, by the order of its column: dmy, mdy, ymd, or null where nothing tells. A text like 2010-12-1. #}
{% macro date_text_of(column, order, dotted_order) -%}
    {% set written_sql -%}
    {% set given = reading_setting('date_order') -%}
    case
        when {{ column }}_shape in ('named', 'year_first') then {{ iso_text(column, 'ymd') }}
        {% for one in ([given] if given else ['dmy', 'mdy']) -%}
            when {{ column }}_shape = 'dotted' {{ '' if given else 'and ' ~ dotted_order ~ " = '" ~ one ~ "'" }} then {{ iso_text(column, one) }}
        {% endfor -%}
        when {{ column }}_shape = 'digits'
            then substr({{ column }}, 1, 4) || '-' || substr({{ column }}, 5, 2) || '-' || substr({{ column }}, 7, 2)
        when {{ column }}_shape <> 'ordered' then null
        when {{ column }}_first = {{ column }}_middle and length({{ column }}_last) = 4 then {{ iso_text(column, 'dmy') }}
        {% for one in ['dmy', 'mdy', 'ymd'] -%}
            when {{ order }} = '{{ one }}' then {{ iso_text(column, one) }}
        {% endfor -%}
    end
    {%- endset -%}
    {{ return(without_indents(written_sql)) }}
{%- endmacro %}

{# The moment of a column with parts, whose date date_text_of has found. #}
{% macro moment_of(column, date) -%}
    {% set written_sql -%}
    case {{ column }}_shape
        when 'iso' then {{ real_moment(column) }}
        when 'offset' then {{ real_moment("replace(replace(" ~ column ~ ", ' +', '+'), ' -', '-')", has_offset=true) }}
        when 'epoch'
            then {{ epoch_moment("cast(case when length(split_part(" ~ column ~ ", '.', 1)) < 11 then split_part(" ~ column
                ~ ", '.', 1) || '000' else substr(" ~ column ~ ", 1, 13) end as bigint)") }}
        -- To the second: a day has no end of decimals.
        when 'serial'
            then {{ epoch_moment("cast(round((cast(replace(" ~ column ~ ", ',', '.') as decimal(20, 12)) - 25569) * 86400) as bigint) * 1000") }}
        else {{ checked_moment(date, column ~ '_clock') }}
    end
    {%- endset -%}
    {{ return(without_indents(written_sql)) }}
{%- endmacro %}

{# A moment from a text that looks like ISO 8601; null for 2025-02-30. #}
{% macro real_moment(iso, has_offset=false) -%}
    {{ return(adapter.dispatch('real_moment')(iso, has_offset)) }}
{%- endmacro %}

{% macro duckdb__real_moment(iso, has_offset) -%}
    {{ "try_cast(%s as timestamptz) at time zone 'UTC'" % iso if has_offset else 'try_cast(%s as timestamp)' % iso }}
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

{# A moment in UTC from milliseconds since 1970. #}
{% macro epoch_moment(milliseconds) -%}
    {{ return(adapter.dispatch('epoch_moment')(milliseconds)) }}
{%- endmacro %}

{% macro duckdb__epoch_moment(milliseconds) -%}
    make_timestamp({{ milliseconds }} * 1000)
{%- endmacro %}

{% macro postgres__epoch_moment(milliseconds) -%}
    timestamp '1970-01-01 00:00:00' + {{ milliseconds }} * interval '1 millisecond'
{%- endmacro %}

{% macro spark__epoch_moment(milliseconds) -%}
    timestamp_ntz '1970-01-01 00:00:00' + make_dt_interval(0, 0, 0, {{ milliseconds }} / cast(1000 as decimal(4)))
{%- endmacro %}
