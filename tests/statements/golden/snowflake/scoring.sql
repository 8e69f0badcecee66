-- assignment of partitions
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
      AS x1
  FROM source_rows JOIN parameters ON source_rows.part = parameters.part
  WHERE source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
      AS DOUBLE) AND source_rows.number1 BETWEEN CAST(0.0e0 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS
      DOUBLE)), distances AS (SELECT scaled.row_key AS row_key, scaled.part AS part, scaled.place AS place,
      scaled.segment0 AS segment0, scaled.limit0 AS limit0, scaled.c0_0 AS c0_0, scaled.c0_1 AS c0_1,
      scaled.segment1 AS segment1, scaled.limit1 AS limit1, scaled.c1_0 AS c1_0, scaled.c1_1 AS c1_1, scaled.x0
      AS x0, scaled.x1 AS x1, (scaled.x0 - scaled.c0_0) * (scaled.x0 - scaled.c0_0) + (scaled.x1 - scaled.c0_1)
      * (scaled.x1 - scaled.c0_1) AS squared0, (scaled.x0 - scaled.c1_0) * (scaled.x0 - scaled.c1_0) + (scaled.x1
      - scaled.c1_1) * (scaled.x1 - scaled.c1_1) AS squared1
  FROM scaled ), nearest AS (SELECT distances.row_key AS row_key, distances.part AS part, distances.place AS
      place, distances.segment0 AS segment0, distances.limit0 AS limit0, distances.c0_0 AS c0_0, distances.c0_1
      AS c0_1, distances.segment1 AS segment1, distances.limit1 AS limit1, distances.c1_0 AS c1_0,
      distances.c1_1 AS c1_1, distances.x0 AS x0, distances.x1 AS x1, distances.squared0 AS squared0,
      distances.squared1 AS squared1, CASE WHEN (distances.squared0 <= distances.squared1) THEN
      distances.segment0 ELSE distances.segment1 END AS segment_id
  FROM distances ), runner_up AS (SELECT nearest.row_key AS row_key, nearest.part AS part, nearest.place AS
      place, nearest.segment0 AS segment0, nearest.limit0 AS limit0, nearest.c0_0 AS c0_0, nearest.c0_1 AS
      c0_1, nearest.segment1 AS segment1, nearest.limit1 AS limit1, nearest.c1_0 AS c1_0, nearest.c1_1 AS c1_1,
      nearest.x0 AS x0, nearest.x1 AS x1, nearest.squared0 AS squared0, nearest.squared1 AS squared1,
      nearest.segment_id AS segment_id, CASE nearest.segment_id WHEN nearest.segment0 THEN nearest.segment1
      ELSE nearest.segment0 END AS next_segment_id
  FROM nearest ), measured AS (SELECT runner_up.row_key AS row_key, runner_up.part AS part, runner_up.place AS
      place, runner_up.segment0 AS segment0, runner_up.limit0 AS limit0, runner_up.c0_0 AS c0_0, runner_up.c0_1
      AS c0_1, runner_up.segment1 AS segment1, runner_up.limit1 AS limit1, runner_up.c1_0 AS c1_0,
      runner_up.c1_1 AS c1_1, runner_up.x0 AS x0, runner_up.x1 AS x1, runner_up.squared0 AS squared0,
      runner_up.squared1 AS squared1, runner_up.segment_id AS segment_id, runner_up.next_segment_id AS
      next_segment_id, sqrt(CASE runner_up.segment_id WHEN runner_up.segment0 THEN runner_up.squared0 WHEN
      runner_up.segment1 THEN runner_up.squared1 END) AS distance, sqrt(CASE runner_up.next_segment_id WHEN
      runner_up.segment0 THEN runner_up.squared0 WHEN runner_up.segment1 THEN runner_up.squared1 END) AS
      next_distance
  FROM runner_up )
SELECT CAST(12 AS BIGINT) AS run_id, measured.row_key AS customer_id, measured.segment_id AS segment_id,
    measured.distance AS distance, measured.next_segment_id AS next_segment_id, measured.next_distance -
    measured.distance AS margin, measured.distance > CASE measured.segment_id WHEN measured.segment0 THEN
    measured.limit0 ELSE measured.limit1 END AS is_outlier
FROM measured;

