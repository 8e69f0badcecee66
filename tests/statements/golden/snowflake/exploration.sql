-- segment_sample
WITH candidates AS (SELECT segments.groups_history.customer_id AS row_key, segments.groups_history.segment_id
      AS segment_id, segments.groups_history.is_outlier AS is_outlier, CAST(hash(segments.groups_history.customer_id,
      7) AS DOUBLE) * CAST(5.421010862427522e-20 AS DOUBLE) + CAST(0.5e0 AS DOUBLE) AS sampling_key
  FROM segments.groups_history
  WHERE segments.groups_history.run_id = 12 AND CAST(hash(segments.groups_history.customer_id, 7) AS DOUBLE) *
      CAST(5.421010862427522e-20 AS DOUBLE) + CAST(0.5e0 AS DOUBLE) < CASE WHEN (segments.groups_history.segment_id
      = 4) THEN CAST(0.11666666666666667e0 AS DOUBLE) WHEN (segments.groups_history.segment_id = 2) THEN CAST(1.0e0
      AS DOUBLE) ELSE CAST(0.0e0 AS DOUBLE) END), ranked AS (SELECT candidates.row_key AS row_key,
      candidates.segment_id AS segment_id, candidates.is_outlier AS is_outlier, candidates.sampling_key AS
      sampling_key, row_number() OVER (PARTITION BY candidates.segment_id ORDER BY candidates.sampling_key,
      candidates.row_key) AS place
  FROM candidates), chosen AS (SELECT ranked.row_key AS row_key, ranked.segment_id AS segment_id,
      ranked.is_outlier AS is_outlier, ranked.sampling_key AS sampling_key, ranked.place AS place
  FROM ranked
  WHERE ranked.place <= CASE WHEN (ranked.segment_id = 4) THEN 50 WHEN (ranked.segment_id = 2) THEN 50 ELSE 0
      END), source_rows AS (SELECT sales.customers.customer_id AS row_key, CAST(sales.customers.income AS
      DOUBLE) AS number0, CAST(sales.customers.orders AS DOUBLE) AS number1, coalesce(CAST(sales.customers.city
      AS TEXT), '(missing)') AS text0
  FROM sales.customers), scaled AS (SELECT /* x = (value - center) / scale * weight */ source_rows.row_key AS
      row_key, (source_rows.number0 - CAST(-1.5e0 AS DOUBLE)) * CAST(0.3333333333333333e0 AS DOUBLE) AS x0, ln(CASE
      WHEN (source_rows.number1 > CAST(-1.0e0 AS DOUBLE)) THEN source_rows.number1 + CAST(1.0e0 AS DOUBLE) END)
      AS x1, CASE WHEN (source_rows.text0 = 'Oslo') THEN CAST(1.0e0 AS DOUBLE) ELSE CAST(0.0e0 AS DOUBLE) END
      AS x2
  FROM source_rows
  WHERE source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
      AS DOUBLE) AND source_rows.number1 BETWEEN CAST(0.0e0 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS
      DOUBLE))
SELECT chosen.segment_id, CASE WHEN chosen.is_outlier THEN 1 ELSE 0 END AS is_outlier, scaled.x0, scaled.x1,
    scaled.x2
FROM chosen JOIN scaled ON chosen.row_key = scaled.row_key
ORDER BY chosen.segment_id, chosen.sampling_key, chosen.row_key;

