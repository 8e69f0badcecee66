{# How headers are recognised. A header is compared without case, accents, blanks, underscores and brackets. #}

{# For each column of a raw source: the spellings accepted, in small letters and digits only; the first that is there wins. #}
{% macro accepted_spellings(name) -%}
    {% if name == 'table' -%}
        {# Any file, of which the user names the columns: `segjob run --from FILE`. #}
        {{ return(var('named_columns')) }}
    {%- elif name == 'customers' -%}
        {{ return({
            'customer_id': ['customeruniqueid', 'customerid', 'customer', 'customernumber', 'custid', 'clientid', 'userid',
                'householdkey', 'kundennummer', 'kundennr', 'kundenid', 'numeroclient', 'idclient', 'idcliente', 'codigocliente',
                'codicecliente', 'klantnummer', 'klantid', 'id'],
            'gender': ['gender', 'genre', 'sex', 'geschlecht', 'sexe', 'sexo', 'genero', 'sesso', 'geslacht'],
            'age': ['age', 'ageyears', 'ageinyears', 'alter', 'edad', 'eta', 'idade', 'leeftijd'],
            'annual_income': ['annualincome', 'annualincomek', 'income', 'incomek', 'annualincomeusd', 'incomeusd',
                'annualincomeeur', 'incomeeur', 'annualincomedollars', 'yearlyincome', 'jahreseinkommen', 'einkommen',
                'jahreseinkommenk', 'jahreseinkommeneur', 'jahreseinkommentsd', 'jahreseinkommentsdeur', 'revenuannuel',
                'ingresoanual', 'redditoannuo', 'rendaanual', 'jaarinkomen'],
            'spending_score': ['spendingscore', 'spendingscore1100', 'score'],
        }) }}
    {%- else -%}
        {{ return({
            'customer_id': ['customeruniqueid', 'customerid', 'customer', 'customernumber', 'customerno', 'custid', 'clientid',
                'userid', 'householdkey', 'buyerid', 'buyeruserid', 'memberid', 'accountid', 'kundennummer', 'kundennr', 'kundenid',
                'kunde', 'numeroclient', 'idclient', 'codeclient', 'client', 'idcliente', 'codigocliente', 'codicecliente', 'cliente',
                'klantnummer', 'klantnr', 'klantid', 'klant', 'customeremail', 'buyeremail', 'emailbilling', 'billingemail',
                'fromemailaddress', 'email', 'emailaddress', 'buyerusername', 'buyer', 'customername', 'buyername'],
            'order_id': ['orderid', 'amazonorderid', 'salesorderid', 'salesordernumber', 'invoice', 'invoiceno', 'invoiceid',
                'invoicenumber', 'transactionid', 'ordernumber', 'orderno', 'order', 'receiptnumber', 'receiptid', 'basketid',
                'bestellnummer', 'bestellnr', 'auftragsnummer', 'auftragsnr', 'rechnungsnummer', 'rechnungsnr', 'belegnummer',
                'numerocommande', 'ncommande', 'numerofacture', 'numerodepedido', 'numeropedido', 'idpedido', 'pedido', 'factura',
                'numeroordine', 'idordine', 'numerofattura', 'ordernummer', 'bestelnummer', 'factuurnummer'],
            'product_id': ['productid', 'stockcode', 'sku', 'itemid', 'lineitemsku', 'productsku', 'productcode', 'itemcode', 'asin',
                'listingid', 'artikelnummer', 'artikelnr', 'artikel', 'codeproduit', 'produit', 'codigoproducto',
                'producto', 'codiceprodotto', 'prodotto', 'codigoproduto', 'produto', 'product', 'productname', 'item', 'itemname',
                'itemtitle', 'lineitemname', 'description', 'productcategory'],
            'description': ['description', 'productname', 'itemname', 'itemtitle', 'lineitemname', 'productdescription',
                'bezeichnung', 'beschreibung', 'designation', 'libelle', 'descripcion', 'descrizione', 'descricao', 'omschrijving'],
            'ordered_at': ['orderedat', 'orderdate', 'orderdatetime', 'ordertime', 'orderpurchasetimestamp', 'timestamp', 'date',
                'datetime', 'invoicedate', 'transactiondate', 'trandate', 'transdate', 'purchasedate', 'purchasedat', 'saledate',
                'salesdate', 'soldat', 'dateofpurchase', 'dateoforder', 'createdat', 'created', 'createddate', 'createddateutc',
                'createdutc', 'placedat', 'datum', 'bestelldatum', 'auftragsdatum', 'rechnungsdatum', 'kaufdatum', 'verkaufsdatum',
                'belegdatum', 'datecommande', 'datedecommande', 'dateachat', 'datefacture', 'fecha', 'fechapedido',
                'fechadepedido', 'fechacompra', 'fechafactura', 'data', 'dataordine', 'datapedido', 'datadopedido', 'datacompra', 'besteldatum',
                'orderdatum', 'factuurdatum'],
            'quantity': ['quantity', 'qty', 'lineitemquantity', 'itemquantity', 'quantitypurchased', 'quantityordered', 'orderqty',
                'orderquantity', 'qtyordered', 'quantityrefund', 'itemssold', 'unitssold', 'units', 'menge', 'anzahl', 'stueck',
                'stueckzahl', 'quantite', 'qte', 'cantidad', 'quantita', 'quantidade', 'qtde', 'aantal'],
            'unit_price': ['unitprice', 'price', 'priceperunit', 'priceeach', 'lineitemprice', 'itemprice', 'itemcost', 'sellingprice',
                'preis', 'einzelpreis', 'stueckpreis', 'verkaufspreis', 'prixunitaire', 'prix', 'preciounitario', 'precio',
                'prezzounitario', 'prezzo', 'precounitario', 'preco', 'prijs', 'stuksprijs', 'eenheidsprijs'],
            'revenue': ['revenue', 'amount', 'total', 'totalamount', 'sales', 'linetotal', 'lineamount', 'itemtotal', 'netsales',
                'netrevenue', 'nrevenue', 'grosssales', 'totalprice', 'totalsales', 'totalrevenue', 'totalspent', 'transactionamount',
                'tranamount', 'purchaseamount', 'salesamount', 'salesvalue', 'soldfor', 'gross', 'umsatz', 'betrag', 'gesamtbetrag',
                'gesamtpreis', 'positionsbetrag', 'summe', 'montant', 'montanttotal', 'importe', 'importetotal', 'importo',
                'importototale', 'totale', 'valor', 'valortotal', 'bedrag', 'totaal', 'totaalbedrag', 'omzet'] + order_totals(),
            'currency': ['currency', 'currencycode', 'waehrung', 'devise', 'moneda', 'valuta', 'moeda'],
            'order_status': ['orderstatus', 'status', 'financialstatus', 'itemstatus', 'bestellstatus', 'statut', 'estado', 'stato'],
            'cancelled_at': ['cancelledat', 'canceledat', 'cancelledon', 'canceledon', 'cancellationdate', 'storniertam'],
            'entry_type': ['entrytype', 'transactiontype', 'linetype', 'eventtype', 'recordtype', 'ordertype', 'saletype', 'type',
                'belegart', 'vorgang'],
        }) }}
    {%- endif -%}
{%- endmacro %}

{# Headers that name the money of a whole order, which many files repeat beside each of its lines. #}
{% macro order_totals() -%}
    {{ return(['ordertotal', 'ordervalue', 'orderamount', 'ordertotalamount', 'ordertotalinctax', 'ordertotalextax', 'grandtotal', 'grandtotalbase', 'invoicetotal', 'auftragswert',
        'bestellwert', 'totalcommande']) }}
{%- endmacro %}

{#
    Files in which a header means something else than usual. A file is one of these where all headers of `signature` are there.
    Shopify writes the order's number under Name and the total of a whole order beside its first line; Amazon's item-price is that of
    all units.
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
        {
            'file': 'orders',
            'title': 'Amazon order report',
            'signature': ['itemprice', 'shippingprice', 'itemtax'],
            'columns': {'unit_price': '', 'revenue': 'itemprice'},
        },
    ] | selectattr('file', 'equalto', name) | list) }}
{%- endmacro %}

{# A header in small letters and digits only, without accents. #}
{% macro plain_header(header) -%}
    {% set bare = namespace(text=(header or '').lower()) -%}
    {% for letter, letters in {'ä': 'ae', 'ö': 'oe', 'ü': 'ue', 'ß': 'ss', 'æ': 'ae', 'œ': 'oe', 'ø': 'o', 'ł': 'l'}.items() -%}
        {% set bare.text = bare.text.replace(letter, letters) -%}
    {%- endfor -%}
    {% for letter, accented in {'a': 'àáâãåą', 'c': 'çćč', 'e': 'èéêëęě', 'i': 'ìíîï', 'n': 'ñńň', 'o': 'òóôõ', 'r': 'ř', 's': 'śš',
        'u': 'ùúûů', 'y': 'ýÿ', 'z': 'źżž'}.items() -%}
        {% set bare.text = modules.re.sub('[' ~ accented ~ ']', letter, bare.text) -%}
    {%- endfor -%}
    {{ return(modules.re.sub('[^a-z0-9]', '', bare.text)) }}
{%- endmacro %}

{# A plain header of money without the currency that it names: `amountusd`, `preisineur`. #}
{% macro without_currency(plain) -%}
    {{ return(modules.re.sub('(in)?(usd|eur|euro|gbp|chf|jpy|cny|inr|brl|aud|cad|nzd|sek|nok|dkk|pln|czk|mxn)$', '', plain)) }}
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
            {% if column in ('unit_price', 'revenue') and column not in known -%}
                {% for header in plain -%}
                    {% if column not in matched and without_currency(header) != header and without_currency(header) in spellings[column] -%}
                        {% do matched.update({column: loop.index0}) -%}
                    {%- endif -%}
                {%- endfor -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {# Beside the price of each line, the money of a whole order would be counted for each of them. #}
    {% if 'revenue' in matched and 'unit_price' in matched and 'revenue' not in mapped and plain[matched['revenue']] in order_totals() -%}
        {% do matched.pop('revenue') -%}
    {%- endif -%}
    {{ return(matched) }}
{%- endmacro %}

{# Accepted spellings in words: the first ones, as some columns have dozens. #}
{% macro spellings_in_words(spellings) -%}
    {% set more = spellings | length - 12 -%}
    {{ return(spellings[:12] | join(', ') ~ (' and ' ~ more ~ ' more' if more > 0 else '')) }}
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
            {% do missing.append(column ~ ' (accepted: ' ~ spellings_in_words(spellings[column]) ~ ')') -%}
        {%- endif -%}
    {%- endfor -%}
    {% for column in mapped if mapped[column] and column not in matched and column not in needed -%}
        {% do missing.append(column ~ ' (you say that it is ' ~ mapped[column] ~ ')') -%}
    {%- endfor -%}
    {% if name == 'orders' and 'unit_price' not in matched and 'revenue' not in matched -%}
        {% do missing.append(
            'unit_price or revenue (accepted: ' ~ spellings_in_words(spellings['unit_price'][:6] + spellings['revenue']) ~ ')'
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
