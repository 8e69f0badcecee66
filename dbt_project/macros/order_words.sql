{# What an orders file says of a line in words, in small letters, in several languages. #}

{# Whether the line sends something back, as `Refund` in a column of its own. #}
{% macro is_return_entry(text) -%}
    {% set words = ['return', 'returns', 'returned', 'refund', 'refunds', 'refunded', 'chargeback', 'credit note', 'credit memo',
        'cancellation', 'retoure', 'rückgabe', 'gutschrift', 'erstattung', 'rückerstattung', 'storno', 'stornierung', 'retour',
        'remboursement', 'avoir', 'devolución', 'devolucion', 'reembolso', 'nota de crédito', 'reso', 'rimborso', 'nota di credito',
        'devolução', 'retourzending', 'creditnota'] -%}
    coalesce({{ text }} in ('{{ words | join("', '") }}'), false)
{%- endmacro %}

{# order_cancelled or order_refunded where the status of an order says so, else null. #}
{% macro problem_of_status(text) -%}
    {% set written_sql -%}
    {% set cancelled = ['failed', 'failure', 'voided', 'void', 'trash', 'expired', 'unavailable', 'denied', 'declined', 'rejected',
        'abandoned', 'geannuleerd', 'fehlgeschlagen', 'abgelehnt'] -%}
    {% set refunded = ['refunded', 'refund', 'returned', 'reversed', 'charged back', 'chargeback', 'erstattet', 'retourniert',
        'zurückgegeben', 'zurückgesendet', 'remboursé', 'remboursée', 'retourné', 'reembolsado', 'devuelto', 'rimborsato',
        'terugbetaald'] -%}
    case
        when {{ text }} in ('{{ cancelled | join("', '") }}') then 'order_cancelled'
        when {{ text }} like 'cancel%' or {{ text }} like 'storn%' or {{ text }} like 'annul%' then 'order_cancelled'
        when {{ text }} in ('{{ refunded | join("', '") }}') or {{ text }} like '%returned to seller%' then 'order_refunded'
    end
    {%- endset -%}
    {{ return(without_indents(written_sql)) }}
{%- endmacro %}
