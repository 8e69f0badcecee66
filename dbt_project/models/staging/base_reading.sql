-- How the files are read, which is known before their lines are.
{{ config(materialized='table') }}

{% set facts = [] -%}
{% if execute -%}
    {% for name in ['customers', 'orders'] if raw_place(name) -%}
        {% set plan = raw_plan(name) -%}
        {% do facts.append([name, 'source', plan['place'] | string, '']) -%}
        {% if plan['encoding'] -%}
            {% set marks = {',': 'comma', ';': 'semicolon', '\t': 'tab', '|': 'pipe'} -%}
            {% do facts.append([name, 'encoding', plan['encoding'], plan['encoding_by']]) -%}
            {% do facts.append([name, 'delimiter', marks.get(plan['delimiter'], plan['delimiter']), plan['delimiter_by']]) -%}
        {%- endif -%}
        {% if plan['skipped'] -%}
            {% do facts.append([name, 'lines above the header, not read', plan['skipped'] | string, 'the header']) -%}
        {%- endif -%}
        {% for column, position in plan['matched'].items() -%}
            {% set header = plan['headers'][position] -%}
            {% set alike = plan['headers'] | select('equalto', header) | list | length -%}
            {% do facts.append([name, 'header of ' ~ column, header, ('the user' if column in mapped_headers(name) else 'its spelling')
                ~ ('; the first of ' ~ alike ~ ' columns of that name' if alike > 1 else '')]) -%}
        {%- endfor -%}
        {% set unused = [] -%}
        {% for header in plan['headers'] -%}
            {% if loop.index0 not in plan['matched'].values() | list -%}
                {% do unused.append(header) -%}
            {%- endif -%}
        {%- endfor -%}
        {% if unused -%}
            {% do facts.append([name, 'headers without use', unused | join(', '), '']) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endif -%}
with facts as (
    {% for fact in facts -%}
        select
            {{ as_text(quoted(fact[0])) }} as file,
            {{ as_text(quoted(fact[1])) }} as fact,
            {{ as_text(quoted(fact[2])) }} as said,
            {{ as_text(quoted(fact[3])) }} as decided_by
        {{ 'union all' if not loop.last }}
    {% endfor -%}
    {% if not facts -%}
        select
            {{ as_text('null') }} as file,
            {{ as_text('null') }} as fact,
            {{ as_text('null') }} as said,
            {{ as_text('null') }} as decided_by
        where false
    {%- endif %}
)

select * from facts
