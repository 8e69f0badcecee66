{#
    How a CSV file is read on DuckDB. Nothing is left to DuckDB's sniffer: a file is read as physical lines, with no quotes, no
    comment character, no skipped line and a delimiter that stands in no file. Encoding, delimiter, quotes and header are decided
    here, from the file or by the user (see reading_settings.sql), and said in `base_reading`.
#}

{# A text as a literal of SQL. #}
{% macro quoted(text) -%}
    {{ return("'" ~ text.replace("'", "''") ~ "'") }}
{%- endmacro %}

{% macro is_parquet(place) -%}
    {{ return(place.lower().endswith(('.parquet', '.parq', '.pq'))) }}
{%- endmacro %}

{# Whether the bytes of the file can be looked at: one local file that is not compressed. #}
{% macro has_plain_bytes(place) -%}
    {{ return('://' not in place and not modules.re.search('[*?\\[]', place) and not place.lower().endswith(('.gz', '.zst'))) }}
{%- endmacro %}

{#
    The physical lines of a file, one row each, in the order of the file: column `line`, null for an empty one. DuckDB breaks a line
    at every line feed and carriage return: with `\n` as line end and strict_mode off none of the two can take a character with
    it, as `\r` does in a file of `\r\n`. The second line of each pair is empty, which costs nothing.
#}
{% macro physical_lines(place, encoding) -%}
    {% if encoding == 'windows-1252' -%}
        {{ return('(' ~ single_byte_lines(place) ~ ')') }}
    {%- endif -%}
    {{ return(
        'read_csv(' ~ quoted(place) ~ ", auto_detect = false, header = false, columns = {'line': 'varchar'}, "
        ~ "delim = e'\\x01\\x02\\x03', quote = '', escape = '', comment = '', skip = 0, new_line = '\\n', "
        ~ "strict_mode = false, null_padding = false, ignore_errors = false, encoding = '" ~ encoding ~ "')"
    ) }}
{%- endmacro %}

{#
    DuckDB's own latin-1 refuses the bytes 80 to 9F, which is where Windows keeps the euro sign. So bytes are read as the text that
    DuckDB makes of them, `\xE9` for what is no plain ASCII, and written as characters in the lines that have any.
#}
{% macro single_byte_lines(place) -%}
    {% set upper_half = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ' -%}
    {% set ascii = namespace(text="replace(replace(content::varchar, '\\x0D', '\\x0A'), '\\x09', chr(9))") -%}
    {% for code in ['22', '27'] -%}
        {% set ascii.text = 'replace(' ~ ascii.text ~ ", '\\x" ~ code ~ "', chr(" ~ (34 if code == '22' else 39) ~ '))' -%}
    {%- endfor -%}
    {% set decoded = namespace(text='line') -%}
    {% for byte in high_bytes(place) -%}
        {% set character = upper_half[byte - 128] if byte < 160 else '%c' % byte -%}
        {% set decoded.text = 'replace(' ~ decoded.text ~ ", '\\x" ~ '%02X' % byte ~ "', '" ~ character ~ "')" -%}
    {%- endfor -%}
    {{ return(
        "select case when contains(line, '\\x') then replace(" ~ decoded.text ~ ", '\\x5C', chr(92)) else nullif(line, '') end as line "
        ~ 'from (select lines[number] as line from (select string_split(' ~ ascii.text ~ ", '\\x0A') as lines from read_blob("
        ~ quoted(place) ~ ')) as files, lateral (select unnest(range(1, len(lines) + 1)) as number) as numbers order by number) as escaped'
    ) }}
{%- endmacro %}

{# The bytes of a file that are no plain ASCII, each once: few of them come in one file, and each costs a replacement in every line. #}
{% macro high_bytes(place) -%}
    {% set known = graph.setdefault('segjob_high_bytes', {}) -%}
    {% set key = invocation_id ~ ' ' ~ place -%}
    {% if key not in known -%}
        {% set found, bytes = run_query(
            "select distinct unnest(regexp_extract_all(content::varchar, '\\\\x([89A-F][0-9A-F])', 1)) as code from read_blob(" ~ quoted(place) ~ ')'
        ).columns[0].values(), [] -%}
        {% for code in found | sort -%}
            {% do bytes.append(code | int(base=16)) -%}
        {%- endfor -%}
        {% do known.update({key: bytes}) -%}
    {%- endif -%}
    {{ return(known[key]) }}
{%- endmacro %}

{# The encoding of a file and who decided it. #}
{% macro file_encoding(name, place) -%}
    {% set given = reading_setting('encoding') -%}
    {% if not has_plain_bytes(place) -%}
        {{ return([given or 'utf-8', 'SEGJOB_ENCODING' if given else 'assumed']) }}
    {%- endif -%}
    {% set size = run_query('select size from read_blob(' ~ quoted(place) ~ ')').columns[0].values()[0] -%}
    {% if size == 0 -%}
        {% do exceptions.raise_compiler_error(place ~ ' is empty: it has not even a header. Set SEGJOB_' ~ name.upper()
            ~ ' to another file.') -%}
    {%- endif -%}
    {% if given or size > 1500000000 -%}
        {{ return([given or 'utf-8', 'SEGJOB_ENCODING' if given else 'assumed']) }}
    {%- endif -%}
    {% set bytes = run_query(
        'select hex(content[1:200]), try(decode(content)) is not null from read_blob(' ~ quoted(place) ~ ')'
    ) -%}
    {% set head, is_utf8 = bytes.columns[0].values()[0], bytes.columns[1].values()[0] -%}
    {% set pairs = modules.re.findall('..', head) -%}
    {% if head.startswith(('FFFE0000', '0000FEFF')) -%}
        {% do exceptions.raise_compiler_error(place ~ ' is UTF-32. Convert it: iconv -f UTF-32 -t UTF-8 ' ~ place) -%}
    {%- endif -%}
    {% if head.startswith('FFFE') -%}
        {{ return(['utf-16', 'byte order mark']) }}
    {%- endif -%}
    {# In UTF-16 nearly every second byte is zero; a zero here and there is a spoiled value. #}
    {% if head.startswith('FEFF') or 4 * pairs.count('00') > pairs | length -%}
        {% do exceptions.raise_compiler_error(
            place ~ ' is UTF-16 of a kind that cannot be told apart from others. Set SEGJOB_ENCODING=utf-16 where its low bytes '
            ~ 'come first, or convert it: iconv -f UTF-16 -t UTF-8 ' ~ place
        ) -%}
    {%- endif -%}
    {% if is_utf8 -%}
        {{ return(['utf-8', 'every byte is valid']) }}
    {%- endif -%}
    {{ return(['windows-1252', 'assumed, as it is not UTF-8; SEGJOB_ENCODING says otherwise']) }}
{%- endmacro %}

{# The fields of a header line. #}
{% macro fields_of(line, delimiter, quote) -%}
    {% set fields = [] -%}
    {% for match in modules.re.finditer(field_pattern(delimiter, quote), line ~ delimiter) -%}
        {% set field = match.group(1) | trim -%}
        {% if field | length > 1 and field[0] == quote and field[-1] == quote -%}
            {% set field = field[1:-1].replace(quote ~ quote, quote) -%}
        {%- endif -%}
        {% do fields.append(field | trim) -%}
    {%- endfor -%}
    {{ return(fields) }}
{%- endmacro %}

{# One field with its delimiter: in quotes, with doubled quotes inside, else up to the delimiter. For RE2 and Python alike. #}
{% macro field_pattern(delimiter, quote) -%}
    {% set d, q = modules.re.escape(delimiter), quote -%}
    {{ return('( *' ~ q ~ '(?:[^' ~ q ~ ']|' ~ q ~ q ~ ')*' ~ q ~ ' *|[^' ~ d ~ ']*)' ~ d) }}
{%- endmacro %}

{# Any number of fields that are closed, each with its delimiter: in quotes, or not beginning with one. #}
{% macro closed_fields_pattern(delimiter, quote) -%}
    {% set d, q = modules.re.escape(delimiter), quote -%}
    {% set in_quotes = ' *' ~ q ~ '(?:[^' ~ q ~ ']|' ~ q ~ q ~ ')*' ~ q ~ ' *' -%}
    {% set bare = ' *[^' ~ q ~ d ~ ' ][^' ~ d ~ ']*| *' -%}
    {{ return('(?:(?:' ~ in_quotes ~ '|' ~ bare ~ ')' ~ d ~ ')*') }}
{%- endmacro %}

{# The pattern of a line that begins outside quotes and ends inside: its last field goes on in the next line. #}
{% macro open_pattern(delimiter, quote) -%}
    {{ return(closed_fields_pattern(delimiter, quote) ~ ' *' ~ quote ~ '(?:[^' ~ quote ~ ']|' ~ quote ~ quote ~ ')*') }}
{%- endmacro %}

{# All that is decided about a CSV file before its lines are read. #}
{% macro csv_plan(name, place) -%}
    {% set plan = {'place': place} -%}
    {% set encoding = file_encoding(name, place) -%}
    {% do plan.update({'encoding': encoding[0], 'encoding_by': encoding[1]}) -%}
    {% set files = [place] -%}
    {% if modules.re.search('[*?\\[]', place) -%}
        {% set files = run_query('select file from glob(' ~ quoted(place) ~ ') order by file').columns[0].values() | list -%}
    {%- endif -%}
    {% for file in files -%}
        {% set lines = run_query('select line from ' ~ physical_lines(file, plan['encoding']) ~ ' limit 60').columns[0].values() | list -%}
        {% set found = header_in(name, lines) -%}
        {% if loop.first -%}
            {% do plan.update(found) -%}
        {%- elif found['header_line'] != plan['header_line'] or found['skipped'] -%}
            {% do exceptions.raise_compiler_error(
                file ~ ' begins with another header than ' ~ files[0] ~ ': ' ~ found['header_line'] ~ '. Files that are read together need the same.'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {% if not plan['headers'] -%}
        {% do exceptions.raise_compiler_error(place ~ ' has only blank lines: there is not even a header.') -%}
    {%- endif -%}
    {% do plan.update({'files': files | length}) -%}
    {% if plan['files'] > 1 and plan['header_height'] > 1 -%}
        {% do exceptions.raise_compiler_error(
            files[0] ~ ' has a header with a line break in it, and is one of several files. Read them one at a time, or take it out.'
        ) -%}
    {%- endif -%}
    {% set q = quoted(plan['quote']) -%}
    {% set quotes = run_query(
        'select coalesce(bool_or(contains(line, ' ~ q ~ ')), false), coalesce(bool_or(contains(line, chr(0))), false), count(*) filter (where contains(line, ' ~ q
        ~ ') and regexp_full_match(line, ' ~ quoted(open_pattern(plan['delimiter'], plan['quote'])) ~ ')) from '
        ~ physical_lines(place, plan['encoding'])
    ) -%}
    {% do plan.update({
        'has_quotes': quotes.columns[0].values()[0], 'has_zero_bytes': quotes.columns[1].values()[0],
        'open_lines': quotes.columns[2].values()[0],
    }) -%}
    {{ return(plan) }}
{%- endmacro %}

{#
    Header, delimiter and quote: of the first 20 lines that are not blank the first that names all that is needed, else the very
    first; under the delimiter that lets it name most. A name in quotes may have line breaks: header_height is the number of lines.
#}
{% macro header_in(name, lines) -%}
    {% set written, best = [], {
        'headers': [], 'skipped': 0, 'header_line': '', 'header_height': 1, 'delimiter': ',', 'quote': '"', 'delimiter_by': '',
    } -%}
    {% for line in lines if line and line.strip(' ') -%}
        {% do written.append(line) -%}
    {%- endfor -%}
    {% set given = reading_setting('delimiter') -%}
    {% set announced = modules.re.match('^"?sep=(.)"?$', written[0]) if written else none -%}
    {% set candidates = [given] if given else ([announced.group(1)] if announced else [',', ';', '\t', '|']) -%}
    {% set by = 'SEGJOB_DELIMITER' if given else ('its line sep=' if announced else 'the header') -%}
    {% set scores = [] -%}
    {% for line in written[:20] -%}
        {% set skipped = loop.index0 -%}
        {% for delimiter in candidates if skipped == 0 or delimiter in line -%}
            {% for quote in ['"', "'"] if quote == '"' or modules.re.match("^ *'[^']*' *(" ~ modules.re.escape(delimiter) ~ "|$)", line) -%}
                {% set whole = namespace(text=line, height=1) -%}
                {% for next_line in written[skipped + 1:skipped + 6] if whole.text.count(quote) % 2 == 1 -%}
                    {% set whole.text, whole.height = whole.text ~ '\n' ~ next_line, whole.height + 1 -%}
                {%- endfor -%}
                {% if whole.text.count(quote) % 2 == 1 -%}
                    {% set whole.text, whole.height = line, 1 -%}
                {%- endif -%}
                {% set headers = fields_of(whole.text, delimiter, quote) -%}
                {% set matched = matched_headers(name, headers) -%}
                {% set is_whole = not missing_columns(name, matched) -%}
                {% if is_whole or (skipped == 0 or (announced and skipped == 1)) -%}
                    {% do scores.append({
                        'score': [1 if is_whole else 0, -skipped if is_whole else skipped, matched | length, headers | length,
                            1 if quote == "'" else 0],
                        'headers': headers, 'skipped': skipped, 'header_line': whole.text, 'header_height': whole.height,
                        'delimiter': delimiter, 'quote': quote, 'delimiter_by': by,
                    }) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {% for one in scores -%}
        {% if not best['score'] or one['score'] > best['score'] -%}
            {% do best.update(one) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(best) }}
{%- endmacro %}

{#
    The records of a CSV file: file_row, raw_line, fields (a list), physical_lines (how many of the file it takes) and line_problem.
    A record takes several lines only where a field in quotes does, and every quote of it is closed; a quote that is never closed
    spoils its own line alone.
#}
{% macro csv_records(plan) -%}
    {% set d, q = quoted(plan['delimiter']), quoted(plan['quote']) -%}
    {% set pattern = quoted(field_pattern(plan['delimiter'], plan['quote'])) -%}
    {% set fields = 'string_split(raw_line, ' ~ d ~ ')' -%}
    {% if plan['has_quotes'] -%}
        {% set fields = 'case when contains(raw_line, ' ~ q ~ ') then regexp_extract_all(raw_line || ' ~ d ~ ', ' ~ pattern
            ~ ', 1) else ' ~ fields ~ ' end' -%}
    {%- endif -%}
    {% if not plan['open_lines'] -%}
        select
            row_number() over () as file_row,
            raw_line,
            {{ fields }} as fields,
            1 as physical_lines,
            cast(null as varchar) as line_problem
        from (
            select line as raw_line
            from {{ physical_lines(plan['place'], plan['encoding']) }}
            where trim(line, ' ') <> ''
            {% if plan['files'] > 1 -%}
                and line <> {{ quoted(plan['header_line']) }}
            {%- else -%}
                offset {{ plan['skipped'] + plan['header_height'] }}
            {%- endif %}
        ) as records
    {%- else -%}
        {% set open = open_pattern(plan['delimiter'], plan['quote']) -%}
        {% set inside = '(?:[^' ~ plan['quote'] ~ ']|' ~ plan['quote'] ~ plan['quote'] ~ ')*' -%}
        {% set still_open = inside ~ '(?:' ~ plan['quote'] ~ ' *' ~ modules.re.escape(plan['delimiter']) ~ open ~ ')?' -%}
        select
            row_number() over () as file_row,
            raw_line,
            fields,
            physical_lines,
            case
                when exists_open and physical_lines = 1 then 'quote_not_closed'
            end as line_problem
        from (
            with file_lines as (
                select
                    row_number() over () as line_number,
                    coalesce(line, '') as line
                from {{ physical_lines(plan['place'], plan['encoding']) }}
            ),

            header_end as (
                select line_number from file_lines where trim(line, ' ') <> '' order by line_number limit 1 offset {{ plan['skipped'] + plan['header_height'] - 1 }}
            ),

            content_lines as (
                select * from file_lines
                {% if plan['files'] > 1 -%}
                    where line <> {{ quoted(plan['header_line']) }}
                {%- else -%}
                    where line_number > (select line_number from header_end)
                {%- endif %}
            ),

            -- How a line ends: outside quotes or inside, by how it begins.
            ends as (
                select
                    *,
                    contains(line, {{ q }}) and regexp_full_match(line, {{ quoted(open) }}) as opens,
                    not contains(line, {{ q }}) or regexp_full_match(line, {{ quoted(still_open) }}) as stays_open
                from content_lines
            ),

            -- A line that ends the same way however it begins tells the state; the others keep it or turn it round.
            turns as (
                select
                    *,
                    case when opens = stays_open then opens end as told,
                    sum(case when opens and not stays_open then 1 else 0 end) over (order by line_number) as turned
                from ends
            ),

            states as (
                select
                    *,
                    coalesce(last_value(told ignore nulls) over before_and_now, false) as told_last,
                    coalesce(last_value(case when told is not null then turned end ignore nulls) over before_and_now, 0) as turned_then
                from turns
                window before_and_now as (order by line_number rows between unbounded preceding and current row)
            ),

            begins as (
                select
                    *,
                    lag(told_last <> ((turned - turned_then) % 2 = 1), 1, false) over (order by line_number) as begins_inside
                from states
            ),

            numbered as (
                select
                    *,
                    sum(case when begins_inside then 0 else 1 end) over (order by line_number) as record
                from begins
            ),

            joined as (
                select
                    record,
                    string_agg(line, chr(10) order by line_number) as raw_line,
                    count(*) filter (where trim(line, ' ') <> '') as physical_lines,
                    count(*) as lines_spanned
                from numbered
                group by record
            ),

            fitting as (
                select
                    *,
                    {{ fields }} as fields
                from joined
                where lines_spanned > 1 and regexp_full_match(raw_line || {{ d }}, {{ quoted(closed_fields_pattern(plan['delimiter'], plan['quote'])) }})
            ),

            several as (
                select * from fitting
                where physical_lines > 0
            ),

            single as (
                select
                    numbered.line_number,
                    numbered.line as raw_line,
                    numbered.opens
                from numbered
                left join several on numbered.record = several.record
                where several.record is null and trim(numbered.line, ' ') <> ''
            ),

            records as (
                select
                    line_number,
                    raw_line,
                    1 as physical_lines,
                    opens as exists_open,
                    {{ fields }} as fields
                from single
                union all
                select
                    first_lines.line_number,
                    several.raw_line,
                    several.physical_lines,
                    false as exists_open,
                    several.fields
                from several
                inner join (select record, min(line_number) as line_number from numbered group by record) as first_lines
                    on several.record = first_lines.record
            )

            select * from records
            order by line_number
        ) as records
    {%- endif %}
{%- endmacro %}

{# A field of a record: without its quotes, null where it is empty. #}
{% macro csv_field(plan, position) -%}
    {% set field = 'fields[' ~ (position + 1) ~ ']' -%}
    {% if plan['has_quotes'] -%}
        {% set q = quoted(plan['quote']) -%}
        {% set bare = 'trim(' ~ field ~ ')' -%}
        {% set field = 'case when ' ~ bare ~ '[1] = ' ~ q ~ ' and ' ~ bare ~ '[-1] = ' ~ q ~ ' and length(' ~ bare ~ ') > 1 then replace('
            ~ bare ~ '[2:-2], ' ~ q ~ ' || ' ~ q ~ ', ' ~ q ~ ') else ' ~ field ~ ' end' -%}
    {%- endif -%}
    {{ return("nullif(" ~ field ~ ", '')") }}
{%- endmacro %}
