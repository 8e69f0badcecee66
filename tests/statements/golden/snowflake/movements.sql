-- overlap of partitions
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
      DOUBLE) AND CAST(hash(source_rows.row_key, 7) AS DOUBLE) * CAST(5.421010862427522e-20 AS DOUBLE) + CAST(0.5e0
      AS DOUBLE) < CAST(0.1e0 AS DOUBLE)), distances AS (SELECT scaled.row_key AS row_key, scaled.part AS part,
      scaled.place AS place, scaled.segment0 AS segment0, scaled.limit0 AS limit0, scaled.c0_0 AS c0_0,
      scaled.c0_1 AS c0_1, scaled.segment1 AS segment1, scaled.limit1 AS limit1, scaled.c1_0 AS c1_0,
      scaled.c1_1 AS c1_1, scaled.x0 AS x0, scaled.x1 AS x1, (scaled.x0 - scaled.c0_0) * (scaled.x0 -
      scaled.c0_0) + (scaled.x1 - scaled.c0_1) * (scaled.x1 - scaled.c0_1) AS cost0, (scaled.x0 - scaled.c1_0)
      * (scaled.x0 - scaled.c1_0) + (scaled.x1 - scaled.c1_1) * (scaled.x1 - scaled.c1_1) AS cost1
  FROM scaled ), now AS (SELECT distances.row_key AS row_key, CASE WHEN (distances.cost0 <= distances.cost1)
      THEN distances.segment0 ELSE distances.segment1 END AS cluster
  FROM distances), before AS (SELECT segments.groups_history.customer_id AS row_key,
      segments.groups_history.segment_id AS segment_id
  FROM segments.groups_history
  WHERE segments.groups_history.run_id = 11 AND CAST(hash(segments.groups_history.customer_id, 7) AS DOUBLE) *
      CAST(5.421010862427522e-20 AS DOUBLE) + CAST(0.5e0 AS DOUBLE) < CAST(0.1e0 AS DOUBLE))
SELECT before.segment_id, now.cluster, count(*) AS customers
FROM now JOIN before ON before.row_key = now.row_key
GROUP BY before.segment_id, now.cluster;

-- overlap
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
      AS DOUBLE) < CAST(0.1e0 AS DOUBLE)), distances AS (SELECT scaled.row_key AS row_key, scaled.x0 AS x0,
      scaled.x1 AS x1, scaled.x2 AS x2, CAST(1.25e0 AS DOUBLE) + scaled.x1 * CAST(-2.0e0 AS DOUBLE) + scaled.x2
      * CAST(-1.0e0 AS DOUBLE) AS cost0, CAST(5.0e0 AS DOUBLE) + scaled.x0 * CAST(2.0e0 AS DOUBLE) + scaled.x1
      * CAST(-4.0e0 AS DOUBLE) AS cost1
  FROM scaled ), now AS (SELECT distances.row_key AS row_key, CASE WHEN (distances.cost0 <= distances.cost1)
      THEN 0 ELSE 1 END AS cluster
  FROM distances), before AS (SELECT segments.groups_history.customer_id AS row_key,
      segments.groups_history.segment_id AS segment_id
  FROM segments.groups_history
  WHERE segments.groups_history.run_id = 11 AND CAST(hash(segments.groups_history.customer_id, 7) AS DOUBLE) *
      CAST(5.421010862427522e-20 AS DOUBLE) + CAST(0.5e0 AS DOUBLE) < CAST(0.1e0 AS DOUBLE))
SELECT before.segment_id, now.cluster, count(*) AS customers
FROM now JOIN before ON before.row_key = now.row_key
GROUP BY before.segment_id, now.cluster;

