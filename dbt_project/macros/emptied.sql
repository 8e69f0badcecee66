{# Before an incremental model is filled again, in the same transaction: it has no rows. #}
{% macro emptied() -%}
    {% if is_incremental() -%}
        delete from {{ this }}
    {%- endif %}
{%- endmacro %}
