{#
    A relation that segjob publishes, or an empty one of the same columns where segjob has not run yet, so that
    `dbt build` works before it. `columns` maps names to types of type_named.
#}
{% macro segjob_relation(source_relation, columns) -%}
    {% set published = execute and is_there(source_relation) -%}
    select
        {% for name, type in columns.items() -%}
            cast({{ name if published else 'null' }} as {{ type_named(type) }}) as {{ name }}{{ ',' if not loop.last }}
        {% endfor -%}
    {% if published -%}
        from {{ source_relation }}
    {%- else -%}
        where false
    {%- endif %}
{%- endmacro %}

{# Whether there is such a table or view. #}
{% macro is_there(relation) -%}
    {{ return(adapter.dispatch('is_there')(relation)) }}
{%- endmacro %}

{% macro default__is_there(relation) -%}
    {{ return(load_relation(relation) is not none) }}
{%- endmacro %}

{# What dbt-postgres remembers of a schema is only the views over dbt's models, such as <s>_scores, once there are any. #}
{% macro postgres__is_there(relation) -%}
    {% set found = run_query("select to_regclass('" ~ relation.include(database=false) ~ "') is not null") -%}
    {{ return(found.columns[0].values()[0]) }}
{%- endmacro %}
