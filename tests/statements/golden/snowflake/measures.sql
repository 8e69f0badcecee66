-- first_means
WITH source_rows AS (SELECT sales.customers.customer_id AS row_key, CAST(sales.customers.income AS DOUBLE) AS
      number0, CAST(sales.customers.orders AS DOUBLE) AS number1, coalesce(CAST(sales.customers.city AS TEXT),
      '(missing)') AS text0
  FROM sales.customers), finite_rows AS (SELECT source_rows.row_key AS row_key, source_rows.number0 AS number0,
      source_rows.number1 AS number1, source_rows.text0 AS text0, CASE WHEN (source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308
      AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN source_rows.number0 END AS finite0, CASE
      WHEN (source_rows.number1 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
      AS DOUBLE)) THEN source_rows.number1 END AS finite1
  FROM source_rows ), reasoned_rows AS (SELECT finite_rows.row_key AS row_key, finite_rows.number0 AS number0,
      finite_rows.number1 AS number1, finite_rows.text0 AS text0, finite_rows.finite0 AS finite0,
      finite_rows.finite1 AS finite1, CASE WHEN (finite_rows.finite0 IS NULL) THEN 0 WHEN (finite_rows.finite1
      IS NULL) THEN 1 WHEN (finite_rows.finite1 < CAST(0.0e0 AS DOUBLE)) THEN 2 END AS reason
  FROM finite_rows ), checked_rows AS (SELECT reasoned_rows.row_key AS row_key, reasoned_rows.number0 AS
      number0, reasoned_rows.number1 AS number1, reasoned_rows.text0 AS text0, reasoned_rows.finite0 AS
      finite0, reasoned_rows.finite1 AS finite1, reasoned_rows.reason AS reason, CASE WHEN (reasoned_rows.reason
      IS NULL) THEN reasoned_rows.finite0 END AS value0, CASE WHEN (reasoned_rows.reason IS NULL) THEN ln(CASE
      WHEN (reasoned_rows.finite1 > CAST(-1.0e0 AS DOUBLE)) THEN reasoned_rows.finite1 + CAST(1.0e0 AS DOUBLE)
      END) END AS value1
  FROM reasoned_rows ), first_rows AS (SELECT checked_rows.row_key AS row_key, checked_rows.number0 AS number0,
      checked_rows.number1 AS number1, checked_rows.text0 AS text0, checked_rows.finite0 AS finite0,
      checked_rows.finite1 AS finite1, checked_rows.reason AS reason, checked_rows.value0 AS value0,
      checked_rows.value1 AS value1
  FROM checked_rows
  LIMIT 1000)
SELECT count(*) AS "ROWS", avg(first_rows.value0) AS near0, avg(first_rows.value1) AS near1
FROM first_rows;

-- measure
WITH source_rows AS (SELECT sales.customers.customer_id AS row_key, CAST(sales.customers.income AS DOUBLE) AS
      number0, CAST(sales.customers.orders AS DOUBLE) AS number1, coalesce(CAST(sales.customers.city AS TEXT),
      '(missing)') AS text0
  FROM sales.customers), finite_rows AS (SELECT source_rows.row_key AS row_key, source_rows.number0 AS number0,
      source_rows.number1 AS number1, source_rows.text0 AS text0, CASE WHEN (source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308
      AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN source_rows.number0 END AS finite0, CASE
      WHEN (source_rows.number1 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
      AS DOUBLE)) THEN source_rows.number1 END AS finite1
  FROM source_rows ), reasoned_rows AS (SELECT finite_rows.row_key AS row_key, finite_rows.number0 AS number0,
      finite_rows.number1 AS number1, finite_rows.text0 AS text0, finite_rows.finite0 AS finite0,
      finite_rows.finite1 AS finite1, CASE WHEN (finite_rows.finite0 IS NULL) THEN 0 WHEN (finite_rows.finite1
      IS NULL) THEN 1 WHEN (finite_rows.finite1 < CAST(0.0e0 AS DOUBLE)) THEN 2 END AS reason
  FROM finite_rows ), checked_rows AS (SELECT reasoned_rows.row_key AS row_key, reasoned_rows.number0 AS
      number0, reasoned_rows.number1 AS number1, reasoned_rows.text0 AS text0, reasoned_rows.finite0 AS
      finite0, reasoned_rows.finite1 AS finite1, reasoned_rows.reason AS reason, CASE WHEN (reasoned_rows.reason
      IS NULL) THEN reasoned_rows.finite0 END AS value0, CASE WHEN (reasoned_rows.reason IS NULL) THEN ln(CASE
      WHEN (reasoned_rows.finite1 > CAST(-1.0e0 AS DOUBLE)) THEN reasoned_rows.finite1 + CAST(1.0e0 AS DOUBLE)
      END) END AS value1
  FROM reasoned_rows )
