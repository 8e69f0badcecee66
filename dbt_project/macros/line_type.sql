{#
    What an order line is about: a product, or a discount, shipping or a fee, which stand among the products in many files. It goes by
    the whole product id or description (`DISCOUNT`, `POSTAGE`), so that a product called `Discount shoes` stays one.
#}
{% macro line_type(product, description) -%}
    {% set written_sql -%}
    {% set words = {
        'discount': 'discounts?( code)?|coupons?|promo(tion)?|vouchers? discount|rebate|rabatt|preisnachlass|skonto|remise|descuento|sconto|desconto|korting',
        'shipping': '(shipping|delivery)( fee| cost| costs| charge| charges)?|postage|post|dotcom postage|freight|carriage|versand(kosten)?|porto|frais de port|livraison|env[ií]o|spedizione|frete',
        'fee': 'fees?|(service|handling|payment|bank|amazon) ?(fee|charge)s?|amazonfee|gebühr(en)?|manual|adjust bad debt|cruk commission|tips?|tax|vat',
    } -%}
    case
        {% for type, pattern in words.items() -%}
            when {{ matches(product, pattern) }} or {{ matches(description, pattern) }} then '{{ type }}'
        {% endfor -%}
        else 'product'
    end
    {%- endset -%}
    {{ return(without_indents(written_sql)) }}
{%- endmacro %}
