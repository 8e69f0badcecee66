{#
    Numbers from clean text, in two steps, because the decimal mark of a column is known only when all its values have been seen.

    number_shapes adds for a column x: x_shape, whether the mark can be told from the value, and x_digits, its digits and marks
    without currency, sign and unit. The shapes:

        plain       12         no mark: the same number whatever the mark is
        point       12.5       a decimal point, or commas between thousands
        comma       12,5       a decimal comma, or points between thousands
        either      1,200      one mark with three digits behind it: 1200 or 1.2
        none        twelve     no number

    number_of then reads the value by the mark of its column. A dash in the place of decimals, as in `12,-`, is no minus.
#}

{# Signs and codes of currencies that a number may have before or after it. Longer ones come first. #}
{% macro currency_pattern() -%}
    {{ return('(us[$]|ca?[$]|au?[$]|nz[$]|hk[$]|s[$]|nt[$]|mx[$]|r[$]|[$]|€|£|¥|￥|₹|₺|₽|₩|₪|₫|฿|₱|₦|₴|zł|kč|kr[.]?|rs[.]?|fr[.]?|руб[.]?'
        ~ '|euros?|usd|eur|gbp|chf|jpy|cny|inr|brl|aud|cad|nzd|sek|nok|dkk|pln|czk|huf|ron|bgn|try|rub|uah|mxn|cop|clp|ars|zar|ngn|kes|egp|aed'
        ~ '|sar|hkd|sgd|twd|thb|idr|myr|php|vnd|pkr|krw|ils)') }}
{%- endmacro %}

{#
    Small letters, the digits 0 to 9 for those of other scripts, one kind of minus; apostrophes and every kind of blank become a blank.
    `="12.50"`, which keeps a spreadsheet from changing a text, loses its frame.
#}
{% macro number_text(text) -%}
    {% set blanks, minuses = '\u2019\u00a0\u202f\u2009\u2007\u2002\u3000', '\u2212\u2013\u2014\u2012\ufe63\uff0d' -%}
    {% set digits, marks = '٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹０１２３４５６７８９', '٫٬．，' -%}
    {# Nearly all texts need no more than the short one, which is much faster. #}
    case
        when {{ matches(text, '[ -~€£]*') }} then translate(lower({{ text }}), chr(39) || '="', ' ')
        else translate(
            lower({{ text }}),
            chr(39) || '{{ blanks ~ minuses ~ digits ~ marks }}="',
            ' {{ ' ' * (blanks | length) ~ '-' * (minuses | length) ~ '0123456789' * 3 }}.,.,'
        )
    end
{%- endmacro %}

{# A number whose decimal mark is a point, or a comma: digits in one piece, in groups of three, or as in India (12,34,567.50). #}
{% macro number_pattern(mark) -%}
    {% set decimal, grouping = ('[.]', ',') if mark == '.' else (',', '.') -%}
    {% set indian = '[1-9][0-9]?(,[0-9]{2})+,[0-9]{3}([.][0-9]*)?|' if mark == '.' else '' -%}
    {{ return(indian ~ '[1-9][0-9]{0,2}([' ~ grouping ~ ' ][0-9]{3})+(' ~ decimal ~ '[0-9]*)?|([0-9]+' ~ decimal ~ '?[0-9]*|' ~ decimal
        ~ '[0-9]+)(e[+-]?[0-9]{1,2})?') }}
{%- endmacro %}

{# A number without its currency: 5, +5, -5, (5), 5-; with `k` or `%` behind it where the column may have them. #}
{% macro signed_pattern(unit) -%}
    {% set digits = '[0-9.,][0-9., ]*(e[+-]?[0-9]{1,2})?' ~ {'thousands': ' *k?', 'percent': ' *%?'}.get(unit, '') -%}
    {{ return('([+-] *)?' ~ digits ~ '|[(] *' ~ digits ~ ' *[)]|' ~ digits ~ ' *-') }}
{%- endmacro %}

{#
    A select over `relation` that adds x_shape and x_digits for each column x; `units` says what may stand behind a column's digits.
    The first three branches are only there because nearly all numbers take them, and they are fast.
#}
{% macro number_shapes(relation, units) -%}
    {% set written_sql -%}
    select
        digits_found.*,
        {% for column in units -%}
            case
                when {{ column }} is null then null
                when {{ column }}_form <> 'other' then {{ column }}_form
                when {{ column }}_digits is null then 'none'
                when {{ matches(column ~ '_digits', number_pattern('.')) }}
                    then
                        case
                            when {{ matches(column ~ '_digits', '[0-9 ]+(e[+]?[0-9]{1,2})?') }} then 'plain'
                            when {{ matches(column ~ '_digits', number_pattern(',')) }} then 'either'
                            else 'point'
                        end
                when {{ matches(column ~ '_digits', number_pattern(',')) }} then 'comma'
                else 'none'
            end as {{ column }}_shape{{ ',' if not loop.last }}
        {% endfor -%}
    from (
        select
            bare_found.*,
            {% for column, unit in units.items() -%}
                case
                    when {{ matches(column ~ '_bare', signed_pattern(unit)) }} then trim(translate({{ column }}_bare, '+-()k%', ''))
                end as {{ column }}_digits,
                case when {{ column }}_bare like '(%' or {{ column }}_bare like '-%' or {{ column }}_bare like '%-' then -1 else 1 end
                    as {{ column }}_sign{{ ',' if not loop.last }}
            {% endfor -%}
        from (
            select
                spelled.*,
                {% for column in units -%}
                    case
                        when {{ column }}_form = 'other' then trim({{ without(
                            replaced(
                                replaced(column ~ '_spelled', '^([(+ -]*)' ~ currency_pattern() ~ ' *', 1),
                                ' *' ~ currency_pattern() ~ '([ )k-]*)$', 2
                            ),
                            '[.,:] ?--?$'
                        ) }})
                    end as {{ column }}_bare{{ ',' if not loop.last }}
                {% endfor -%}
            from (
                select
                    *,
                    {% for column in units -%}
                        case when {{ column }}_form = 'other' then {{ number_text(column) }} end as {{ column }}_spelled{{ ',' if not loop.last }}
                    {% endfor -%}
                from (
                    select
                        *,
                        {% for column in units -%}
                            case
                                when {{ matches(column, '-?[0-9]+') }} then 'plain'
                                when {{ matches(column, '-?([0-9]+[.]([0-9]{1,2}|[0-9]{4,})|0[.][0-9]+)') }} then 'point'
                                when {{ matches(column, '-?([0-9]+,([0-9]{1,2}|[0-9]{4,})|0,[0-9]+)') }} then 'comma'
                                when {{ column }} is not null then 'other'
                            end as {{ column }}_form{{ ',' if not loop.last }}
                        {% endfor -%}
                    from {{ relation }}
                    {{ fence() }}
                ) as forms_found
                {{ fence() }}
            ) as spelled
            {{ fence() }}
        ) as bare_found
        {{ fence() }}
    ) as digits_found
    {{ fence() }}
    {%- endset -%}
    {{ return(without_indents(written_sql)) }}
{%- endmacro %}

{# The number of a column with shapes, by its decimal mark: a column that holds `.`, `,` or null where nothing tells. #}
{% macro number_of(column, mark) -%}
    {% set written_sql -%}
    case
        when {{ column }}_form = 'plain' or ({{ column }}_form = 'point' and {{ mark }} = '.') then {{ try_double(column) }}
        when {{ column }}_form = 'comma' and {{ mark }} = ',' then {{ try_double("replace(" ~ column ~ ", ',', '.')") }}
        when {{ column }}_form <> 'other' or {{ column }}_digits is null then null
        when {{ column }}_shape = 'plain'
            or ({{ mark }} = '.' and {{ column }}_shape in ('point', 'either'))
            then {{ column }}_sign * {{ try_double("translate(" ~ column ~ "_digits, ', ', '')") }}
        when {{ mark }} = ',' and {{ column }}_shape in ('comma', 'either')
            then {{ column }}_sign * {{ try_double("replace(translate(" ~ column ~ "_digits, '. ', ''), ',', '.')") }}
    end
    {%- endset -%}
    {{ return(without_indents(written_sql)) }}
{%- endmacro %}

{# Why a value that is there is no number: `ambiguous` where it needs a mark that nothing tells, else `unreadable`. #}
{% macro number_problem(column, mark) -%}
    {% set written_sql -%}
    case when {{ mark }} is null and {{ column }}_shape in ('point', 'comma', 'either') then 'ambiguous' else 'unreadable' end
    {%- endset -%}
    {{ return(without_indents(written_sql)) }}
{%- endmacro %}

{# The currency of a value, as its code where that is known; null where it names none. #}
{% macro currency_of(column) -%}
    {% set written_sql -%}
    case
        when {{ column }}_form <> 'other' or {{ column }}_digits is null then null
        else {{ currency_code(group_of(column ~ '_spelled', currency_pattern(), 1)) }}
    end
    {%- endset -%}
    {{ return(without_indents(written_sql)) }}
{%- endmacro %}

{# The code of a currency from its sign or code in small letters; null where there is none. #}
{% macro currency_code(found) -%}
    {% set written_sql -%}
    case
        when {{ found }} in ('$', 'us$', 'usd') then 'USD'
        when {{ found }} in ('€', 'eur', 'euro', 'euros') then 'EUR'
        when {{ found }} in ('£', 'gbp') then 'GBP'
        when {{ found }} in ('₹', 'inr', 'rs', 'rs.') then 'INR'
        when {{ found }} in ('r$', 'brl') then 'BRL'
        when {{ found }} in ('zł', 'pln') then 'PLN'
        when {{ found }} in ('kč', 'czk') then 'CZK'
        when {{ found }} in ('fr', 'fr.', 'chf') then 'CHF'
        when {{ found }} in ('₽', 'руб', 'руб.', 'rub') then 'RUB'
        when {{ found }} in ('kr', 'kr.') then 'KR'
        when {{ found }} in ('¥', '￥') then '¥'
        else upper(nullif({{ found }}, ''))
    end
    {%- endset -%}
    {{ return(without_indents(written_sql)) }}
{%- endmacro %}

{# How many values of a column have each shape, for number_mark. #}
{% macro shape_counts(column) -%}
    {% set written_sql -%}
    count({{ column }}) as {{ column }}_values,
    {% for shape in ['point', 'comma', 'either'] -%}
        count(*) filter (where {{ column }}_shape = '{{ shape }}') as {{ column }}_{{ shape }},
    {% endfor -%}
    count(*) filter (where {{ column }}_shape = 'plain' and length({{ column }}) <= 3) as {{ column }}_short,
    count(*) filter (where {{ column }}_shape = 'plain' and length({{ column }}) > 3 and {{ column }}_form = 'plain') as {{ column }}_long,
    count(*) filter (where {{ column }}_shape = 'either' and {{ column }} like '%,%') as {{ column }}_either_comma
    {%- endset -%}
    {{ return(without_indents(written_sql)) }}
{%- endmacro %}

{#
    The decimal mark of a column, and who decided it, from the counts of its shapes and those of all columns of its file. In this order:
    the user; the values of the column that can be read one way only, where at most one in twenty of them says otherwise; those of the
    other columns; a point where commas with three digits stand beside whole numbers that all are below 1000. Else nothing tells,
    and values with a mark are rejected.
#}
{% macro number_mark(column, columns) -%}
    {% set written_sql -%}
    {% set given = reading_setting('decimal_mark') -%}
    {% set point, comma = column ~ '_point', column ~ '_comma' -%}
    {% set file_point, file_comma = [], [] -%}
    {% for other in columns -%}
        {% do file_point.append(other ~ '_point') -%}
        {% do file_comma.append(other ~ '_comma') -%}
    {%- endfor -%}
    {% set file_point, file_comma = '(' ~ file_point | join(' + ') ~ ')', '(' ~ file_comma | join(' + ') ~ ')' -%}
    {% set cases = [
        [point ~ ' > 0 and ' ~ point ~ ' >= 19 * ' ~ comma, '.', 'its values'],
        [comma ~ ' > 0 and ' ~ comma ~ ' >= 19 * ' ~ point, ',', 'its values'],
        [point ~ ' + ' ~ comma ~ ' > 0', '', 'nothing'],
        [column ~ '_either = 0', '', 'no value needs one'],
        [file_point ~ ' > 0 and ' ~ file_comma ~ ' = 0', '.', 'the other columns'],
        [file_comma ~ ' > 0 and ' ~ file_point ~ ' = 0', ',', 'the other columns'],
        [column ~ '_either = ' ~ column ~ '_either_comma and ' ~ column ~ '_short > ' ~ column ~ '_either and ' ~ column ~ '_long = 0',
            '.', 'the whole numbers beside them'],
    ] -%}
    {% for part, name in [(1, '_mark'), (2, '_mark_by')] -%}
        {% if given -%}
            {{ as_text("'" ~ (given if part == 1 else 'SEGJOB_DECIMAL_MARK') ~ "'") }} as {{ column ~ name }}
        {%- else -%}
            case
                {% for one in cases -%}
                    when {{ one[0] }} then {{ "'" ~ one[part] ~ "'" if one[part] else 'null' }}
                {% endfor -%}
                else {{ 'null' if part == 1 else "'nothing'" }}
            end as {{ column ~ name }}
        {%- endif -%}
        {{ ',' if part == 1 }}
    {% endfor -%}
    {%- endset -%}
    {{ return(without_indents(written_sql)) }}
{%- endmacro %}
