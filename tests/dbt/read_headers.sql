{# For the tests: what the project makes of the headers of several files, in one start of dbt. #}
{% macro read_headers(name, paths) %}
    {% for path in paths %}
        {% do print(tojson(matched_columns(name, path)['matched'])) %}
    {% endfor %}
{% endmacro %}