SELECT count(*) AS "ROWS", count(CASE WHEN (checked_rows.row_key IS NULL) THEN 1 END) AS null_keys, count(CASE
    WHEN (checked_rows.reason IS NULL) THEN 1 END) AS kept, count(CASE WHEN (checked_rows.reason = 0) THEN 1
    END) AS excluded0, count(CASE WHEN (checked_rows.reason = 1) THEN 1 END) AS excluded1, count(CASE WHEN (checked_rows.reason
    = 2) THEN 1 END) AS excluded2, count(checked_rows.value0) AS count0, count(CASE WHEN checked_rows.number0 =
    CAST('NaN' AS DOUBLE) THEN 1 END) AS nan0, count(checked_rows.number0) - count(checked_rows.finite0) AS
    non_finite0, min(checked_rows.value0) AS minimum0, max(checked_rows.value0) AS maximum0, CAST(-1.5e0 AS
    DOUBLE) AS near0, sum(checked_rows.value0 - CAST(-1.5e0 AS DOUBLE)) AS first0, sum((checked_rows.value0 -
    CAST(-1.5e0 AS DOUBLE)) * (checked_rows.value0 - CAST(-1.5e0 AS DOUBLE))) AS second0, count(checked_rows.value1)
    AS count1, count(CASE WHEN checked_rows.number1 = CAST('NaN' AS DOUBLE) THEN 1 END) AS nan1, count(checked_rows.number1)
    - count(checked_rows.finite1) AS non_finite1, min(checked_rows.value1) AS minimum1, max(checked_rows.value1)
    AS maximum1, CAST(0.0e0 AS DOUBLE) AS near1, sum(checked_rows.value1 - CAST(0.0e0 AS DOUBLE)) AS first1,
    sum((checked_rows.value1 - CAST(0.0e0 AS DOUBLE)) * (checked_rows.value1 - CAST(0.0e0 AS DOUBLE))) AS
    second1, bitxor_agg(hash(checked_rows.row_key, checked_rows.number0, checked_rows.number1,
    checked_rows.text0)) AS fingerprint
FROM checked_rows;

-- fingerprint
WITH source_rows AS (SELECT sales.customers.customer_id AS row_key, CAST(sales.customers.income AS DOUBLE) AS
      number0, CAST(sales.customers.orders AS DOUBLE) AS number1, coalesce(CAST(sales.customers.city AS TEXT),
      '(missing)') AS text0
  FROM sales.customers)
SELECT bitxor_agg(hash(source_rows.row_key, source_rows.number0, source_rows.number1, source_rows.text0)) AS
    fingerprint
FROM source_rows;

-- repeated_keys
SELECT sales.customers.customer_id AS row_key, count(*) AS "ROWS"
FROM sales.customers
WHERE sales.customers.customer_id IS NOT NULL
GROUP BY sales.customers.customer_id
HAVING count(*) > 1
ORDER BY count(*) DESC, sales.customers.customer_id
LIMIT 3;

-- examples
SELECT sales.customers.customer_id AS row_key, sales.customers.income AS value
FROM sales.customers
WHERE CAST(sales.customers.income AS DOUBLE) NOT BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
    AS DOUBLE)
ORDER BY sales.customers.customer_id
LIMIT 3;

