-- profiles of partitions
WITH source_rows AS (SELECT sales.customers.customer_id AS row_key, CAST(sales.customers.city AS TEXT) AS part,
      CAST(sales.customers.income AS DOUBLE) AS number0, CAST(sales.customers.orders AS DOUBLE) AS number1
  FROM sales.customers), parameters AS (SELECT listed.part AS part, listed.place AS place, listed.center0 AS
      center0, listed.factor0 AS factor0, listed.center1 AS center1, listed.factor1 AS factor1, listed.segment0
      AS segment0, listed.limit0 AS limit0, listed.c0_0 AS c0_0, listed.c0_1 AS c0_1, listed.segment1 AS
      segment1, listed.limit1 AS limit1, listed.c1_0 AS c1_0, listed.c1_1 AS c1_1
  FROM (VALUES ('Oslo', 0, CAST(-1.5e0 AS DOUBLE), CAST(0.3333333333333333e0 AS DOUBLE), CAST(0.0e0 AS DOUBLE),
      CAST(1.0e0 AS DOUBLE), 1, CAST(1.0e0 AS DOUBLE), CAST(0.0e0 AS DOUBLE), CAST(1.0e0 AS DOUBLE), CAST(NULL
      AS INTEGER), CAST(0.0e0 AS DOUBLE), CAST(1e+100 AS DOUBLE), CAST(1e+100 AS DOUBLE)), ('b', 1, CAST(-1.5e0
      AS DOUBLE), CAST(0.3333333333333333e0 AS DOUBLE), CAST(0.0e0 AS DOUBLE), CAST(1.0e0 AS DOUBLE), 2, CAST(1.0e0
      AS DOUBLE), CAST(0.0e0 AS DOUBLE), CAST(1.0e0 AS DOUBLE), 3, CAST(1.0e0 AS DOUBLE), CAST(2.0e0 AS DOUBLE),
      CAST(3.0e0 AS DOUBLE))) AS listed (part, place, center0, factor0, center1, factor1, segment0, limit0,
      c0_0, c0_1, segment1, limit1, c1_0, c1_1)), scaled AS (SELECT source_rows.row_key AS row_key,
      source_rows.part AS part, parameters.place AS place, parameters.segment0 AS segment0, parameters.limit0
      AS limit0, parameters.c0_0 AS c0_0, parameters.c0_1 AS c0_1, parameters.segment1 AS segment1,
      parameters.limit1 AS limit1, parameters.c1_0 AS c1_0, parameters.c1_1 AS c1_1, (source_rows.number0 -
      parameters.center0) * parameters.factor0 AS x0, (ln(CASE WHEN (source_rows.number1 > CAST(-1.0e0 AS
      DOUBLE)) THEN source_rows.number1 + CAST(1.0e0 AS DOUBLE) END) - parameters.center1) * parameters.factor1
      AS x1, CASE WHEN (source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
      AS DOUBLE)) THEN source_rows.number0 END AS raw0, CASE WHEN (source_rows.number1 BETWEEN CAST(-1.7976931348623157e+308
      AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN source_rows.number1 END AS raw1
  FROM source_rows JOIN parameters ON source_rows.part = parameters.part
  WHERE source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
      AS DOUBLE) AND source_rows.number1 BETWEEN CAST(0.0e0 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS
      DOUBLE)), distances AS (SELECT scaled.row_key AS row_key, scaled.part AS part, scaled.place AS place,
      scaled.segment0 AS segment0, scaled.limit0 AS limit0, scaled.c0_0 AS c0_0, scaled.c0_1 AS c0_1,
      scaled.segment1 AS segment1, scaled.limit1 AS limit1, scaled.c1_0 AS c1_0, scaled.c1_1 AS c1_1, scaled.x0
      AS x0, scaled.x1 AS x1, scaled.raw0 AS raw0, scaled.raw1 AS raw1, (scaled.x0 - scaled.c0_0) * (scaled.x0
      - scaled.c0_0) + (scaled.x1 - scaled.c0_1) * (scaled.x1 - scaled.c0_1) AS squared0, (scaled.x0 -
      scaled.c1_0) * (scaled.x0 - scaled.c1_0) + (scaled.x1 - scaled.c1_1) * (scaled.x1 - scaled.c1_1) AS
      squared1
  FROM scaled ), nearest AS (SELECT distances.row_key AS row_key, distances.part AS part, distances.place AS
      place, distances.segment0 AS segment0, distances.limit0 AS limit0, distances.c0_0 AS c0_0, distances.c0_1
      AS c0_1, distances.segment1 AS segment1, distances.limit1 AS limit1, distances.c1_0 AS c1_0,
      distances.c1_1 AS c1_1, distances.x0 AS x0, distances.x1 AS x1, distances.raw0 AS raw0, distances.raw1 AS
      raw1, distances.squared0 AS squared0, distances.squared1 AS squared1, CASE WHEN (distances.squared0 <=
      distances.squared1) THEN distances.segment0 ELSE distances.segment1 END AS segment_id
  FROM distances ), assigned AS (SELECT nearest.segment_id AS segment_id, nearest.place AS place, nearest.raw0
      AS raw0, nearest.raw1 AS raw1
  FROM nearest)