-- overview
WITH source_rows AS (SELECT sales.customers.customer_id AS row_key, CAST(sales.customers.income AS DOUBLE) AS
      number0, CAST(sales.customers.orders AS DOUBLE) AS number1
  FROM sales.customers), finite_rows AS (SELECT source_rows.row_key AS row_key, source_rows.number0 AS number0,
      source_rows.number1 AS number1, CASE WHEN (source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308 AS
      DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN source_rows.number0 END AS finite0, CASE WHEN (source_rows.number1
      BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN
      source_rows.number1 END AS finite1
  FROM source_rows )
SELECT count(*) AS "ROWS", count(*) - count(finite_rows.number0) AS null0, count(finite_rows.number0) - count(finite_rows.finite0)
    AS non_finite0, min(finite_rows.finite0) AS minimum0, max(finite_rows.finite0) AS maximum0, avg(finite_rows.finite0)
    AS mean0, count(*) - count(finite_rows.number1) AS null1, count(finite_rows.number1) - count(finite_rows.finite1)
    AS non_finite1, min(finite_rows.finite1) AS minimum1, max(finite_rows.finite1) AS maximum1, avg(finite_rows.finite1)
    AS mean1
FROM finite_rows;

-- overview of a boolean
WITH source_rows AS (SELECT sales.customers.customer_id AS row_key, CAST(sales.customers.income AS DOUBLE) AS
      number0, CASE WHEN sales.customers.orders THEN CAST(1.0e0 AS DOUBLE) WHEN (NOT sales.customers.orders)
      THEN CAST(0.0e0 AS DOUBLE) END AS number1
  FROM sales.customers), finite_rows AS (SELECT source_rows.row_key AS row_key, source_rows.number0 AS number0,
      source_rows.number1 AS number1, CASE WHEN (source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308 AS
      DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN source_rows.number0 END AS finite0, CASE WHEN (source_rows.number1
      BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN
      source_rows.number1 END AS finite1
  FROM source_rows )
SELECT count(*) AS "ROWS", count(*) - count(finite_rows.number0) AS null0, count(finite_rows.number0) - count(finite_rows.finite0)
    AS non_finite0, min(finite_rows.finite0) AS minimum0, max(finite_rows.finite0) AS maximum0, avg(finite_rows.finite0)
    AS mean0, count(*) - count(finite_rows.number1) AS null1, count(finite_rows.number1) - count(finite_rows.finite1)
    AS non_finite1, min(finite_rows.finite1) AS minimum1, max(finite_rows.finite1) AS maximum1, avg(finite_rows.finite1)
    AS mean1
FROM finite_rows;

-- correlations
WITH source_rows AS (SELECT sales.customers.customer_id AS row_key, CAST(sales.customers.income AS DOUBLE) AS
      number0, CAST(sales.customers.orders AS DOUBLE) AS number1
  FROM sales.customers), finite_rows AS (SELECT source_rows.row_key AS row_key, source_rows.number0 AS number0,
      source_rows.number1 AS number1, CASE WHEN (source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308 AS
      DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN source_rows.number0 END AS finite0, CASE WHEN (source_rows.number1
      BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN
      source_rows.number1 END AS finite1
  FROM source_rows )
SELECT count(*) AS "ROWS", sum(finite_rows.finite0 - CAST(1.5e0 AS DOUBLE)) AS first0, sum((finite_rows.finite0
    - CAST(1.5e0 AS DOUBLE)) * (finite_rows.finite0 - CAST(1.5e0 AS DOUBLE))) AS second0, corr(finite_rows.finite1,
    finite_rows.finite0 - CAST(1.5e0 AS DOUBLE)) AS corr1_0
FROM finite_rows;

-- histogram
WITH value_rows AS (SELECT coalesce(CAST(sales.customers.city AS TEXT), '(missing)') AS grp, CASE WHEN (CAST(sales.customers.income
      AS DOUBLE) BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE))
      THEN CAST(sales.customers.income AS DOUBLE) END AS value
  FROM sales.customers), placed_rows AS (SELECT value_rows.grp AS grp, CASE WHEN (floor((ln(CASE WHEN (value_rows.value
      > CAST(-1.0e0 AS DOUBLE)) THEN value_rows.value + CAST(1.0e0 AS DOUBLE) END) - CAST(0.0e0 AS DOUBLE)) *
      CAST(3.3333333333333335e0 AS DOUBLE)) < CAST(0.0e0 AS DOUBLE)) THEN CAST(0.0e0 AS DOUBLE) WHEN (floor((ln(CASE
      WHEN (value_rows.value > CAST(-1.0e0 AS DOUBLE)) THEN value_rows.value + CAST(1.0e0 AS DOUBLE) END) -
      CAST(0.0e0 AS DOUBLE)) * CAST(3.3333333333333335e0 AS DOUBLE)) > CAST(9.0e0 AS DOUBLE)) THEN CAST(9.0e0
      AS DOUBLE) ELSE floor((ln(CASE WHEN (value_rows.value > CAST(-1.0e0 AS DOUBLE)) THEN value_rows.value +
      CAST(1.0e0 AS DOUBLE) END) - CAST(0.0e0 AS DOUBLE)) * CAST(3.3333333333333335e0 AS DOUBLE)) END AS bin
  FROM value_rows
  WHERE ln(CASE WHEN (value_rows.value > CAST(-1.0e0 AS DOUBLE)) THEN value_rows.value + CAST(1.0e0 AS DOUBLE)
      END) IS NOT NULL)
SELECT placed_rows.grp, CAST(placed_rows.bin AS INTEGER) AS bin, count(*) AS "ROWS"
FROM placed_rows
GROUP BY placed_rows.grp, placed_rows.bin
ORDER BY placed_rows.grp, placed_rows.bin;

-- largest_groups
SELECT coalesce(CAST(sales.customers.city AS TEXT), '(missing)') AS category, count(*) AS "ROWS"
FROM sales.customers
GROUP BY coalesce(CAST(sales.customers.city AS TEXT), '(missing)')
ORDER BY count(*) DESC, coalesce(CAST(sales.customers.city AS TEXT), '(missing)')
LIMIT 5;

-- crossed
SELECT first_history.segment_id AS first_id, second_history.segment_id AS second_id, count(*) AS "ROWS"
FROM segments.groups_history AS first_history JOIN segments.groups_history AS second_history ON
    first_history.customer_id = second_history.customer_id
WHERE first_history.run_id = 12 AND second_history.run_id = 11
GROUP BY first_history.segment_id, second_history.segment_id
ORDER BY first_history.segment_id, second_history.segment_id;

-- segment_counts
SELECT segments.groups_history.segment_id, count(*) AS "ROWS", count(CASE WHEN
    segments.groups_history.is_outlier THEN 1 END) AS outliers, count(CASE WHEN (segments.groups_history.margin
    < CAST(0.1e0 AS DOUBLE) * segments.groups_history.distance) THEN 1 END) AS near_border
FROM segments.groups_history
WHERE segments.groups_history.run_id = 12
GROUP BY segments.groups_history.segment_id
ORDER BY segments.groups_history.segment_id;