-- scores of partitions
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
      parameters.limit1 AS limit1, parameters.c1_0 AS c1_0, parameters.c1_1 AS c1_1, CASE WHEN (source_rows.number0
      BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE) AND
      source_rows.number1 BETWEEN CAST(0.0e0 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN (source_rows.number0
      - parameters.center0) * parameters.factor0 END AS x0, (ln(CASE WHEN (source_rows.number1 > CAST(-1.0e0 AS
      DOUBLE)) THEN source_rows.number1 + CAST(1.0e0 AS DOUBLE) END) - parameters.center1) * parameters.factor1
      AS x1
  FROM source_rows LEFT OUTER JOIN parameters ON source_rows.part = parameters.part), distances AS (SELECT
      scaled.row_key AS row_key, scaled.part AS part, scaled.place AS place, scaled.segment0 AS segment0,
      scaled.limit0 AS limit0, scaled.c0_0 AS c0_0, scaled.c0_1 AS c0_1, scaled.segment1 AS segment1,
      scaled.limit1 AS limit1, scaled.c1_0 AS c1_0, scaled.c1_1 AS c1_1, scaled.x0 AS x0, scaled.x1 AS x1, (scaled.x0
      - scaled.c0_0) * (scaled.x0 - scaled.c0_0) + (scaled.x1 - scaled.c0_1) * (scaled.x1 - scaled.c0_1) AS
      squared0, (scaled.x0 - scaled.c1_0) * (scaled.x0 - scaled.c1_0) + (scaled.x1 - scaled.c1_1) * (scaled.x1
      - scaled.c1_1) AS squared1
  FROM scaled ), nearest AS (SELECT distances.row_key AS row_key, distances.part AS part, distances.place AS
      place, distances.segment0 AS segment0, distances.limit0 AS limit0, distances.c0_0 AS c0_0, distances.c0_1
      AS c0_1, distances.segment1 AS segment1, distances.limit1 AS limit1, distances.c1_0 AS c1_0,
      distances.c1_1 AS c1_1, distances.x0 AS x0, distances.x1 AS x1, distances.squared0 AS squared0,
      distances.squared1 AS squared1, CASE WHEN (distances.squared0 <= distances.squared1) THEN
      distances.segment0 WHEN (distances.squared1 IS NOT NULL) THEN distances.segment1 END AS segment_id
  FROM distances ), runner_up AS (SELECT nearest.row_key AS row_key, nearest.part AS part, nearest.place AS
      place, nearest.segment0 AS segment0, nearest.limit0 AS limit0, nearest.c0_0 AS c0_0, nearest.c0_1 AS
      c0_1, nearest.segment1 AS segment1, nearest.limit1 AS limit1, nearest.c1_0 AS c1_0, nearest.c1_1 AS c1_1,
      nearest.x0 AS x0, nearest.x1 AS x1, nearest.squared0 AS squared0, nearest.squared1 AS squared1,
      nearest.segment_id AS segment_id, CASE nearest.segment_id WHEN nearest.segment0 THEN nearest.segment1
      WHEN nearest.segment1 THEN nearest.segment0 END AS next_segment_id
  FROM nearest ), measured AS (SELECT runner_up.row_key AS row_key, runner_up.part AS part, runner_up.place AS
      place, runner_up.segment0 AS segment0, runner_up.limit0 AS limit0, runner_up.c0_0 AS c0_0, runner_up.c0_1
      AS c0_1, runner_up.segment1 AS segment1, runner_up.limit1 AS limit1, runner_up.c1_0 AS c1_0,
      runner_up.c1_1 AS c1_1, runner_up.x0 AS x0, runner_up.x1 AS x1, runner_up.squared0 AS squared0,
      runner_up.squared1 AS squared1, runner_up.segment_id AS segment_id, runner_up.next_segment_id AS
      next_segment_id, sqrt(CASE runner_up.segment_id WHEN runner_up.segment0 THEN runner_up.squared0 WHEN
      runner_up.segment1 THEN runner_up.squared1 END) AS distance, sqrt(CASE runner_up.next_segment_id WHEN
      runner_up.segment0 THEN runner_up.squared0 WHEN runner_up.segment1 THEN runner_up.squared1 END) AS
      next_distance
  FROM runner_up )
