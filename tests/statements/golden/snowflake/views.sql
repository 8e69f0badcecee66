-- current_assignment
WITH current_run AS (SELECT segments.runs.run_id AS run_id
  FROM segments.runs
  WHERE segments.runs.segmentation = 'groups' AND segments.runs.status = 'published'
  ORDER BY coalesce(segments.runs.as_of, segments.runs.published_at) DESC, segments.runs.run_id DESC
  LIMIT 1)
SELECT segments.groups_history.customer_id AS customer_id, segments.groups_history.segment_id,
    segments.segments.name AS segment_name, segments.groups_history.distance, segments.groups_history.margin,
    segments.groups_history.is_outlier, segments.groups_history.run_id
FROM segments.groups_history JOIN segments.segments ON segments.groups_history.run_id =
    segments.segments.run_id AND segments.groups_history.segment_id = segments.segments.segment_id
WHERE segments.groups_history.run_id = (SELECT current_run.run_id
  FROM current_run);

-- wide_profile with measures
WITH current_run AS (SELECT segments.runs.run_id AS run_id
  FROM segments.runs
  WHERE segments.runs.segmentation = 'groups' AND segments.runs.status = 'published'
  ORDER BY coalesce(segments.runs.as_of, segments.runs.published_at) DESC, segments.runs.run_id DESC
  LIMIT 1)
SELECT segments.segments.segment_id, segments.segments.name, segments.segments."ROWS", segments.segments.share,
    max(CASE WHEN (segments.profiles.feature = 'income') THEN segments.profiles.mean END) AS income, max(CASE
    WHEN (segments.profiles.feature = 'city') THEN segments.profiles.mean END) AS city, max(CASE WHEN (segments.profiles.feature
    = 'income') THEN segments.profiles.total_share END) AS share_of_income, max(CASE WHEN (segments.profiles.feature
    = 'city') THEN segments.profiles.total_share END) AS share_of_city
FROM segments.segments JOIN segments.profiles ON segments.profiles.run_id = segments.segments.run_id AND
    segments.profiles.segment_id = segments.segments.segment_id
WHERE segments.segments.run_id = (SELECT current_run.run_id
  FROM current_run)
GROUP BY segments.segments.segment_id, segments.segments.name, segments.segments."ROWS",
    segments.segments.share;

-- audience
WITH first_kept AS (SELECT min(segments.groups_history.run_id) AS run_id
  FROM segments.groups_history), first_as_of AS (SELECT min(coalesce(segments.runs.as_of,
      segments.runs.published_at)) AS as_of
  FROM segments.runs
  WHERE segments.runs.segmentation = 'groups' AND segments.runs.status = 'published' AND segments.runs.run_id
      >= (SELECT first_kept.run_id
    FROM first_kept)), arrivals AS (SELECT segments.groups_movements.customer_id AS row_key, max(coalesce(segments.runs.as_of,
      segments.runs.published_at)) AS arrived_at
  FROM segments.groups_movements JOIN segments.runs ON segments.runs.run_id = segments.groups_movements.run_id
  WHERE segments.runs.segmentation = 'groups' AND segments.runs.status = 'published' AND
      segments.groups_movements.change IN ('entered', 'moved')
  GROUP BY segments.groups_movements.customer_id), current_run AS (SELECT segments.runs.run_id AS run_id
  FROM segments.runs
  WHERE segments.runs.segmentation = 'groups' AND segments.runs.status = 'published'
  ORDER BY coalesce(segments.runs.as_of, segments.runs.published_at) DESC, segments.runs.run_id DESC
  LIMIT 1)
SELECT segments.groups_history.segment_id AS audience_id, segments.segments.name AS audience_name,
    segments.groups_history.customer_id AS key, substr(sha2(concat('hold-out of groups: ', CAST(segments.groups_history.customer_id
    AS TEXT)), 256), 1, 8) < '19999999' AS is_holdout, coalesce(arrivals.arrived_at, (SELECT first_as_of.as_of
  FROM first_as_of)) AS since