-- quantiles
WITH source_rows AS (SELECT sales.customers.customer_id AS row_key, CAST(sales.customers.income AS DOUBLE) AS
      number0, CAST(sales.customers.orders AS DOUBLE) AS number1, coalesce(CAST(sales.customers.city AS TEXT),
      '(missing)') AS text0
  FROM sales.customers), finite_rows AS (SELECT source_rows.row_key AS row_key, source_rows.number0 AS number0,
      source_rows.number1 AS number1, source_rows.text0 AS text0, CASE WHEN (source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308
      AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN source_rows.number0 END AS finite0, CASE
      WHEN (source_rows.number1 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
      AS DOUBLE)) THEN source_rows.number1 END AS finite1
  FROM source_rows ), reasoned_rows AS (SELECT finite_rows.row_key AS row_key, finite_rows.number0 AS number0,
      finite_rows.number1 AS number1, finite_rows.text0 AS text0, finite_rows.finite0 AS finite0,
      finite_rows.finite1 AS finite1, CASE WHEN (finite_rows.finite0 IS NULL) THEN 0 WHEN (finite_rows.finite1
      IS NULL) THEN 1 WHEN (finite_rows.finite1 < CAST(0.0e0 AS DOUBLE)) THEN 2 END AS reason
  FROM finite_rows ), checked_rows AS (SELECT reasoned_rows.row_key AS row_key, reasoned_rows.number0 AS
      number0, reasoned_rows.number1 AS number1, reasoned_rows.text0 AS text0, reasoned_rows.finite0 AS
      finite0, reasoned_rows.finite1 AS finite1, reasoned_rows.reason AS reason, CASE WHEN (reasoned_rows.reason
      IS NULL) THEN reasoned_rows.finite0 END AS value0, CASE WHEN (reasoned_rows.reason IS NULL) THEN
      reasoned_rows.finite1 END AS value1
  FROM reasoned_rows ), quantile_arrays AS (SELECT array_construct(percentile_cont(0.25) WITHIN GROUP (ORDER BY
      checked_rows.value0), percentile_cont(0.5) WITHIN GROUP (ORDER BY checked_rows.value0), percentile_cont(0.75)
      WITHIN GROUP (ORDER BY checked_rows.value0)) AS quantiles0, array_construct(percentile_cont(0.25) WITHIN
      GROUP (ORDER BY checked_rows.value1), percentile_cont(0.5) WITHIN GROUP (ORDER BY checked_rows.value1),
      percentile_cont(0.75) WITHIN GROUP (ORDER BY checked_rows.value1)) AS quantiles1
  FROM checked_rows)
SELECT CAST(get(quantile_arrays.quantiles0, 0) AS DOUBLE) AS quantile0_0, CAST(get(quantile_arrays.quantiles0,
    1) AS DOUBLE) AS quantile0_1, CAST(get(quantile_arrays.quantiles0, 2) AS DOUBLE) AS quantile0_2, CAST(get(quantile_arrays.quantiles1,
    0) AS DOUBLE) AS quantile1_0, CAST(get(quantile_arrays.quantiles1, 1) AS DOUBLE) AS quantile1_1, CAST(get(quantile_arrays.quantiles1,
    2) AS DOUBLE) AS quantile1_2
FROM quantile_arrays;

-- categories
WITH source_rows AS (SELECT sales.customers.customer_id AS row_key, CAST(sales.customers.income AS DOUBLE) AS
      number0, CAST(sales.customers.orders AS DOUBLE) AS number1, coalesce(CAST(sales.customers.city AS TEXT),
      '(missing)') AS text0
  FROM sales.customers), finite_rows AS (SELECT source_rows.row_key AS row_key, source_rows.number0 AS number0,
      source_rows.number1 AS number1, source_rows.text0 AS text0, CASE WHEN (source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308
      AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN source_rows.number0 END AS finite0, CASE
      WHEN (source_rows.number1 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
      AS DOUBLE)) THEN source_rows.number1 END AS finite1
  FROM source_rows ), reasoned_rows AS (SELECT finite_rows.row_key AS row_key, finite_rows.number0 AS number0,
      finite_rows.number1 AS number1, finite_rows.text0 AS text0, finite_rows.finite0 AS finite0,
      finite_rows.finite1 AS finite1, CASE WHEN (finite_rows.finite0 IS NULL) THEN 0 WHEN (finite_rows.finite1
      IS NULL) THEN 1 WHEN (finite_rows.finite1 < CAST(0.0e0 AS DOUBLE)) THEN 2 END AS reason
  FROM finite_rows ), checked_rows AS (SELECT reasoned_rows.row_key AS row_key, reasoned_rows.number0 AS
      number0, reasoned_rows.number1 AS number1, reasoned_rows.text0 AS text0, reasoned_rows.finite0 AS
      finite0, reasoned_rows.finite1 AS finite1, reasoned_rows.reason AS reason, CASE WHEN (reasoned_rows.reason
      IS NULL) THEN reasoned_rows.finite0 END AS value0, CASE WHEN (reasoned_rows.reason IS NULL) THEN
      reasoned_rows.finite1 END AS value1
  FROM reasoned_rows )