SELECT measured.row_key AS customer_id, measured.segment_id AS segment_id, CASE measured.segment_id WHEN 1 THEN
    'a' WHEN 2 THEN 'b' WHEN 3 THEN 'c' END AS segment_name, measured.distance AS distance,
    measured.next_segment_id AS next_segment_id, measured.next_distance - measured.distance AS margin,
    measured.distance > CASE measured.segment_id WHEN measured.segment0 THEN measured.limit0 ELSE
    measured.limit1 END AS is_outlier
FROM measured;

-- assignment
WITH source_rows AS (SELECT sales.customers.customer_id AS row_key, CAST(sales.customers.income AS DOUBLE) AS
      number0, CAST(sales.customers.orders AS DOUBLE) AS number1, coalesce(CAST(sales.customers.city AS TEXT),
      '(missing)') AS text0
  FROM sales.customers), scaled AS (SELECT /* x = (value - center) / scale * weight */ source_rows.row_key AS
      row_key, (source_rows.number0 - CAST(-1.5e0 AS DOUBLE)) * CAST(0.3333333333333333e0 AS DOUBLE) AS x0, ln(CASE
      WHEN (source_rows.number1 > CAST(-1.0e0 AS DOUBLE)) THEN source_rows.number1 + CAST(1.0e0 AS DOUBLE) END)
      AS x1, CASE WHEN (source_rows.text0 = 'Oslo') THEN CAST(1.0e0 AS DOUBLE) ELSE CAST(0.0e0 AS DOUBLE) END
      AS x2
  FROM source_rows
  WHERE source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
      AS DOUBLE) AND source_rows.number1 BETWEEN CAST(0.0e0 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS
      DOUBLE)), distances AS (SELECT scaled.row_key AS row_key, scaled.x0 AS x0, scaled.x1 AS x1, scaled.x2 AS
      x2, scaled.x0 * scaled.x0 + (scaled.x1 - CAST(1.0e0 AS DOUBLE)) * (scaled.x1 - CAST(1.0e0 AS DOUBLE)) + (scaled.x2
      - CAST(0.5e0 AS DOUBLE)) * (scaled.x2 - CAST(0.5e0 AS DOUBLE)) AS squared0, (scaled.x0 - CAST(-1.0e0 AS
      DOUBLE)) * (scaled.x0 - CAST(-1.0e0 AS DOUBLE)) + (scaled.x1 - CAST(2.0e0 AS DOUBLE)) * (scaled.x1 - CAST(2.0e0
      AS DOUBLE)) + scaled.x2 * scaled.x2 AS squared1
  FROM scaled ), nearest AS (SELECT distances.row_key AS row_key, distances.x0 AS x0, distances.x1 AS x1,
      distances.x2 AS x2, distances.squared0 AS squared0, distances.squared1 AS squared1, CASE WHEN (distances.squared0
      <= distances.squared1) THEN 4 ELSE 2 END AS segment_id
  FROM distances ), runner_up AS (SELECT nearest.row_key AS row_key, nearest.x0 AS x0, nearest.x1 AS x1,
      nearest.x2 AS x2, nearest.squared0 AS squared0, nearest.squared1 AS squared1, nearest.segment_id AS
      segment_id, CASE nearest.segment_id WHEN 4 THEN 2 ELSE 4 END AS next_segment_id
  FROM nearest ), measured AS (SELECT runner_up.row_key AS row_key, runner_up.x0 AS x0, runner_up.x1 AS x1,
      runner_up.x2 AS x2, runner_up.squared0 AS squared0, runner_up.squared1 AS squared1, runner_up.segment_id
      AS segment_id, runner_up.next_segment_id AS next_segment_id, sqrt(CASE runner_up.segment_id WHEN 4 THEN
      runner_up.squared0 ELSE runner_up.squared1 END) AS distance, sqrt(CASE runner_up.next_segment_id WHEN 4
      THEN runner_up.squared0 ELSE runner_up.squared1 END) AS next_distance
  FROM runner_up )
SELECT CAST(12 AS BIGINT) AS run_id, measured.row_key AS customer_id, measured.segment_id AS segment_id,
    measured.distance AS distance, measured.next_segment_id AS next_segment_id, measured.next_distance -
    measured.distance AS margin, measured.distance > CASE measured.segment_id WHEN 4 THEN CAST(1.0e0 AS DOUBLE)
    ELSE CAST('inf' AS DOUBLE) END AS is_outlier
