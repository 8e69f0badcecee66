-- reasons of partitions
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
      AS x1, CASE WHEN (source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
      AS DOUBLE)) THEN source_rows.number0 END AS raw0, CASE WHEN (source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308
      AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN source_rows.number0 END AS used0, CASE WHEN
      (source_rows.number1 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS
      DOUBLE)) THEN source_rows.number1 END AS raw1, CASE WHEN (source_rows.number1 BETWEEN CAST(-1.7976931348623157e+308
      AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN source_rows.number1 END AS used1
  FROM source_rows JOIN parameters ON source_rows.part = parameters.part), distances AS (SELECT scaled.row_key
      AS row_key, scaled.part AS part, scaled.place AS place, scaled.segment0 AS segment0, scaled.limit0 AS
      limit0, scaled.c0_0 AS c0_0, scaled.c0_1 AS c0_1, scaled.segment1 AS segment1, scaled.limit1 AS limit1,
      scaled.c1_0 AS c1_0, scaled.c1_1 AS c1_1, scaled.x0 AS x0, scaled.x1 AS x1, scaled.raw0 AS raw0,
      scaled.used0 AS used0, scaled.raw1 AS raw1, scaled.used1 AS used1, (scaled.x0 - scaled.c0_0) * (scaled.x0
      - scaled.c0_0) + (scaled.x1 - scaled.c0_1) * (scaled.x1 - scaled.c0_1) AS squared0, (scaled.x0 -
      scaled.c1_0) * (scaled.x0 - scaled.c1_0) + (scaled.x1 - scaled.c1_1) * (scaled.x1 - scaled.c1_1) AS
      squared1
  FROM scaled ), nearest AS (SELECT distances.row_key AS row_key, distances.part AS part, distances.place AS
      place, distances.segment0 AS segment0, distances.limit0 AS limit0, distances.c0_0 AS c0_0, distances.c0_1
      AS c0_1, distances.segment1 AS segment1, distances.limit1 AS limit1, distances.c1_0 AS c1_0,
      distances.c1_1 AS c1_1, distances.x0 AS x0, distances.x1 AS x1, distances.raw0 AS raw0, distances.used0
      AS used0, distances.raw1 AS raw1, distances.used1 AS used1, distances.squared0 AS squared0,
      distances.squared1 AS squared1, CASE WHEN (distances.squared0 <= distances.squared1) THEN
      distances.segment0 WHEN (distances.squared1 IS NOT NULL) THEN distances.segment1 END AS segment_id
  FROM distances ), runner_up AS (SELECT nearest.row_key AS row_key, nearest.part AS part, nearest.place AS
      place, nearest.segment0 AS segment0, nearest.limit0 AS limit0, nearest.c0_0 AS c0_0, nearest.c0_1 AS
      c0_1, nearest.segment1 AS segment1, nearest.limit1 AS limit1, nearest.c1_0 AS c1_0, nearest.c1_1 AS c1_1,
      nearest.x0 AS x0, nearest.x1 AS x1, nearest.raw0 AS raw0, nearest.used0 AS used0, nearest.raw1 AS raw1,
      nearest.used1 AS used1, nearest.squared0 AS squared0, nearest.squared1 AS squared1, nearest.segment_id AS
      segment_id, CASE nearest.segment_id WHEN nearest.segment0 THEN nearest.segment1 WHEN nearest.segment1
      THEN nearest.segment0 END AS next_segment_id
  FROM nearest ), measured AS (SELECT runner_up.row_key AS row_key, runner_up.part AS part, runner_up.place AS
      place, runner_up.segment0 AS segment0, runner_up.limit0 AS limit0, runner_up.c0_0 AS c0_0, runner_up.c0_1
      AS c0_1, runner_up.segment1 AS segment1, runner_up.limit1 AS limit1, runner_up.c1_0 AS c1_0,
      runner_up.c1_1 AS c1_1, runner_up.x0 AS x0, runner_up.x1 AS x1, runner_up.raw0 AS raw0, runner_up.used0
      AS used0, runner_up.raw1 AS raw1, runner_up.used1 AS used1, runner_up.squared0 AS squared0,
      runner_up.squared1 AS squared1, runner_up.segment_id AS segment_id, runner_up.next_segment_id AS
      next_segment_id, sqrt(CASE runner_up.segment_id WHEN runner_up.segment0 THEN runner_up.squared0 WHEN
      runner_up.segment1 THEN runner_up.squared1 END) AS distance, sqrt(CASE runner_up.next_segment_id WHEN
      runner_up.segment0 THEN runner_up.squared0 WHEN runner_up.segment1 THEN runner_up.squared1 END) AS
      next_distance
  FROM runner_up ), contributions AS (SELECT measured.row_key AS row_key, measured.segment_id AS segment_id,
      measured.next_segment_id AS next_segment_id, measured.raw0 AS raw0, measured.raw1 AS raw1, measured.used0
      AS used0, measured.used1 AS used1, CASE measured.next_segment_id WHEN measured.segment0 THEN (measured.x0
      - measured.c0_0) * (measured.x0 - measured.c0_0) WHEN measured.segment1 THEN (measured.x0 - measured.c1_0)
      * (measured.x0 - measured.c1_0) END - CASE measured.segment_id WHEN measured.segment0 THEN (measured.x0 -
      measured.c0_0) * (measured.x0 - measured.c0_0) WHEN measured.segment1 THEN (measured.x0 - measured.c1_0)
      * (measured.x0 - measured.c1_0) END AS gain0, CASE measured.next_segment_id WHEN measured.segment0 THEN (measured.x1
      - measured.c0_1) * (measured.x1 - measured.c0_1) WHEN measured.segment1 THEN (measured.x1 - measured.c1_1)
      * (measured.x1 - measured.c1_1) END - CASE measured.segment_id WHEN measured.segment0 THEN (measured.x1 -
      measured.c0_1) * (measured.x1 - measured.c0_1) WHEN measured.segment1 THEN (measured.x1 - measured.c1_1)
      * (measured.x1 - measured.c1_1) END AS gain1
  FROM measured), features AS (SELECT 0 AS place, CAST('income' AS TEXT) AS feature, CAST('income' AS TEXT) AS
      profile UNION ALL
  SELECT 1 AS place, CAST('orders' AS TEXT) AS feature, CAST('orders' AS TEXT) AS profile)
SELECT contributions.row_key AS customer_id, contributions.segment_id, contributions.next_segment_id,
    features.feature AS feature, CASE features.place WHEN 0 THEN contributions.raw0 WHEN 1 THEN
    contributions.raw1 END AS value, CAST(NULL AS TEXT) AS category, CASE features.place WHEN 0 THEN
    contributions.used0 WHEN 1 THEN contributions.used1 END AS model_value, own_profiles.mean AS segment_mean,
    next_profiles.mean AS next_mean, CASE features.place WHEN 0 THEN contributions.gain0 WHEN 1 THEN
    contributions.gain1 END AS contribution
FROM contributions JOIN features ON true LEFT OUTER JOIN segments.profiles AS own_profiles ON
    own_profiles.run_id = 12 AND own_profiles.segment_id = contributions.segment_id AND own_profiles.feature =
    coalesce(features.profile, features.feature || '=' || CAST(NULL AS TEXT)) LEFT OUTER JOIN segments.profiles
    AS next_profiles ON next_profiles.run_id = 12 AND next_profiles.segment_id = contributions.next_segment_id
    AND next_profiles.feature = coalesce(features.profile, features.feature || '=' || CAST(NULL AS TEXT))
WHERE contributions.segment_id IS NOT NULL;

-- reasons
WITH source_rows AS (SELECT sales.customers.customer_id AS row_key, CAST(sales.customers.income AS DOUBLE) AS
      number0, CAST(sales.customers.orders AS DOUBLE) AS number1, coalesce(CAST(sales.customers.city AS TEXT),
      '(missing)') AS text0
  FROM sales.customers), scaled AS (SELECT source_rows.row_key AS row_key, CASE WHEN (source_rows.number0
      BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE) AND
      source_rows.number1 BETWEEN CAST(0.0e0 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN (source_rows.number0
      - CAST(-1.5e0 AS DOUBLE)) * CAST(0.3333333333333333e0 AS DOUBLE) END AS x0, ln(CASE WHEN (source_rows.number1
      > CAST(-1.0e0 AS DOUBLE)) THEN source_rows.number1 + CAST(1.0e0 AS DOUBLE) END) AS x1, CASE WHEN (source_rows.text0
      = 'Oslo') THEN CAST(1.0e0 AS DOUBLE) ELSE CAST(0.0e0 AS DOUBLE) END AS x2, CASE WHEN (source_rows.number0
      BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN
      source_rows.number0 END AS raw0, CASE WHEN (source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308 AS
      DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN source_rows.number0 END AS used0, CASE WHEN (source_rows.number1
      BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN
      source_rows.number1 END AS raw1, CASE WHEN (source_rows.number1 BETWEEN CAST(-1.7976931348623157e+308 AS
      DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN source_rows.number1 END AS used1, CAST(1.0e0 AS
      DOUBLE) AS raw2, CAST(1.0e0 AS DOUBLE) AS used2, source_rows.text0 AS category2
  FROM source_rows), distances AS (SELECT scaled.row_key AS row_key, scaled.x0 AS x0, scaled.x1 AS x1,
      scaled.x2 AS x2, scaled.raw0 AS raw0, scaled.used0 AS used0, scaled.raw1 AS raw1, scaled.used1 AS used1,
      scaled.raw2 AS raw2, scaled.used2 AS used2, scaled.category2 AS category2, scaled.x0 * scaled.x0 + (scaled.x1
      - CAST(1.0e0 AS DOUBLE)) * (scaled.x1 - CAST(1.0e0 AS DOUBLE)) + (scaled.x2 - CAST(0.5e0 AS DOUBLE)) * (scaled.x2
      - CAST(0.5e0 AS DOUBLE)) AS squared0, (scaled.x0 - CAST(-1.0e0 AS DOUBLE)) * (scaled.x0 - CAST(-1.0e0 AS
      DOUBLE)) + (scaled.x1 - CAST(2.0e0 AS DOUBLE)) * (scaled.x1 - CAST(2.0e0 AS DOUBLE)) + scaled.x2 *
      scaled.x2 AS squared1
  FROM scaled ), nearest AS (SELECT distances.row_key AS row_key, distances.x0 AS x0, distances.x1 AS x1,
      distances.x2 AS x2, distances.raw0 AS raw0, distances.used0 AS used0, distances.raw1 AS raw1,
      distances.used1 AS used1, distances.raw2 AS raw2, distances.used2 AS used2, distances.category2 AS
      category2, distances.squared0 AS squared0, distances.squared1 AS squared1, CASE WHEN (distances.squared0
      <= distances.squared1) THEN 4 WHEN (distances.squared1 IS NOT NULL) THEN 2 END AS segment_id
  FROM distances ), runner_up AS (SELECT nearest.row_key AS row_key, nearest.x0 AS x0, nearest.x1 AS x1,
      nearest.x2 AS x2, nearest.raw0 AS raw0, nearest.used0 AS used0, nearest.raw1 AS raw1, nearest.used1 AS
      used1, nearest.raw2 AS raw2, nearest.used2 AS used2, nearest.category2 AS category2, nearest.squared0 AS
      squared0, nearest.squared1 AS squared1, nearest.segment_id AS segment_id, CASE nearest.segment_id WHEN 4
      THEN 2 WHEN 2 THEN 4 END AS next_segment_id
  FROM nearest ), measured AS (SELECT runner_up.row_key AS row_key, runner_up.x0 AS x0, runner_up.x1 AS x1,
      runner_up.x2 AS x2, runner_up.raw0 AS raw0, runner_up.used0 AS used0, runner_up.raw1 AS raw1,
      runner_up.used1 AS used1, runner_up.raw2 AS raw2, runner_up.used2 AS used2, runner_up.category2 AS
      category2, runner_up.squared0 AS squared0, runner_up.squared1 AS squared1, runner_up.segment_id AS
      segment_id, runner_up.next_segment_id AS next_segment_id, sqrt(CASE runner_up.segment_id WHEN 4 THEN
      runner_up.squared0 WHEN 2 THEN runner_up.squared1 END) AS distance, sqrt(CASE runner_up.next_segment_id
      WHEN 4 THEN runner_up.squared0 WHEN 2 THEN runner_up.squared1 END) AS next_distance
  FROM runner_up ), contributions AS (SELECT measured.row_key AS row_key, measured.segment_id AS segment_id,
      measured.next_segment_id AS next_segment_id, measured.raw0 AS raw0, measured.raw1 AS raw1, measured.raw2
      AS raw2, measured.used0 AS used0, measured.used1 AS used1, measured.used2 AS used2, measured.category2 AS
      category2, CASE measured.next_segment_id WHEN 4 THEN measured.x0 * measured.x0 WHEN 2 THEN (measured.x0 -
      CAST(-1.0e0 AS DOUBLE)) * (measured.x0 - CAST(-1.0e0 AS DOUBLE)) END - CASE measured.segment_id WHEN 4
      THEN measured.x0 * measured.x0 WHEN 2 THEN (measured.x0 - CAST(-1.0e0 AS DOUBLE)) * (measured.x0 - CAST(-1.0e0
      AS DOUBLE)) END AS gain0, CASE measured.next_segment_id WHEN 4 THEN (measured.x1 - CAST(1.0e0 AS DOUBLE))
      * (measured.x1 - CAST(1.0e0 AS DOUBLE)) WHEN 2 THEN (measured.x1 - CAST(2.0e0 AS DOUBLE)) * (measured.x1
      - CAST(2.0e0 AS DOUBLE)) END - CASE measured.segment_id WHEN 4 THEN (measured.x1 - CAST(1.0e0 AS DOUBLE))
      * (measured.x1 - CAST(1.0e0 AS DOUBLE)) WHEN 2 THEN (measured.x1 - CAST(2.0e0 AS DOUBLE)) * (measured.x1
      - CAST(2.0e0 AS DOUBLE)) END AS gain1, CASE measured.next_segment_id WHEN 4 THEN (measured.x2 - CAST(0.5e0
      AS DOUBLE)) * (measured.x2 - CAST(0.5e0 AS DOUBLE)) WHEN 2 THEN measured.x2 * measured.x2 END - CASE
      measured.segment_id WHEN 4 THEN (measured.x2 - CAST(0.5e0 AS DOUBLE)) * (measured.x2 - CAST(0.5e0 AS
      DOUBLE)) WHEN 2 THEN measured.x2 * measured.x2 END AS gain2
  FROM measured), features AS (SELECT 0 AS place, CAST('income' AS TEXT) AS feature, CAST('income' AS TEXT) AS
      profile UNION ALL
  SELECT 1 AS place, CAST('orders' AS TEXT) AS feature, CAST('orders' AS TEXT) AS profile UNION ALL
  SELECT 2 AS place, CAST('city' AS TEXT) AS feature, CAST(NULL AS TEXT) AS profile)
SELECT contributions.row_key AS customer_id, contributions.segment_id, contributions.next_segment_id,
    features.feature AS feature, CASE features.place WHEN 0 THEN contributions.raw0 WHEN 1 THEN
    contributions.raw1 WHEN 2 THEN contributions.raw2 END AS value, CASE features.place WHEN 2 THEN
    contributions.category2 END AS category, CASE features.place WHEN 0 THEN contributions.used0 WHEN 1 THEN
    contributions.used1 WHEN 2 THEN contributions.used2 END AS model_value, own_profiles.mean AS segment_mean,
    next_profiles.mean AS next_mean, CASE features.place WHEN 0 THEN contributions.gain0 WHEN 1 THEN
    contributions.gain1 WHEN 2 THEN contributions.gain2 END AS contribution
FROM contributions JOIN features ON true LEFT OUTER JOIN segments.profiles AS own_profiles ON
    own_profiles.run_id = 12 AND own_profiles.segment_id = contributions.segment_id AND own_profiles.feature =
    coalesce(features.profile, features.feature || '=' || CASE features.place WHEN 2 THEN
    contributions.category2 END) LEFT OUTER JOIN segments.profiles AS next_profiles ON next_profiles.run_id =
    12 AND next_profiles.segment_id = contributions.next_segment_id AND next_profiles.feature = coalesce(features.profile,
    features.feature || '=' || CASE features.place WHEN 2 THEN contributions.category2 END)
WHERE contributions.segment_id IS NOT NULL;
