-- depends_on: {{ ref('base_orders') }}
-- Warns above rejected_warn_percent of rejected lines and fails above rejected_error_percent, with the reason and three
-- lines.
{{ config(
    fail_calc="coalesce(max(rejected_percent), 0)",
    warn_if=">" ~ var('rejected_warn_percent'),
    error_if=">" ~ var('rejected_error_percent'),
) }}

{{ rejected_share('orders') }}
