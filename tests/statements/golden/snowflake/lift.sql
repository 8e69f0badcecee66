-- brought
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
  LIMIT 1), people AS (SELECT segments.groups_history.segment_id AS audience_id, segments.segments.name AS
      audience_name, segments.groups_history.customer_id AS key, substr(sha2(concat('hold-out of groups: ',
      CAST(segments.groups_history.customer_id AS TEXT)), 256), 1, 8) < '19999999' AS is_holdout, coalesce(arrivals.arrived_at,
      (SELECT first_as_of.as_of
    FROM first_as_of)) AS since
  FROM segments.groups_history JOIN segments.segments ON segments.groups_history.run_id =
      segments.segments.run_id AND segments.groups_history.segment_id = segments.segments.segment_id LEFT OUTER
      JOIN arrivals ON arrivals.row_key = segments.groups_history.customer_id
  WHERE segments.groups_history.run_id = (SELECT current_run.run_id
    FROM current_run)), sums AS (SELECT "s.ch".orders."a""b" AS row_key, sum(CAST("s.ch".orders."x; y" AS
      DOUBLE)) AS total
  FROM "s.ch".orders
  WHERE CAST("s.ch".orders.at AS datetime) >= CAST('2025-07-01 00:00:00' AS datetime)
  GROUP BY "s.ch".orders."a""b"), customer_totals AS (SELECT people.audience_id AS audience_id,
      people.is_holdout AS is_holdout, coalesce(sums.total, CAST(0 AS DOUBLE)) AS total
  FROM people LEFT OUTER JOIN sums ON people.key = sums.row_key)
SELECT customer_totals.audience_id, customer_totals.is_holdout, count(*) AS customers, avg(customer_totals.total)
    AS mean, var_samp(customer_totals.total) AS variance
FROM customer_totals
GROUP BY customer_totals.audience_id, customer_totals.is_holdout
ORDER BY customer_totals.audience_id, customer_totals.is_holdout;