FROM measured;

-- nearest_segments
WITH source_rows AS (SELECT sales.customers.customer_id AS row_key, CAST(sales.customers.income AS DOUBLE) AS
      number0, CAST(sales.customers.orders AS DOUBLE) AS number1, coalesce(CAST(sales.customers.city AS TEXT),
      '(missing)') AS text0
  FROM sales.customers), scaled AS (SELECT /* x = (value - center) / scale * weight */ source_rows.row_key AS
      row_key, (source_rows.number0 - CAST(-1.5e0 AS DOUBLE)) * CAST(0.3333333333333333e0 AS DOUBLE) AS x0, ln(CASE
      WHEN (source_rows.number1 > CAST(-1.0e0 AS DOUBLE)) THEN source_rows.number1 + CAST(1.0e0 AS DOUBLE) END)
      AS x1, CASE WHEN (source_rows.text0 = 'Oslo') THEN CAST(1.0e0 AS DOUBLE) ELSE CAST(0.0e0 AS DOUBLE) END
      AS x2
  FROM source_rows
  WHERE source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
      AS DOUBLE) AND source_rows.number1 BETWEEN CAST(0.0e0 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS
      DOUBLE)), distances AS (SELECT scaled.row_key AS row_key, scaled.x0 AS x0, scaled.x1 AS x1, scaled.x2 AS
      x2, scaled.x0 * scaled.x0 + (scaled.x1 - CAST(1.0e0 AS DOUBLE)) * (scaled.x1 - CAST(1.0e0 AS DOUBLE)) + (scaled.x2
      - CAST(0.5e0 AS DOUBLE)) * (scaled.x2 - CAST(0.5e0 AS DOUBLE)) AS squared0, (scaled.x0 - CAST(-1.0e0 AS
      DOUBLE)) * (scaled.x0 - CAST(-1.0e0 AS DOUBLE)) + (scaled.x1 - CAST(2.0e0 AS DOUBLE)) * (scaled.x1 - CAST(2.0e0
      AS DOUBLE)) + scaled.x2 * scaled.x2 AS squared1
  FROM scaled ), nearest AS (SELECT distances.row_key AS row_key, distances.x0 AS x0, distances.x1 AS x1,
      distances.x2 AS x2, distances.squared0 AS squared0, distances.squared1 AS squared1, CASE WHEN (distances.squared0
      <= distances.squared1) THEN 4 ELSE 2 END AS segment_id
  FROM distances )
SELECT nearest.row_key, nearest.segment_id
FROM nearest;

