{#
    What a user may say about the files. A setting is a dbt variable (`date_order`), else an environment variable
    (`SEGJOB_DATE_ORDER`), else empty: then the file itself decides, or its lines are rejected and name the setting.
#}
{% macro reading_setting(name) -%}
    {% set allowed = {
        'date_order': {'dmy': 'dmy', 'mdy': 'mdy', 'ymd': 'ymd'},
        'decimal_mark': {'.': '.', ',': ',', 'point': '.', 'comma': ','},
        'delimiter': {',': ',', ';': ';', '|': '|', 'tab': '\t', 'comma': ',', 'semicolon': ';', 'pipe': '|'},
        'encoding': {
            'utf-8': 'utf-8', 'utf8': 'utf-8', 'utf-16': 'utf-16', 'utf16': 'utf-16', 'utf-16le': 'utf-16',
            'windows-1252': 'windows-1252', 'cp1252': 'windows-1252', 'latin-1': 'windows-1252',
            'latin1': 'windows-1252', 'iso-8859-1': 'windows-1252',
        },
    } -%}
    {% set given = (var(name, '') or env_var('SEGJOB_' ~ name.upper(), '')) | string | trim -%}
    {% if given and given.lower() not in allowed[name] -%}
        {% do exceptions.raise_compiler_error(
            'SEGJOB_' ~ name.upper() ~ ' (variable ' ~ name ~ ') is ' ~ given ~ '. Set it to one of: '
            ~ allowed[name].keys() | join(', ') ~ '.'
            ~ (' Convert other encodings first: iconv -f ' ~ given ~ ' -t utf-8 FILE.' if name == 'encoding' else '')
        ) -%}
    {%- endif -%}
    {{ return(allowed[name][given.lower()] if given else '') }}
{%- endmacro %}

{# The user's headers for a raw source: {our column: header of the file}; an empty header says that the file has none. #}
{% macro mapped_headers(name) -%}
    {% set given = var(name ~ '_columns', {}) or fromyaml(env_var('SEGJOB_' ~ name.upper() ~ '_COLUMNS', '')) or {} -%}
    {% if given is not mapping -%}
        {% do exceptions.raise_compiler_error(
            'SEGJOB_' ~ name.upper() ~ '_COLUMNS (variable ' ~ name ~ '_columns) is ' ~ given
            ~ '. Write it as {customer_id: HEADER, ...}.'
        ) -%}
    {%- endif -%}
    {% set ours = accepted_spellings(name).keys() | list -%}
    {% for column in given if column not in ours -%}
        {% do exceptions.raise_compiler_error(
            'SEGJOB_' ~ name.upper() ~ '_COLUMNS (variable ' ~ name ~ '_columns) names ' ~ column
            ~ ', which is no column of ' ~ name ~ '. The columns are: ' ~ ours | join(', ') ~ '.'
        ) -%}
    {%- endfor -%}
    {{ return(given) }}
{%- endmacro %}

{# Ends the run where a day that the user sets is none, such as 2025-02-30. #}
{% macro check_date(name, text) -%}
    {% if execute and text -%}
        {% set is_date = modules.re.match('^[0-9]{4}-[0-9]{2}-[0-9]{2}$', text) -%}
        {% if not is_date -%}
            {% do exceptions.raise_compiler_error(name ~ ' is ' ~ text ~ ', which is no date. Write it as 2025-06-30, or unset it.') -%}
        {%- endif -%}
        {% set year, month, day = text[:4] | int, text[5:7] | int, text[8:] | int -%}
        {% set is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) -%}
        {% set days = [31, 29 if is_leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] -%}
        {% if year == 0 or month < 1 or month > 12 or day < 1 or day > days[month - 1] -%}
            {% do exceptions.raise_compiler_error(
                name ~ ' is ' ~ text ~ ', and there is no such day. Write a day that exists, such as 2025-06-30, or unset it.'
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
