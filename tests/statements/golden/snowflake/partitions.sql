-- lloyd_pass
WITH source_rows AS (SELECT sales.customers.customer_id AS row_key, CAST(sales.customers.income AS DOUBLE) AS
      number0, CAST(sales.customers.orders AS DOUBLE) AS number1, coalesce(CAST(sales.customers.city AS TEXT),
      '(missing)') AS text0
  FROM sales.customers), prepared AS (SELECT /* u = value - origin */ source_rows.row_key AS row_key,
      source_rows.number0 AS u0, ln(CASE WHEN (source_rows.number1 > CAST(-1.0e0 AS DOUBLE)) THEN
      source_rows.number1 + CAST(1.0e0 AS DOUBLE) END) AS u1, CASE WHEN (source_rows.text0 = 'Oslo') THEN CAST(1.0e0
      AS DOUBLE) ELSE CAST(0.0e0 AS DOUBLE) END AS u2
  FROM source_rows
  WHERE source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
      AS DOUBLE) AND source_rows.number1 BETWEEN CAST(0.0e0 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS
      DOUBLE)), distances AS (SELECT prepared.row_key AS row_key, prepared.u0 AS u0, prepared.u1 AS u1,
      prepared.u2 AS u2, CAST(0.0e0 AS DOUBLE) AS relative0, CAST(4.75e0 AS DOUBLE) + prepared.u0 * CAST(0.6666666666666666e0
      AS DOUBLE) + prepared.u1 * CAST(-2.0e0 AS DOUBLE) + prepared.u2 * CAST(1.0e0 AS DOUBLE) AS relative1
  FROM prepared ), assigned AS (SELECT distances.row_key AS row_key, distances.u0 AS u0, distances.u1 AS u1,
      distances.u2 AS u2, distances.relative0 AS relative0, distances.relative1 AS relative1, CASE WHEN (distances.relative0
      <= distances.relative1) THEN 0 ELSE 1 END AS cluster
  FROM distances )
SELECT assigned.cluster, count(*) AS "ROWS", CAST(count(*) AS DOUBLE) AS weight, sum(assigned.u0) * CAST(0.3333333333333333e0
    AS DOUBLE) + CAST(count(*) AS DOUBLE) * CAST(0.5e0 AS DOUBLE) AS sum0, sum(assigned.u1) AS sum1, sum(assigned.u2)
    AS sum2
FROM assigned
GROUP BY assigned.cluster
ORDER BY assigned.cluster;

-- lloyd_pass with distances
WITH source_rows AS (SELECT sales.customers.customer_id AS row_key, CAST(sales.customers.income AS DOUBLE) AS
      number0, CAST(sales.customers.orders AS DOUBLE) AS number1, coalesce(CAST(sales.customers.city AS TEXT),
      '(missing)') AS text0
  FROM sales.customers), prepared AS (SELECT /* u = value - origin */ source_rows.row_key AS row_key,
      source_rows.number0 AS u0, ln(CASE WHEN (source_rows.number1 > CAST(-1.0e0 AS DOUBLE)) THEN
      source_rows.number1 + CAST(1.0e0 AS DOUBLE) END) AS u1, CASE WHEN (source_rows.text0 = 'Oslo') THEN CAST(1.0e0
      AS DOUBLE) ELSE CAST(0.0e0 AS DOUBLE) END AS u2
  FROM source_rows
  WHERE source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
      AS DOUBLE) AND source_rows.number1 BETWEEN CAST(0.0e0 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS
      DOUBLE)), distances AS (SELECT prepared.row_key AS row_key, prepared.u0 AS u0, prepared.u1 AS u1,
      prepared.u2 AS u2, CAST(0.0e0 AS DOUBLE) AS relative0, CAST(4.75e0 AS DOUBLE) + prepared.u0 * CAST(0.6666666666666666e0
      AS DOUBLE) + prepared.u1 * CAST(-2.0e0 AS DOUBLE) + prepared.u2 * CAST(1.0e0 AS DOUBLE) AS relative1
  FROM prepared ), assigned AS (SELECT distances.row_key AS row_key, distances.u0 AS u0, distances.u1 AS u1,
      distances.u2 AS u2, distances.relative0 AS relative0, distances.relative1 AS relative1, CASE WHEN (distances.relative0
      <= distances.relative1) THEN 0 ELSE 1 END AS cluster
  FROM distances ), scaled AS (SELECT assigned.row_key AS row_key, assigned.u0 AS u0, assigned.u1 AS u1,
      assigned.u2 AS u2, assigned.relative0 AS relative0, assigned.relative1 AS relative1, assigned.cluster AS
      cluster, CASE assigned.cluster WHEN 0 THEN assigned.relative0 ELSE assigned.relative1 END AS
      own_relative, assigned.u0 * CAST(0.3333333333333333e0 AS DOUBLE) + CAST(0.5e0 AS DOUBLE) AS x0,
      assigned.u1 AS x1, assigned.u2 AS x2
  FROM assigned ), measured AS (SELECT scaled.row_key AS row_key, scaled.u0 AS u0, scaled.u1 AS u1, scaled.u2
      AS u2, scaled.relative0 AS relative0, scaled.relative1 AS relative1, scaled.cluster AS cluster,
      scaled.own_relative AS own_relative, scaled.x0 AS x0, scaled.x1 AS x1, scaled.x2 AS x2, CASE WHEN (scaled.own_relative
      + scaled.x0 * scaled.x0 + (scaled.x1 - CAST(1.0e0 AS DOUBLE)) * (scaled.x1 - CAST(1.0e0 AS DOUBLE)) + (scaled.x2
      - CAST(0.5e0 AS DOUBLE)) * (scaled.x2 - CAST(0.5e0 AS DOUBLE)) > CAST(0.0e0 AS DOUBLE)) THEN
      scaled.own_relative + scaled.x0 * scaled.x0 + (scaled.x1 - CAST(1.0e0 AS DOUBLE)) * (scaled.x1 - CAST(1.0e0
      AS DOUBLE)) + (scaled.x2 - CAST(0.5e0 AS DOUBLE)) * (scaled.x2 - CAST(0.5e0 AS DOUBLE)) ELSE CAST(0.0e0
      AS DOUBLE) END AS squared
  FROM scaled )
