{#
    A relation that segjob publishes, or an empty one of the same columns where segjob has not run yet, so that
    `dbt build` works before it. `columns` maps names to types of type_named.
#}
{% macro segjob_relation(source_relation, columns) -%}
    {% set published = none -%}
    {% if execute -%}
        {% set published = adapter.get_relation(
            source_relation.database, source_relation.schema, source_relation.identifier
        ) -%}
    {%- endif -%}
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