-- scores
WITH source_rows AS (SELECT sales.customers.customer_id AS row_key, CAST(sales.customers.income AS DOUBLE) AS
      number0, CAST(sales.customers.orders AS DOUBLE) AS number1, coalesce(CAST(sales.customers.city AS TEXT),
      '(missing)') AS text0
  FROM sales.customers), scaled AS (SELECT /* x = (value - center) / scale * weight */ source_rows.row_key AS
      row_key, CASE WHEN (source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
      AS DOUBLE) AND source_rows.number1 BETWEEN CAST(0.0e0 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS
      DOUBLE)) THEN (source_rows.number0 - CAST(-1.5e0 AS DOUBLE)) * CAST(0.3333333333333333e0 AS DOUBLE) END
      AS x0, ln(CASE WHEN (source_rows.number1 > CAST(-1.0e0 AS DOUBLE)) THEN source_rows.number1 + CAST(1.0e0
      AS DOUBLE) END) AS x1, CASE WHEN (source_rows.text0 = 'Oslo') THEN CAST(1.0e0 AS DOUBLE) ELSE CAST(0.0e0
      AS DOUBLE) END AS x2
  FROM source_rows), distances AS (SELECT scaled.row_key AS row_key, scaled.x0 AS x0, scaled.x1 AS x1,
      scaled.x2 AS x2, scaled.x0 * scaled.x0 + (scaled.x1 - CAST(1.0e0 AS DOUBLE)) * (scaled.x1 - CAST(1.0e0 AS
      DOUBLE)) + (scaled.x2 - CAST(0.5e0 AS DOUBLE)) * (scaled.x2 - CAST(0.5e0 AS DOUBLE)) AS squared0, (scaled.x0
      - CAST(-1.0e0 AS DOUBLE)) * (scaled.x0 - CAST(-1.0e0 AS DOUBLE)) + (scaled.x1 - CAST(2.0e0 AS DOUBLE)) *
      (scaled.x1 - CAST(2.0e0 AS DOUBLE)) + scaled.x2 * scaled.x2 AS squared1
  FROM scaled ), nearest AS (SELECT distances.row_key AS row_key, distances.x0 AS x0, distances.x1 AS x1,
      distances.x2 AS x2, distances.squared0 AS squared0, distances.squared1 AS squared1, CASE WHEN (distances.squared0
      <= distances.squared1) THEN 4 WHEN (distances.squared1 IS NOT NULL) THEN 2 END AS segment_id
  FROM distances ), runner_up AS (SELECT nearest.row_key AS row_key, nearest.x0 AS x0, nearest.x1 AS x1,
      nearest.x2 AS x2, nearest.squared0 AS squared0, nearest.squared1 AS squared1, nearest.segment_id AS
      segment_id, CASE nearest.segment_id WHEN 4 THEN 2 WHEN 2 THEN 4 END AS next_segment_id
  FROM nearest ), measured AS (SELECT runner_up.row_key AS row_key, runner_up.x0 AS x0, runner_up.x1 AS x1,
      runner_up.x2 AS x2, runner_up.squared0 AS squared0, runner_up.squared1 AS squared1, runner_up.segment_id
      AS segment_id, runner_up.next_segment_id AS next_segment_id, sqrt(CASE runner_up.segment_id WHEN 4 THEN
      runner_up.squared0 WHEN 2 THEN runner_up.squared1 END) AS distance, sqrt(CASE runner_up.next_segment_id
      WHEN 4 THEN runner_up.squared0 WHEN 2 THEN runner_up.squared1 END) AS next_distance
  FROM runner_up )
SELECT measured.row_key AS customer_id, measured.segment_id AS segment_id, CASE measured.segment_id WHEN 4 THEN
    'Oslo' WHEN 2 THEN 'b' END AS segment_name, measured.distance AS distance, measured.next_segment_id AS
    next_segment_id, measured.next_distance - measured.distance AS margin, measured.distance > CASE
    measured.segment_id WHEN 4 THEN CAST(1.0e0 AS DOUBLE) ELSE CAST('inf' AS DOUBLE) END AS is_outlier
FROM measured;

-- count_scores
SELECT count(*) AS "ROWS", count(*) - count(sales.customers.segment_id) AS without_segment
FROM sales.customers;

-- segment_expression
SELECT CASE WHEN (CAST(p0 AS DOUBLE) BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
    AS DOUBLE) AND CAST(p1 AS DOUBLE) BETWEEN CAST(0.0e0 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE))
    THEN CASE WHEN (CAST(1.25e0 AS DOUBLE) + ln(CASE WHEN (CAST(p1 AS DOUBLE) > CAST(-1.0e0 AS DOUBLE)) THEN
    CAST(p1 AS DOUBLE) + CAST(1.0e0 AS DOUBLE) END) * CAST(-2.0e0 AS DOUBLE) + CASE WHEN (coalesce(CAST(p2 AS
    TEXT), '(missing)') = 'Oslo') THEN CAST(1.0e0 AS DOUBLE) ELSE CAST(0.0e0 AS DOUBLE) END * CAST(-1.0e0 AS
    DOUBLE) <= CAST(5.0e0 AS DOUBLE) + (CAST(p0 AS DOUBLE) - CAST(-1.5e0 AS DOUBLE)) * CAST(0.3333333333333333e0
    AS DOUBLE) * CAST(2.0e0 AS DOUBLE) + ln(CASE WHEN (CAST(p1 AS DOUBLE) > CAST(-1.0e0 AS DOUBLE)) THEN CAST(p1
    AS DOUBLE) + CAST(1.0e0 AS DOUBLE) END) * CAST(-4.0e0 AS DOUBLE)) THEN 4 ELSE 2 END END AS anon_1;
