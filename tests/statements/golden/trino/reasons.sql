-- reasons
WITH source_rows AS (SELECT "sales"."customers"."customer_id" AS row_key, CAST("sales"."customers"."income" AS
      DOUBLE) AS number0, CAST("sales"."customers"."orders" AS DOUBLE) AS number1, coalesce(CAST("sales"."customers"."city"
      AS VARCHAR), '(missing)') AS text0
  FROM "sales"."customers"), scaled AS (SELECT source_rows.row_key AS row_key, CASE WHEN (source_rows.number0
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
  FROM measured), features AS (SELECT 0 AS place, CAST('income' AS VARCHAR) AS feature, CAST('income' AS
      VARCHAR) AS profile UNION ALL
  SELECT 1 AS place, CAST('orders' AS VARCHAR) AS feature, CAST('orders' AS VARCHAR) AS profile UNION ALL
  SELECT 2 AS place, CAST('city' AS VARCHAR) AS feature, CAST(NULL AS VARCHAR) AS profile)
SELECT contributions.row_key AS "customer_id", contributions.segment_id, contributions.next_segment_id,
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