SELECT assigned.segment_id, count(assigned.raw0) AS rows0, sum(assigned.raw0 - CAST(-1.5e0 AS DOUBLE)) AS
    first0, sum((assigned.raw0 - CAST(-1.5e0 AS DOUBLE)) * (assigned.raw0 - CAST(-1.5e0 AS DOUBLE))) AS
    second0, min(assigned.raw0) AS minimum0, max(assigned.raw0) AS maximum0, count(assigned.raw1) AS rows1, sum(assigned.raw1
    - CAST(4.29449005047003e0 AS DOUBLE)) AS first1, sum((assigned.raw1 - CAST(4.29449005047003e0 AS DOUBLE)) *
    (assigned.raw1 - CAST(4.29449005047003e0 AS DOUBLE))) AS second1, min(assigned.raw1) AS minimum1, max(assigned.raw1)
    AS maximum1, count(*) AS all_rows
FROM assigned
GROUP BY assigned.segment_id
ORDER BY assigned.segment_id;

-- profiles
WITH source_rows AS (SELECT sales.customers.customer_id AS row_key, CAST(sales.customers.income AS DOUBLE) AS
      number0, CAST(sales.customers.orders AS DOUBLE) AS number1, coalesce(CAST(sales.customers.city AS TEXT),
      '(missing)') AS text0
  FROM sales.customers), prepared AS (SELECT /* u = value - origin */ source_rows.row_key AS row_key,
      source_rows.number0 AS u0, ln(CASE WHEN (source_rows.number1 > CAST(-1.0e0 AS DOUBLE)) THEN
      source_rows.number1 + CAST(1.0e0 AS DOUBLE) END) AS u1, CASE WHEN (source_rows.text0 = 'Oslo') THEN CAST(1.0e0
      AS DOUBLE) ELSE CAST(0.0e0 AS DOUBLE) END AS u2, CASE WHEN (source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308
      AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN source_rows.number0 END AS raw0, CASE WHEN (source_rows.number1
      BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN
      source_rows.number1 END AS raw1, CASE WHEN (source_rows.text0 = 'Oslo') THEN CAST(1.0e0 AS DOUBLE) ELSE
      CAST(0.0e0 AS DOUBLE) END AS raw2
  FROM source_rows
  WHERE source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
      AS DOUBLE) AND source_rows.number1 BETWEEN CAST(0.0e0 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS
      DOUBLE)), distances AS (SELECT prepared.row_key AS row_key, prepared.u0 AS u0, prepared.u1 AS u1,
      prepared.u2 AS u2, prepared.raw0 AS raw0, prepared.raw1 AS raw1, prepared.raw2 AS raw2, CAST(0.0e0 AS
      DOUBLE) AS cost0, CAST(4.75e0 AS DOUBLE) + prepared.u0 * CAST(0.6666666666666666e0 AS DOUBLE) +
      prepared.u1 * CAST(-2.0e0 AS DOUBLE) + prepared.u2 * CAST(1.0e0 AS DOUBLE) AS cost1
  FROM prepared ), assigned AS (SELECT CASE WHEN (distances.cost0 <= distances.cost1) THEN 4 ELSE 2 END AS
      segment_id, distances.raw0 AS raw0, distances.raw1 AS raw1, distances.raw2 AS raw2
  FROM distances)
SELECT assigned.segment_id, count(assigned.raw0) AS rows0, sum(assigned.raw0 - CAST(-1.5e0 AS DOUBLE)) AS
    first0, sum((assigned.raw0 - CAST(-1.5e0 AS DOUBLE)) * (assigned.raw0 - CAST(-1.5e0 AS DOUBLE))) AS
    second0, min(assigned.raw0) AS minimum0, max(assigned.raw0) AS maximum0, count(assigned.raw1) AS rows1, sum(assigned.raw1
    - CAST(3.481689070338065e0 AS DOUBLE)) AS first1, sum((assigned.raw1 - CAST(3.481689070338065e0 AS DOUBLE))
    * (assigned.raw1 - CAST(3.481689070338065e0 AS DOUBLE))) AS second1, min(assigned.raw1) AS minimum1, max(assigned.raw1)
    AS maximum1, count(assigned.raw2) AS rows2, sum(assigned.raw2) AS first2, sum(assigned.raw2 * assigned.raw2)
    AS second2, min(assigned.raw2) AS minimum2, max(assigned.raw2) AS maximum2, count(*) AS all_rows, coalesce(sum(CAST(assigned.raw0
    < CAST(1.0e0 AS DOUBLE) AS INTEGER)), 0) AS fits0
FROM assigned
GROUP BY assigned.segment_id
ORDER BY assigned.segment_id;

-- profiles with measures
WITH source_rows AS (SELECT sales.customers.customer_id AS row_key, CAST(sales.customers.income AS DOUBLE) AS
      number0, CAST(sales.customers.orders AS DOUBLE) AS number1, CAST(sales.customers.city AS DOUBLE) AS
      number2, coalesce(CAST(sales.customers.city AS TEXT), '(missing)') AS text0
  FROM sales.customers), prepared AS (SELECT /* u = value - origin */ source_rows.row_key AS row_key,
      source_rows.number0 AS u0, ln(CASE WHEN (source_rows.number1 > CAST(-1.0e0 AS DOUBLE)) THEN
      source_rows.number1 + CAST(1.0e0 AS DOUBLE) END) AS u1, CASE WHEN (source_rows.text0 = 'Oslo') THEN CAST(1.0e0
      AS DOUBLE) ELSE CAST(0.0e0 AS DOUBLE) END AS u2, CASE WHEN (source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308
      AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN source_rows.number0 END AS raw0, CASE WHEN (source_rows.number1
      BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN
      source_rows.number1 END AS raw1, CASE WHEN (source_rows.text0 = 'Oslo') THEN CAST(1.0e0 AS DOUBLE) ELSE
      CAST(0.0e0 AS DOUBLE) END AS raw2, CASE WHEN (source_rows.number2 BETWEEN CAST(-1e+100 AS DOUBLE) AND
      CAST(1e+100 AS DOUBLE)) THEN source_rows.number2 END AS raw3
  FROM source_rows
  WHERE source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
      AS DOUBLE) AND source_rows.number1 BETWEEN CAST(0.0e0 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS
      DOUBLE)), distances AS (SELECT prepared.row_key AS row_key, prepared.u0 AS u0, prepared.u1 AS u1,
      prepared.u2 AS u2, prepared.raw0 AS raw0, prepared.raw1 AS raw1, prepared.raw2 AS raw2, prepared.raw3 AS
      raw3, CAST(0.0e0 AS DOUBLE) AS cost0, CAST(4.75e0 AS DOUBLE) + prepared.u0 * CAST(0.6666666666666666e0 AS
      DOUBLE) + prepared.u1 * CAST(-2.0e0 AS DOUBLE) + prepared.u2 * CAST(1.0e0 AS DOUBLE) AS cost1
  FROM prepared ), assigned AS (SELECT CASE WHEN (distances.cost0 <= distances.cost1) THEN 4 ELSE 2 END AS
      segment_id, distances.raw0 AS raw0, distances.raw1 AS raw1, distances.raw2 AS raw2, distances.raw3 AS
      raw3
  FROM distances)
SELECT assigned.segment_id, count(assigned.raw0) AS rows0, sum(assigned.raw0 - CAST(-1.5e0 AS DOUBLE)) AS
    first0, sum((assigned.raw0 - CAST(-1.5e0 AS DOUBLE)) * (assigned.raw0 - CAST(-1.5e0 AS DOUBLE))) AS
    second0, min(assigned.raw0) AS minimum0, max(assigned.raw0) AS maximum0, count(assigned.raw1) AS rows1, sum(assigned.raw1
    - CAST(3.481689070338065e0 AS DOUBLE)) AS first1, sum((assigned.raw1 - CAST(3.481689070338065e0 AS DOUBLE))
    * (assigned.raw1 - CAST(3.481689070338065e0 AS DOUBLE))) AS second1, min(assigned.raw1) AS minimum1, max(assigned.raw1)
    AS maximum1, count(assigned.raw2) AS rows2, sum(assigned.raw2) AS first2, sum(assigned.raw2 * assigned.raw2)
    AS second2, min(assigned.raw2) AS minimum2, max(assigned.raw2) AS maximum2, count(assigned.raw3) AS rows3,
    sum(assigned.raw3 - CAST(12.0e0 AS DOUBLE)) AS first3, sum((assigned.raw3 - CAST(12.0e0 AS DOUBLE)) * (assigned.raw3
    - CAST(12.0e0 AS DOUBLE))) AS second3, min(assigned.raw3) AS minimum3, max(assigned.raw3) AS maximum3,
    count(*) AS all_rows
FROM assigned
GROUP BY assigned.segment_id
ORDER BY assigned.segment_id;

-- measure_counts
WITH source_rows AS (SELECT sales.customers.customer_id AS row_key, CAST(sales.customers.city AS DOUBLE) AS
      number0, CAST(sales.customers.income AS DOUBLE) AS number1
  FROM sales.customers)
SELECT count(*) AS "ROWS", count(source_rows.number0) AS present0, count(CASE WHEN (source_rows.number0 BETWEEN
    CAST(-1e+100 AS DOUBLE) AND CAST(1e+100 AS DOUBLE)) THEN source_rows.number0 END) AS usable0, avg(CASE WHEN
    (source_rows.number0 BETWEEN CAST(-1e+100 AS DOUBLE) AND CAST(1e+100 AS DOUBLE)) THEN source_rows.number0
    END) AS mean0, count(source_rows.number1) AS present1, count(CASE WHEN (source_rows.number1 BETWEEN CAST(-1e+100
    AS DOUBLE) AND CAST(1e+100 AS DOUBLE)) THEN source_rows.number1 END) AS usable1, avg(CASE WHEN (source_rows.number1
    BETWEEN CAST(-1e+100 AS DOUBLE) AND CAST(1e+100 AS DOUBLE)) THEN source_rows.number1 END) AS mean1
FROM source_rows;

-- profile_quantiles
WITH source_rows AS (SELECT sales.customers.customer_id AS row_key, CAST(sales.customers.income AS DOUBLE) AS
      number0, CAST(sales.customers.orders AS DOUBLE) AS number1, coalesce(CAST(sales.customers.city AS TEXT),
      '(missing)') AS text0
  FROM sales.customers), prepared AS (SELECT /* u = value - origin */ source_rows.row_key AS row_key,
      source_rows.number0 AS u0, ln(CASE WHEN (source_rows.number1 > CAST(-1.0e0 AS DOUBLE)) THEN
      source_rows.number1 + CAST(1.0e0 AS DOUBLE) END) AS u1, CASE WHEN (source_rows.text0 = 'Oslo') THEN CAST(1.0e0
      AS DOUBLE) ELSE CAST(0.0e0 AS DOUBLE) END AS u2, CASE WHEN (source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308
      AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN source_rows.number0 END AS raw0, CASE WHEN (source_rows.number1
      BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN
      source_rows.number1 END AS raw1, CASE WHEN (source_rows.text0 = 'Oslo') THEN CAST(1.0e0 AS DOUBLE) ELSE
      CAST(0.0e0 AS DOUBLE) END AS raw2
  FROM source_rows
  WHERE source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
      AS DOUBLE) AND source_rows.number1 BETWEEN CAST(0.0e0 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS
      DOUBLE) AND CAST(hash(source_rows.row_key, 0) AS DOUBLE) * CAST(5.421010862427522e-20 AS DOUBLE) + CAST(0.5e0
      AS DOUBLE) < CAST(0.1e0 AS DOUBLE)), distances AS (SELECT prepared.row_key AS row_key, prepared.u0 AS u0,
      prepared.u1 AS u1, prepared.u2 AS u2, prepared.raw0 AS raw0, prepared.raw1 AS raw1, prepared.raw2 AS
      raw2, CAST(0.0e0 AS DOUBLE) AS cost0, CAST(4.75e0 AS DOUBLE) + prepared.u0 * CAST(0.6666666666666666e0 AS
      DOUBLE) + prepared.u1 * CAST(-2.0e0 AS DOUBLE) + prepared.u2 * CAST(1.0e0 AS DOUBLE) AS cost1
  FROM prepared ), assigned AS (SELECT CASE WHEN (distances.cost0 <= distances.cost1) THEN 4 ELSE 2 END AS
      segment_id, distances.raw0 AS raw0, distances.raw1 AS raw1, distances.raw2 AS raw2
  FROM distances), quantile_arrays AS (SELECT assigned.segment_id AS segment_id, array_construct(percentile_cont(0.25)
      WITHIN GROUP (ORDER BY assigned.raw0), percentile_cont(0.5) WITHIN GROUP (ORDER BY assigned.raw0),
      percentile_cont(0.75) WITHIN GROUP (ORDER BY assigned.raw0)) AS quantiles0, array_construct(percentile_cont(0.25)
      WITHIN GROUP (ORDER BY assigned.raw1), percentile_cont(0.5) WITHIN GROUP (ORDER BY assigned.raw1),
      percentile_cont(0.75) WITHIN GROUP (ORDER BY assigned.raw1)) AS quantiles1, array_construct(percentile_cont(0.25)
      WITHIN GROUP (ORDER BY assigned.raw2), percentile_cont(0.5) WITHIN GROUP (ORDER BY assigned.raw2),
      percentile_cont(0.75) WITHIN GROUP (ORDER BY assigned.raw2)) AS quantiles2
  FROM assigned
  GROUP BY assigned.segment_id)
SELECT quantile_arrays.segment_id, CAST(get(quantile_arrays.quantiles0, 0) AS DOUBLE) AS quantile0_0, CAST(get(quantile_arrays.quantiles0,
    1) AS DOUBLE) AS quantile0_1, CAST(get(quantile_arrays.quantiles0, 2) AS DOUBLE) AS quantile0_2, CAST(get(quantile_arrays.quantiles1,
    0) AS DOUBLE) AS quantile1_0, CAST(get(quantile_arrays.quantiles1, 1) AS DOUBLE) AS quantile1_1, CAST(get(quantile_arrays.quantiles1,
    2) AS DOUBLE) AS quantile1_2, CAST(get(quantile_arrays.quantiles2, 0) AS DOUBLE) AS quantile2_0, CAST(get(quantile_arrays.quantiles2,
    1) AS DOUBLE) AS quantile2_1, CAST(get(quantile_arrays.quantiles2, 2) AS DOUBLE) AS quantile2_2
FROM quantile_arrays
ORDER BY quantile_arrays.segment_id;

-- profile_quantiles overall
WITH source_rows AS (SELECT sales.customers.customer_id AS row_key, CAST(sales.customers.income AS DOUBLE) AS
      number0, CAST(sales.customers.orders AS DOUBLE) AS number1, coalesce(CAST(sales.customers.city AS TEXT),
      '(missing)') AS text0
  FROM sales.customers), prepared AS (SELECT /* u = value - origin */ source_rows.row_key AS row_key,
      source_rows.number0 AS u0, ln(CASE WHEN (source_rows.number1 > CAST(-1.0e0 AS DOUBLE)) THEN
      source_rows.number1 + CAST(1.0e0 AS DOUBLE) END) AS u1, CASE WHEN (source_rows.text0 = 'Oslo') THEN CAST(1.0e0
      AS DOUBLE) ELSE CAST(0.0e0 AS DOUBLE) END AS u2, CASE WHEN (source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308
      AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN source_rows.number0 END AS raw0, CASE WHEN (source_rows.number1
      BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN
      source_rows.number1 END AS raw1, CASE WHEN (source_rows.text0 = 'Oslo') THEN CAST(1.0e0 AS DOUBLE) ELSE
      CAST(0.0e0 AS DOUBLE) END AS raw2
  FROM source_rows
  WHERE source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
      AS DOUBLE) AND source_rows.number1 BETWEEN CAST(0.0e0 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS
      DOUBLE)), distances AS (SELECT prepared.row_key AS row_key, prepared.u0 AS u0, prepared.u1 AS u1,
      prepared.u2 AS u2, prepared.raw0 AS raw0, prepared.raw1 AS raw1, prepared.raw2 AS raw2, CAST(0.0e0 AS
      DOUBLE) AS cost0, CAST(4.75e0 AS DOUBLE) + prepared.u0 * CAST(0.6666666666666666e0 AS DOUBLE) +
      prepared.u1 * CAST(-2.0e0 AS DOUBLE) + prepared.u2 * CAST(1.0e0 AS DOUBLE) AS cost1
  FROM prepared ), assigned AS (SELECT CASE WHEN (distances.cost0 <= distances.cost1) THEN 4 ELSE 2 END AS
      segment_id, distances.raw0 AS raw0, distances.raw1 AS raw1, distances.raw2 AS raw2
  FROM distances), quantile_arrays AS (SELECT CAST(NULL AS INTEGER) AS segment_id, array_construct(percentile_cont(0.25)
      WITHIN GROUP (ORDER BY assigned.raw0), percentile_cont(0.5) WITHIN GROUP (ORDER BY assigned.raw0),
      percentile_cont(0.75) WITHIN GROUP (ORDER BY assigned.raw0)) AS quantiles0, array_construct(percentile_cont(0.25)
      WITHIN GROUP (ORDER BY assigned.raw1), percentile_cont(0.5) WITHIN GROUP (ORDER BY assigned.raw1),
      percentile_cont(0.75) WITHIN GROUP (ORDER BY assigned.raw1)) AS quantiles1, array_construct(percentile_cont(0.25)
      WITHIN GROUP (ORDER BY assigned.raw2), percentile_cont(0.5) WITHIN GROUP (ORDER BY assigned.raw2),
      percentile_cont(0.75) WITHIN GROUP (ORDER BY assigned.raw2)) AS quantiles2
  FROM assigned)
SELECT quantile_arrays.segment_id, CAST(get(quantile_arrays.quantiles0, 0) AS DOUBLE) AS quantile0_0, CAST(get(quantile_arrays.quantiles0,
    1) AS DOUBLE) AS quantile0_1, CAST(get(quantile_arrays.quantiles0, 2) AS DOUBLE) AS quantile0_2, CAST(get(quantile_arrays.quantiles1,
    0) AS DOUBLE) AS quantile1_0, CAST(get(quantile_arrays.quantiles1, 1) AS DOUBLE) AS quantile1_1, CAST(get(quantile_arrays.quantiles1,
    2) AS DOUBLE) AS quantile1_2, CAST(get(quantile_arrays.quantiles2, 0) AS DOUBLE) AS quantile2_0, CAST(get(quantile_arrays.quantiles2,
    1) AS DOUBLE) AS quantile2_1, CAST(get(quantile_arrays.quantiles2, 2) AS DOUBLE) AS quantile2_2
FROM quantile_arrays
ORDER BY quantile_arrays.segment_id;