-- movements
WITH before AS (SELECT segments.groups_history.customer_id AS row_key, segments.groups_history.segment_id AS
      segment_id
  FROM segments.groups_history
  WHERE segments.groups_history.run_id = 11), now AS (SELECT segments.groups_history.customer_id AS row_key,
      segments.groups_history.segment_id AS segment_id
  FROM segments.groups_history
  WHERE segments.groups_history.run_id = 12), changed AS (SELECT coalesce(now.row_key, before.row_key) AS
      row_key, CASE WHEN (before.row_key IS NULL) THEN 'entered' WHEN (now.row_key IS NULL) THEN 'left' ELSE
      'moved' END AS change, before.segment_id AS from_segment_id, now.segment_id AS to_segment_id
  FROM before FULL OUTER JOIN now ON before.row_key = now.row_key
  WHERE before.row_key IS NULL OR now.row_key IS NULL OR before.segment_id != now.segment_id), source_rows AS (SELECT
      sales.customers.customer_id AS row_key, CAST(sales.customers.income AS DOUBLE) AS number0, CAST(sales.customers.orders
      AS DOUBLE) AS number1, coalesce(CAST(sales.customers.city AS TEXT), '(missing)') AS text0
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
  FROM distances ), by_model_before AS (SELECT nearest.row_key AS row_key, nearest.segment_id AS segment_id
  FROM nearest)
SELECT CAST(12 AS BIGINT) AS run_id, changed.row_key AS customer_id, changed.change, changed.from_segment_id,
    changed.to_segment_id, CASE WHEN (changed.change != 'moved') THEN NULL WHEN (changed.from_segment_id =
    by_model_before.segment_id) THEN 'model' ELSE 'itself' END AS moved_by
FROM changed LEFT OUTER JOIN by_model_before ON changed.row_key = by_model_before.row_key;

-- causes
WITH before AS (SELECT segments.groups_history.customer_id AS row_key, segments.groups_history.segment_id AS
      segment_id
  FROM segments.groups_history
  WHERE segments.groups_history.run_id = 11), now AS (SELECT segments.groups_history.customer_id AS row_key,
      segments.groups_history.segment_id AS segment_id
  FROM segments.groups_history
  WHERE segments.groups_history.run_id = 13), changed AS (SELECT now.row_key AS row_key
  FROM before FULL OUTER JOIN now ON before.row_key = now.row_key
  WHERE before.segment_id != now.segment_id), steps AS (SELECT segments.groups_movements.customer_id AS
      row_key, max(CASE WHEN (segments.groups_movements.moved_by = 'itself') THEN 3 WHEN (segments.groups_movements.moved_by
      = 'model') THEN 1 ELSE 2 END) AS heaviest
  FROM segments.groups_movements
  WHERE segments.groups_movements.run_id IN (12, 13)
  GROUP BY segments.groups_movements.customer_id), each AS (SELECT CASE WHEN (steps.heaviest = 3) THEN 'itself'
      WHEN (steps.heaviest = 1) THEN 'model' END AS moved_by
  FROM changed LEFT OUTER JOIN steps ON changed.row_key = steps.row_key)
SELECT each.moved_by, count(*) AS customers
FROM each
GROUP BY each.moved_by;

-- flows
WITH before AS (SELECT segments.groups_history.customer_id AS row_key, segments.groups_history.segment_id AS
      segment_id
  FROM segments.groups_history
  WHERE segments.groups_history.run_id = 11), now AS (SELECT segments.groups_history.customer_id AS row_key,
      segments.groups_history.segment_id AS segment_id
  FROM segments.groups_history
  WHERE segments.groups_history.run_id = 12)
SELECT before.segment_id AS from_segment_id, now.segment_id AS to_segment_id, count(*) AS customers
FROM before FULL OUTER JOIN now ON before.row_key = now.row_key
GROUP BY before.segment_id, now.segment_id;

-- moved_flows
SELECT segments.groups_movements.from_segment_id, segments.groups_movements.to_segment_id, count(*) AS
    customers
FROM segments.groups_movements
WHERE segments.groups_movements.run_id = 12
GROUP BY segments.groups_movements.from_segment_id, segments.groups_movements.to_segment_id;