FROM segments.groups_history JOIN segments.segments ON segments.groups_history.run_id =
    segments.segments.run_id AND segments.groups_history.segment_id = segments.segments.segment_id LEFT OUTER
    JOIN arrivals ON arrivals.row_key = segments.groups_history.customer_id
WHERE segments.groups_history.run_id = (SELECT current_run.run_id
  FROM current_run);

-- with_hashed_column
WITH first_kept AS (SELECT min(segments.groups_history.run_id) AS run_id
  FROM segments.groups_history), first_as_of AS (SELECT min(coalesce(segments.runs.as_of,
      segments.runs.published_at)) AS as_of
  FROM segments.runs
  WHERE segments.runs.segmentation = 'groups' AND segments.runs.status = 'published' AND segments.runs.run_id
      >= (SELECT first_kept.run_id
    FROM first_kept)), arrivals AS (SELECT segments.groups_movements.customer_id AS row_key, max(coalesce(segments.runs.as_of,
      segments.runs.published_at)) AS arrived_at
  FROM segments.groups_movements JOIN segments.runs ON segments.runs.run_id = segments.groups_movements.run_id
  WHERE segments.runs.segmentation = 'groups' AND segments.runs.status = 'published' AND
      segments.groups_movements.change IN ('entered', 'moved')
  GROUP BY segments.groups_movements.customer_id), current_run AS (SELECT segments.runs.run_id AS run_id
  FROM segments.runs
  WHERE segments.runs.segmentation = 'groups' AND segments.runs.status = 'published'
  ORDER BY coalesce(segments.runs.as_of, segments.runs.published_at) DESC, segments.runs.run_id DESC
  LIMIT 1), audience AS (SELECT segments.groups_history.segment_id AS audience_id, segments.segments.name AS
      audience_name, segments.groups_history.customer_id AS key, substr(sha2(concat('hold-out of groups: ',
      CAST(segments.groups_history.customer_id AS TEXT)), 256), 1, 8) < '19999999' AS is_holdout, coalesce(arrivals.arrived_at,
      (SELECT first_as_of.as_of
    FROM first_as_of)) AS since
  FROM segments.groups_history JOIN segments.segments ON segments.groups_history.run_id =
      segments.segments.run_id AND segments.groups_history.segment_id = segments.segments.segment_id LEFT OUTER
      JOIN arrivals ON arrivals.row_key = segments.groups_history.customer_id
  WHERE segments.groups_history.run_id = (SELECT current_run.run_id
    FROM current_run)), hashed_values AS (SELECT sales.customers.customer_id AS row_key, max(CASE WHEN (lower(trim(CAST(sales.customers.city
      AS TEXT), ' \t\r\n')) != '') THEN sha2(lower(trim(CAST(sales.customers.city AS TEXT), ' \t\r\n')), 256)
      END) AS hashed
  FROM sales.customers
  GROUP BY sales.customers.customer_id)
SELECT audience.audience_id, audience.audience_name, audience.key, audience.is_holdout, audience.since,
    hashed_values.hashed AS city_sha256
FROM audience LEFT OUTER JOIN hashed_values ON audience.key = hashed_values.row_key;

-- wide_profile
WITH current_run AS (SELECT segments.runs.run_id AS run_id
  FROM segments.runs
  WHERE segments.runs.segmentation = 'groups' AND segments.runs.status = 'published'
  ORDER BY coalesce(segments.runs.as_of, segments.runs.published_at) DESC, segments.runs.run_id DESC
  LIMIT 1)
SELECT segments.segments.segment_id, segments.segments.name, segments.segments."ROWS", segments.segments.share,
    max(CASE WHEN (segments.profiles.feature = 'income') THEN segments.profiles.mean END) AS income, max(CASE
    WHEN (segments.profiles.feature = 'orders') THEN segments.profiles.mean END) AS orders
FROM segments.segments JOIN segments.profiles ON segments.profiles.run_id = segments.segments.run_id AND
    segments.profiles.segment_id = segments.segments.segment_id
WHERE segments.segments.run_id = (SELECT current_run.run_id
  FROM current_run)
GROUP BY segments.segments.segment_id, segments.segments.name, segments.segments."ROWS",
    segments.segments.share;