SELECT checked_rows.text0 AS category, count(*) AS "ROWS", CAST(count(*) AS DOUBLE) AS weight
FROM checked_rows
WHERE checked_rows.reason IS NULL
GROUP BY checked_rows.text0
ORDER BY count(*) DESC, checked_rows.text0;

-- measure of partitions
WITH source_rows AS (SELECT sales.customers.customer_id AS row_key, CAST(sales.customers.city AS TEXT) AS part,
      CAST(sales.customers.income AS DOUBLE) AS number0, CAST(sales.customers.orders AS DOUBLE) AS number1
  FROM sales.customers), finite_rows AS (SELECT source_rows.row_key AS row_key, source_rows.part AS part,
      source_rows.number0 AS number0, source_rows.number1 AS number1, CASE WHEN (source_rows.number0 BETWEEN
      CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN
      source_rows.number0 END AS finite0, CASE WHEN (source_rows.number1 BETWEEN CAST(-1.7976931348623157e+308
      AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN source_rows.number1 END AS finite1
  FROM source_rows ), reasoned_rows AS (SELECT finite_rows.row_key AS row_key, finite_rows.part AS part,
      finite_rows.number0 AS number0, finite_rows.number1 AS number1, finite_rows.finite0 AS finite0,
      finite_rows.finite1 AS finite1, CASE WHEN (finite_rows.finite0 IS NULL) THEN 0 WHEN (finite_rows.finite1
      IS NULL) THEN 1 WHEN (finite_rows.finite1 < CAST(0.0e0 AS DOUBLE)) THEN 2 END AS reason
  FROM finite_rows ), checked_rows AS (SELECT reasoned_rows.row_key AS row_key, reasoned_rows.part AS part,
      reasoned_rows.number0 AS number0, reasoned_rows.number1 AS number1, reasoned_rows.finite0 AS finite0,
      reasoned_rows.finite1 AS finite1, reasoned_rows.reason AS reason, CASE WHEN (reasoned_rows.reason IS NULL)
      THEN reasoned_rows.finite0 END AS value0, CASE WHEN (reasoned_rows.reason IS NULL) THEN ln(CASE WHEN (reasoned_rows.finite1
      > CAST(-1.0e0 AS DOUBLE)) THEN reasoned_rows.finite1 + CAST(1.0e0 AS DOUBLE) END) END AS value1
  FROM reasoned_rows )
SELECT count(*) AS "ROWS", count(CASE WHEN (checked_rows.row_key IS NULL) THEN 1 END) AS null_keys, count(CASE
    WHEN (checked_rows.reason IS NULL) THEN 1 END) AS kept, count(CASE WHEN (checked_rows.reason = 0) THEN 1
    END) AS excluded0, count(CASE WHEN (checked_rows.reason = 1) THEN 1 END) AS excluded1, count(CASE WHEN (checked_rows.reason
    = 2) THEN 1 END) AS excluded2, count(checked_rows.value0) AS count0, count(CASE WHEN checked_rows.number0 =
    CAST('NaN' AS DOUBLE) THEN 1 END) AS nan0, count(checked_rows.number0) - count(checked_rows.finite0) AS
    non_finite0, min(checked_rows.value0) AS minimum0, max(checked_rows.value0) AS maximum0, CAST(-1.5e0 AS
    DOUBLE) AS near0, sum(checked_rows.value0 - CAST(-1.5e0 AS DOUBLE)) AS first0, sum((checked_rows.value0 -
    CAST(-1.5e0 AS DOUBLE)) * (checked_rows.value0 - CAST(-1.5e0 AS DOUBLE))) AS second0, count(checked_rows.value1)
    AS count1, count(CASE WHEN checked_rows.number1 = CAST('NaN' AS DOUBLE) THEN 1 END) AS nan1, count(checked_rows.number1)
    - count(checked_rows.finite1) AS non_finite1, min(checked_rows.value1) AS minimum1, max(checked_rows.value1)
    AS maximum1, CAST(0.0e0 AS DOUBLE) AS near1, sum(checked_rows.value1 - CAST(0.0e0 AS DOUBLE)) AS first1,
    sum((checked_rows.value1 - CAST(0.0e0 AS DOUBLE)) * (checked_rows.value1 - CAST(0.0e0 AS DOUBLE))) AS
    second1, bitxor_agg(hash(checked_rows.row_key, checked_rows.part, checked_rows.number0,
    checked_rows.number1)) AS fingerprint, checked_rows.part
FROM checked_rows
GROUP BY checked_rows.part
ORDER BY checked_rows.part;

-- quantiles of partitions
WITH source_rows AS (SELECT sales.customers.customer_id AS row_key, CAST(sales.customers.city AS TEXT) AS part,
      CAST(sales.customers.income AS DOUBLE) AS number0, CAST(sales.customers.orders AS DOUBLE) AS number1
  FROM sales.customers), finite_rows AS (SELECT source_rows.row_key AS row_key, source_rows.part AS part,
      source_rows.number0 AS number0, source_rows.number1 AS number1, CASE WHEN (source_rows.number0 BETWEEN
      CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN
      source_rows.number0 END AS finite0, CASE WHEN (source_rows.number1 BETWEEN CAST(-1.7976931348623157e+308
      AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN source_rows.number1 END AS finite1
  FROM source_rows ), reasoned_rows AS (SELECT finite_rows.row_key AS row_key, finite_rows.part AS part,
      finite_rows.number0 AS number0, finite_rows.number1 AS number1, finite_rows.finite0 AS finite0,
      finite_rows.finite1 AS finite1, CASE WHEN (finite_rows.finite0 IS NULL) THEN 0 WHEN (finite_rows.finite1
      IS NULL) THEN 1 WHEN (finite_rows.finite1 < CAST(0.0e0 AS DOUBLE)) THEN 2 END AS reason
  FROM finite_rows ), checked_rows AS (SELECT reasoned_rows.row_key AS row_key, reasoned_rows.part AS part,
      reasoned_rows.number0 AS number0, reasoned_rows.number1 AS number1, reasoned_rows.finite0 AS finite0,
      reasoned_rows.finite1 AS finite1, reasoned_rows.reason AS reason, CASE WHEN (reasoned_rows.reason IS NULL)
      THEN reasoned_rows.finite0 END AS value0, CASE WHEN (reasoned_rows.reason IS NULL) THEN
      reasoned_rows.finite1 END AS value1
  FROM reasoned_rows ), quantile_arrays AS (SELECT array_construct(percentile_cont(0.25) WITHIN GROUP (ORDER BY
      checked_rows.value0), percentile_cont(0.5) WITHIN GROUP (ORDER BY checked_rows.value0), percentile_cont(0.75)
      WITHIN GROUP (ORDER BY checked_rows.value0)) AS quantiles0, array_construct(percentile_cont(0.25) WITHIN
      GROUP (ORDER BY checked_rows.value1), percentile_cont(0.5) WITHIN GROUP (ORDER BY checked_rows.value1),
      percentile_cont(0.75) WITHIN GROUP (ORDER BY checked_rows.value1)) AS quantiles1, checked_rows.part AS
      part
  FROM checked_rows
  GROUP BY checked_rows.part
  ORDER BY checked_rows.part)
SELECT quantile_arrays.part, CAST(get(quantile_arrays.quantiles0, 0) AS DOUBLE) AS quantile0_0, CAST(get(quantile_arrays.quantiles0,
    1) AS DOUBLE) AS quantile0_1, CAST(get(quantile_arrays.quantiles0, 2) AS DOUBLE) AS quantile0_2, CAST(get(quantile_arrays.quantiles1,
    0) AS DOUBLE) AS quantile1_0, CAST(get(quantile_arrays.quantiles1, 1) AS DOUBLE) AS quantile1_1, CAST(get(quantile_arrays.quantiles1,
    2) AS DOUBLE) AS quantile1_2
FROM quantile_arrays;
