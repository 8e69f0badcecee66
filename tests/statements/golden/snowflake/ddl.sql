-- a snapshot of a view
CREATE TEMPORARY TABLE segjob_rows AS
SELECT sales.customers.customer_id, sales.customers.income, sales.customers.orders, sales.customers.city
FROM sales.customers;

-- a table of scores
CREATE TABLE segments.scored AS
SELECT sales.customers.customer_id, sales.customers.income, sales.customers.orders, sales.customers.city
FROM sales.customers;

-- a view
CREATE OR REPLACE VIEW segments.groups_scores AS WITH source_rows AS (SELECT sales.customers.customer_id AS
      row_key, CAST(sales.customers.income AS DOUBLE) AS number0, CAST(sales.customers.orders AS DOUBLE) AS
      number1, coalesce(CAST(sales.customers.city AS TEXT), '(missing)') AS text0
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

-- drop a table
DROP TABLE IF EXISTS segjob_rows;

-- a table
CREATE TABLE segments.groups_history ( run_id BIGINT, customer_id BIGINT, segment_id INTEGER, distance DOUBLE,
    next_segment_id INTEGER, margin DOUBLE, is_outlier BOOLEAN );

-- a comment on a table
COMMENT ON TABLE segments.groups_history IS 'Who was in which segment. One row per run and customer.';

-- a comment on a column
COMMENT ON COLUMN segments.groups_history.margin IS
    'How much further the runner-up is; of a Gaussian mixture, the logarithm of how many times likelier the own segment is. Near 0 is on the border.';

-- a column more
ALTER TABLE segments.groups_history ADD COLUMN margin DOUBLE;

-- a scoring function
CREATE OR REPLACE FUNCTION segments.groups_segment(income DOUBLE, orders DOUBLE, city VARCHAR) RETURNS INTEGER
    AS $$CASE WHEN (CAST(income AS DOUBLE) BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
    AS DOUBLE) AND CAST(orders AS DOUBLE) BETWEEN CAST(0.0e0 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS
    DOUBLE)) THEN CASE WHEN (CAST(1.25e0 AS DOUBLE) + ln(CASE WHEN (CAST(orders AS DOUBLE) > CAST(-1.0e0 AS
    DOUBLE)) THEN CAST(orders AS DOUBLE) + CAST(1.0e0 AS DOUBLE) END) * CAST(-2.0e0 AS DOUBLE) + CASE WHEN (coalesce(CAST(city
    AS TEXT), '(missing)') = 'Oslo') THEN CAST(1.0e0 AS DOUBLE) ELSE CAST(0.0e0 AS DOUBLE) END * CAST(-1.0e0 AS
    DOUBLE) <= CAST(5.0e0 AS DOUBLE) + (CAST(income AS DOUBLE) - CAST(-1.5e0 AS DOUBLE)) * CAST(0.3333333333333333e0
    AS DOUBLE) * CAST(2.0e0 AS DOUBLE) + ln(CASE WHEN (CAST(orders AS DOUBLE) > CAST(-1.0e0 AS DOUBLE)) THEN
    CAST(orders AS DOUBLE) + CAST(1.0e0 AS DOUBLE) END) * CAST(-4.0e0 AS DOUBLE)) THEN 4 ELSE 2 END END$$;

-- a scoring function of a boolean
CREATE OR REPLACE FUNCTION segments.groups_segment(income boolean, orders DOUBLE, city VARCHAR) RETURNS INTEGER
    AS $$CASE WHEN (CASE WHEN income THEN CAST(1.0e0 AS DOUBLE) WHEN (NOT income) THEN CAST(0.0e0 AS DOUBLE)
    END BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE) AND CAST(orders
    AS DOUBLE) BETWEEN CAST(0.0e0 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN CASE WHEN (CAST(1.25e0
    AS DOUBLE) + ln(CASE WHEN (CAST(orders AS DOUBLE) > CAST(-1.0e0 AS DOUBLE)) THEN CAST(orders AS DOUBLE) +
    CAST(1.0e0 AS DOUBLE) END) * CAST(-2.0e0 AS DOUBLE) + CASE WHEN (coalesce(CAST(city AS TEXT), '(missing)')
    = 'Oslo') THEN CAST(1.0e0 AS DOUBLE) ELSE CAST(0.0e0 AS DOUBLE) END * CAST(-1.0e0 AS DOUBLE) <= CAST(5.0e0
    AS DOUBLE) + (CASE WHEN income THEN CAST(1.0e0 AS DOUBLE) WHEN (NOT income) THEN CAST(0.0e0 AS DOUBLE) END
    - CAST(-1.5e0 AS DOUBLE)) * CAST(0.3333333333333333e0 AS DOUBLE) * CAST(2.0e0 AS DOUBLE) + ln(CASE WHEN (CAST(orders
    AS DOUBLE) > CAST(-1.0e0 AS DOUBLE)) THEN CAST(orders AS DOUBLE) + CAST(1.0e0 AS DOUBLE) END) * CAST(-4.0e0
    AS DOUBLE)) THEN 4 ELSE 2 END END$$;
