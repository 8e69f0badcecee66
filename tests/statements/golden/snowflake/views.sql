-- current_assignment
WITH current_run AS (SELECT max(segments.runs.run_id) AS run_id
  FROM segments.runs
  WHERE segments.runs.segmentation = 'groups' AND segments.runs.status = 'published')
SELECT segments.groups_history.customer_id AS "customer_id", segments.groups_history.segment_id,
    segments.segments.name AS segment_name, segments.groups_history.distance, segments.groups_history.margin,
    segments.groups_history.is_outlier, segments.groups_history.run_id
FROM segments.groups_history JOIN segments.segments ON segments.groups_history.run_id =
    segments.segments.run_id AND segments.groups_history.segment_id = segments.segments.segment_id
WHERE segments.groups_history.run_id = (SELECT current_run.run_id
  FROM current_run);

-- wide_profile with measures
WITH current_run AS (SELECT max(segments.runs.run_id) AS run_id
  FROM segments.runs
  WHERE segments.runs.segmentation = 'groups' AND segments.runs.status = 'published')
SELECT segments.segments.segment_id, segments.segments.name, segments.segments."rows", segments.segments.share,
    max(CASE WHEN (segments.profiles.feature = 'income') THEN segments.profiles.mean END) AS "income", max(CASE
    WHEN (segments.profiles.feature = 'city') THEN segments.profiles.mean END) AS "city", max(CASE WHEN (segments.profiles.feature
    = 'income') THEN segments.profiles.total_share END) AS "share_of_income", max(CASE WHEN (segments.profiles.feature
    = 'city') THEN segments.profiles.total_share END) AS "share_of_city"
FROM segments.segments JOIN segments.profiles ON segments.profiles.run_id = segments.segments.run_id AND
    segments.profiles.segment_id = segments.segments.segment_id
WHERE segments.segments.run_id = (SELECT current_run.run_id
  FROM current_run)
GROUP BY segments.segments.segment_id, segments.segments.name, segments.segments."rows",
    segments.segments.share;

-- wide_profile
WITH current_run AS (SELECT max(segments.runs.run_id) AS run_id
  FROM segments.runs
  WHERE segments.runs.segmentation = 'groups' AND segments.runs.status = 'published')
SELECT segments.segments.segment_id, segments.segments.name, segments.segments."rows", segments.segments.share,
    max(CASE WHEN (segments.profiles.feature = 'income') THEN segments.profiles.mean END) AS "income", max(CASE
    WHEN (segments.profiles.feature = 'orders') THEN segments.profiles.mean END) AS "orders"
FROM segments.segments JOIN segments.profiles ON segments.profiles.run_id = segments.segments.run_id AND
    segments.profiles.segment_id = segments.segments.segment_id
WHERE segments.segments.run_id = (SELECT current_run.run_id
  FROM current_run)
GROUP BY segments.segments.segment_id, segments.segments.name, segments.segments."rows",
    segments.segments.share;
