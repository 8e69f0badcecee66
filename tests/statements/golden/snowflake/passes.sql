-- distinct_estimate
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
      DOUBLE))
SELECT approx_count_distinct(hash(scaled.x0, scaled.x1, scaled.x2)) AS points
FROM scaled;

-- distinct_rows
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
      DOUBLE))
SELECT scaled.x0, scaled.x1, scaled.x2, CAST(count(*) AS DOUBLE) AS weight, count(*) AS "ROWS"
FROM scaled
GROUP BY scaled.x0, scaled.x1, scaled.x2
LIMIT 9;

-- all_rows
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
      DOUBLE))
SELECT scaled.x0, scaled.x1, scaled.x2, CAST(1.0e0 AS DOUBLE) AS weight
FROM scaled;

-- sample
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
      DOUBLE) AND CAST(hash(source_rows.row_key, 7) AS DOUBLE) * CAST(5.421010862427522e-20 AS DOUBLE) + CAST(0.5e0
      AS DOUBLE) < CAST(0.5e0 AS DOUBLE))
SELECT scaled.x0, scaled.x1, scaled.x2, CAST(1.0e0 AS DOUBLE) AS weight
FROM scaled
ORDER BY CAST(hash(scaled.row_key, 7) AS DOUBLE) * CAST(5.421010862427522e-20 AS DOUBLE) + CAST(0.5e0 AS DOUBLE),
    scaled.row_key
LIMIT 100;

-- border_rows
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
  FROM scaled ), reaching AS (SELECT measured.row_key AS row_key, measured.u0 AS u0, measured.u1 AS u1,
      measured.u2 AS u2, measured.relative0 AS relative0, measured.relative1 AS relative1, measured.cluster AS
      cluster, measured.own_relative AS own_relative, measured.x0 AS x0, measured.x1 AS x1, measured.x2 AS x2,
      measured.squared AS squared, measured.own_relative + sqrt(measured.squared) * CAST(0.2e0 AS DOUBLE) +
      CAST(0.010000000000000002e0 AS DOUBLE) AS reach
  FROM measured )
SELECT reaching.x0, reaching.x1, reaching.x2, CAST(1.0e0 AS DOUBLE) AS weight, reaching.cluster
FROM reaching
WHERE CASE WHEN (reaching.relative0 <= reaching.reach) THEN 1 ELSE 0 END + CASE WHEN (reaching.relative1 <=
    reaching.reach) THEN 1 ELSE 0 END > 1
LIMIT 5;

-- farthest_rows
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
      <= distances.squared1) THEN distances.squared0 ELSE distances.squared1 END AS squared
  FROM distances )
SELECT nearest.x0, nearest.x1, nearest.x2, nearest.squared
FROM nearest
ORDER BY nearest.squared DESC, nearest.row_key
LIMIT 2;
