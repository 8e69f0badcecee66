{# How headers are recognised. A header is compared without case, accents, blanks, underscores and brackets. #}

{# For each column of a raw source: the spellings accepted, in small letters and digits only; the first that is there wins. #}
{% macro accepted_spellings(name) -%}
    {% if name == 'table' -%}
        {# Any file, of which the user names the columns: `segjob run --from FILE`. #}
        {{ return(var('named_columns')) }}
    {%- elif name == 'customers' -%}
        {{ return({
            'customer_id': ['customeruniqueid', 'customerid', 'customer', 'customernumber', 'custid', 'clientid', 'userid',
                'kundennummer', 'kundennr', 'kundenid', 'id'],
            'gender': ['gender', 'genre', 'sex', 'geschlecht'],
            'age': ['age', 'ageyears', 'ageinyears', 'alter'],
            'annual_income': ['annualincome', 'annualincomek', 'income', 'incomek', 'annualincomeusd', 'incomeusd',
                'annualincomeeur', 'incomeeur', 'annualincomedollars', 'yearlyincome', 'jahreseinkommen', 'einkommen',
                'jahreseinkommenk', 'jahreseinkommeneur', 'jahreseinkommentsd', 'jahreseinkommentsdeur'],
            'spending_score': ['spendingscore', 'spendingscore1100', 'score'],
        }) }}
    {%- else -%}
        {{ return({
            'customer_id': ['customeruniqueid', 'customerid', 'customer', 'customernumber', 'custid', 'clientid', 'userid',
                'kundennummer', 'kundennr', 'kundenid', 'kunde', 'customeremail', 'email'],
            'order_id': ['orderid', 'invoice', 'invoiceno', 'invoiceid', 'invoicenumber', 'transactionid', 'ordernumber', 'orderno',
                'order', 'bestellnummer', 'bestellnr', 'auftragsnummer', 'rechnungsnummer', 'rechnungsnr'],
            'product_id': ['productid', 'stockcode', 'sku', 'itemid', 'lineitemsku', 'productsku', 'productcode', 'itemcode',
                'artikelnummer', 'artikelnr', 'artikel', 'product', 'productname', 'item', 'itemname', 'lineitemname',
                'description', 'productcategory'],
            'description': ['description', 'productname', 'itemname', 'lineitemname', 'productdescription', 'bezeichnung',
                'beschreibung'],
            'ordered_at': ['orderedat', 'orderdate', 'ordertime', 'orderpurchasetimestamp', 'timestamp', 'date', 'invoicedate',
                'transactiondate', 'purchasedate', 'createdat', 'datum', 'bestelldatum', 'auftragsdatum', 'rechnungsdatum'],
            'quantity': ['quantity', 'qty', 'lineitemquantity', 'itemquantity', 'quantityrefund', 'itemssold', 'menge', 'anzahl',
                'stueck'],
            'unit_price': ['unitprice', 'price', 'priceperunit', 'lineitemprice', 'itemprice', 'itemcost', 'preis', 'einzelpreis',
                'stueckpreis'],
            'revenue': ['revenue', 'amount', 'total', 'totalamount', 'sales', 'linetotal', 'itemtotal', 'netrevenue', 'nrevenue',
                'umsatz', 'betrag', 'gesamtbetrag'],
            'order_status': ['orderstatus', 'status', 'financialstatus'],
        }) }}
    {%- endif %}
{%- endmacro %}

{#
    Files in which a header means something else than usual. A file is one of these where all headers of `signature` are there.
    Shopify writes the order's number under Name and the total of a whole order beside its first line.
#}
{% macro well_known_files(name) -%}
    {{ return([
        {
            'file': 'orders',
            'title': 'Shopify orders export',
            'signature': ['name', 'lineitemquantity', 'lineitemprice'],
            'columns': {'order_id': 'name', 'revenue': ''},
        },
        {
            'file': 'orders',
            'title': 'WooCommerce orders export',
            'signature': ['orderstatus', 'itemcost'],
            'columns': {'revenue': ''},
        },
    ] | selectattr('file', 'equalto', name) | list) }}
{%- endmacro %}

{# A header in small letters and digits only. #}
{% macro plain_header(header) -%}
    {% set spelled = (header or '').lower().replace('ä', 'ae').replace('ö', 'oe').replace('ü', 'ue').replace('ß', 'ss') -%}
    {{ return(modules.re.sub('[^a-z0-9]', '', spelled)) }}
{%- endmacro %}

{# Column of the project -> position of the header among `headers`, from 0. What the user says wins. #}
{% macro matched_headers(name, headers) -%}
    {% set plain, known, matched, spellings = [], {}, {}, accepted_spellings(name) -%}
    {% for header in headers -%}
        {% do plain.append(plain_header(header)) -%}
    {%- endfor -%}
    {% for one in well_known_files(name) -%}
        {% set missing = one['signature'] | reject('in', plain) | list -%}
        {% if not missing and not known -%}
            {% do known.update(one['columns']) -%}
        {%- endif -%}
    {%- endfor -%}
    {% set mapped = mapped_headers(name) -%}
    {% for column in spellings -%}
        {% if column in mapped -%}
            {% for header in headers if mapped[column] and header | trim == mapped[column] | string | trim and column not in matched -%}
                {% do matched.update({column: headers.index(header)}) -%}
            {%- endfor -%}
        {%- else -%}
            {% for spelling in ([known[column]] if column in known else spellings[column]) -%}
                {% if spelling in plain and column not in matched -%}
                    {% do matched.update({column: plain.index(spelling)}) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(matched) }}
{%- endmacro %}

{# What is missing of what cannot be done without, in words; empty where nothing is. #}
{% macro missing_columns(name, matched) -%}
    {% set spellings, mapped, missing = accepted_spellings(name), mapped_headers(name), [] -%}
    {% set needed = ['customer_id', 'gender', 'age', 'annual_income', 'spending_score'] if name == 'customers'
        else (spellings.keys() | list if name == 'table' else ['customer_id', 'ordered_at']) -%}
    {% for column in needed if column not in matched -%}
        {% if mapped.get(column) -%}
            {% do missing.append(column ~ ' (you say that it is ' ~ mapped[column] ~ ')') -%}
        {%- elif column not in mapped or column in ('customer_id', 'ordered_at') -%}
            {% do missing.append(column ~ ' (accepted: ' ~ spellings[column] | join(', ') ~ ')') -%}
        {%- endif -%}
    {%- endfor -%}
    {% for column in mapped if mapped[column] and column not in matched and column not in needed -%}
        {% do missing.append(column ~ ' (you say that it is ' ~ mapped[column] ~ ')') -%}
    {%- endfor -%}
    {% if name == 'orders' and 'unit_price' not in matched and 'revenue' not in matched -%}
        {% do missing.append(
            'unit_price or revenue (accepted: ' ~ (spellings['unit_price'] + spellings['revenue']) | join(', ') ~ ')'
        ) -%}
    {%- endif -%}
    {{ return(missing) }}
{%- endmacro %}

{# Ends the run where a column is missing, with what is there and a mapping to paste. #}
{% macro check_headers(name, place, headers, matched) -%}
    {% set missing = missing_columns(name, matched) -%}
    {% if missing -%}
        {% set free, mapping = [], [] -%}
        {% for header in headers -%}
            {% if header | trim and loop.index0 not in matched.values() | list -%}
                {% do free.append(header) -%}
            {%- endif -%}
        {%- endfor -%}
        {% for column in missing -%}
            {% do mapping.append(
                column.split(' ')[0] ~ ': ' ~ (tojson(free[loop.index0]) if loop.index0 < free | length else '""')
            ) -%}
        {%- endfor -%}
        {% set mapping = '{' ~ mapping | join(', ') ~ '}' -%}
        {% do exceptions.raise_compiler_error(
            place ~ ' has no column for ' ~ missing | join('; ') ~ '. Its columns are: ' ~ headers | join(', ')
            ~ '. Case, blanks, underscores and brackets in a header do not matter. Say which header is which, our column first; '
            ~ 'correct this and paste it, for once:\n\n    export SEGJOB_' ~ name.upper() ~ "_COLUMNS='" ~ mapping
            ~ "'\n\n" ~ ('' if var('reads_without_dbt', false)
               else 'or for good, under vars in dbt_project.yml:\n\n    ' ~ name ~ '_columns: ' ~ mapping ~ '\n\n')
            ~ 'An empty header ("") says that the file has no such column. Or '
            ~ ('name another file.' if var('reads_without_dbt', false)
               else ('set SEGJOB_' ~ name.upper() ~ ' to another file.' if target.type == 'duckdb'
               else 'read another table or a view: variable raw_' ~ name ~ '.'))
        ) -%}
    {%- endif -%}
{%- endmacro %}