SELECT measured.cluster, count(*) AS "ROWS", CAST(count(*) AS DOUBLE) AS weight, sum(measured.u0) * CAST(0.3333333333333333e0
    AS DOUBLE) + CAST(count(*) AS DOUBLE) * CAST(0.5e0 AS DOUBLE) AS sum0, sum(measured.u1) AS sum1, sum(measured.u2)
    AS sum2, sum(measured.squared) AS squared, sum(sqrt(measured.squared)) AS distance
FROM measured
GROUP BY measured.cluster
ORDER BY measured.cluster;

-- fit_rows
WITH source_rows AS (SELECT sales.customers.customer_id AS row_key, CAST(sales.customers.city AS TEXT) AS part,
      CAST(sales.customers.income AS DOUBLE) AS number0, CAST(sales.customers.orders AS DOUBLE) AS number1
  FROM sales.customers), parameters AS (SELECT listed.part AS part, listed.place AS place, listed.share AS
      share, listed.center0 AS center0, listed.factor0 AS factor0, listed.center1 AS center1, listed.factor1 AS
      factor1, listed.segment0 AS segment0, listed.limit0 AS limit0, listed.c0_0 AS c0_0, listed.c0_1 AS c0_1,
      listed.segment1 AS segment1, listed.limit1 AS limit1, listed.c1_0 AS c1_0, listed.c1_1 AS c1_1
  FROM (VALUES ('Oslo', 0, CAST(1.0e0 AS DOUBLE), CAST(-1.5e0 AS DOUBLE), CAST(0.3333333333333333e0 AS DOUBLE),
      CAST(0.0e0 AS DOUBLE), CAST(1.0e0 AS DOUBLE), 1, CAST(1.0e0 AS DOUBLE), CAST(0.0e0 AS DOUBLE), CAST(1.0e0
      AS DOUBLE), CAST(NULL AS INTEGER), CAST(0.0e0 AS DOUBLE), CAST(1e+100 AS DOUBLE), CAST(1e+100 AS DOUBLE)),
      ('b', 1, CAST(0.5e0 AS DOUBLE), CAST(-1.5e0 AS DOUBLE), CAST(0.3333333333333333e0 AS DOUBLE), CAST(0.0e0
      AS DOUBLE), CAST(1.0e0 AS DOUBLE), 2, CAST(1.0e0 AS DOUBLE), CAST(0.0e0 AS DOUBLE), CAST(1.0e0 AS DOUBLE),
      3, CAST(1.0e0 AS DOUBLE), CAST(2.0e0 AS DOUBLE), CAST(3.0e0 AS DOUBLE))) AS listed (part, place, share,
      center0, factor0, center1, factor1, segment0, limit0, c0_0, c0_1, segment1, limit1, c1_0, c1_1))
SELECT parameters.place, (source_rows.number0 - parameters.center0) * parameters.factor0 AS x0, (ln(CASE WHEN (source_rows.number1
    > CAST(-1.0e0 AS DOUBLE)) THEN source_rows.number1 + CAST(1.0e0 AS DOUBLE) END) - parameters.center1) *
    parameters.factor1 AS x1, CAST(1.0e0 AS DOUBLE) AS weight, CAST(hash(source_rows.row_key, 7) AS DOUBLE) *
    CAST(5.421010862427522e-20 AS DOUBLE) + CAST(0.5e0 AS DOUBLE) AS chance
FROM source_rows JOIN parameters ON source_rows.part = parameters.part
WHERE source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS
    DOUBLE) AND source_rows.number1 BETWEEN CAST(0.0e0 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)
    AND (parameters.share >= CAST(1.0e0 AS DOUBLE) OR CAST(hash(source_rows.row_key, 7) AS DOUBLE) * CAST(5.421010862427522e-20
    AS DOUBLE) + CAST(0.5e0 AS DOUBLE) < parameters.share);

-- lloyd_pass of partitions
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
  FROM distances ), measured AS (SELECT nearest.row_key AS row_key, nearest.part AS part, nearest.place AS
      place, nearest.segment0 AS segment0, nearest.limit0 AS limit0, nearest.c0_0 AS c0_0, nearest.c0_1 AS
      c0_1, nearest.segment1 AS segment1, nearest.limit1 AS limit1, nearest.c1_0 AS c1_0, nearest.c1_1 AS c1_1,
      nearest.x0 AS x0, nearest.x1 AS x1, nearest.squared0 AS squared0, nearest.squared1 AS squared1,
      nearest.segment_id AS segment_id, CASE nearest.segment_id WHEN nearest.segment0 THEN nearest.squared0
      ELSE nearest.squared1 END AS own_squared
  FROM nearest )
SELECT measured.segment_id, count(*) AS "ROWS", CAST(count(*) AS DOUBLE) AS weight, sum(measured.x0) AS sum0,
    sum(measured.x1) AS sum1, sum(measured.own_squared) AS squared, sum(sqrt(measured.own_squared)) AS distance
FROM measured
GROUP BY measured.segment_id;
