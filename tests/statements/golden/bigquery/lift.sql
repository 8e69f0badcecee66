-- brought
WITH `first_kept` AS (SELECT min(`groups_history`.`run_id`) AS `run_id`
  FROM `segments`.`groups_history`), `first_as_of` AS (SELECT min(coalesce(`runs`.`as_of`, `runs`.`published_at`))
      AS `as_of`
  FROM `segments`.`runs`
  WHERE `runs`.`segmentation` = 'groups' AND `runs`.`status` = 'published' AND `runs`.`run_id` >= (SELECT
        `first_kept`.`run_id`
    FROM `first_kept`)), `arrivals` AS (SELECT `groups_movements`.`customer_id` AS `row_key`, max(coalesce(`runs`.`as_of`,
      `runs`.`published_at`)) AS `arrived_at`
  FROM `segments`.`groups_movements` JOIN `segments`.`runs` ON `runs`.`run_id` = `groups_movements`.`run_id`
  WHERE `runs`.`segmentation` = 'groups' AND `runs`.`status` = 'published' AND `groups_movements`.`change` IN ('entered',
      'moved')
  GROUP BY `groups_movements`.`customer_id`), `current_run` AS (SELECT `runs`.`run_id` AS `run_id`
  FROM `segments`.`runs`
  WHERE `runs`.`segmentation` = 'groups' AND `runs`.`status` = 'published'
  ORDER BY coalesce(`runs`.`as_of`, `runs`.`published_at`) DESC, `runs`.`run_id` DESC
  LIMIT 1), `people` AS (SELECT `groups_history`.`segment_id` AS `audience_id`, `segments`.`name` AS
      `audience_name`, `groups_history`.`customer_id` AS `key`, substr(to_hex(sha256(concat('hold-out of groups: ',
      CAST(`groups_history`.`customer_id` AS STRING)))), 1, 8) < '19999999' AS `is_holdout`, coalesce(`arrivals`.`arrived_at`,
      (SELECT `first_as_of`.`as_of`
    FROM `first_as_of`)) AS `since`
  FROM `segments`.`groups_history` JOIN `segments`.`segments` ON `groups_history`.`run_id` = `segments`.`run_id`
      AND `groups_history`.`segment_id` = `segments`.`segment_id` LEFT OUTER JOIN `arrivals` ON `arrivals`.`row_key`
      = `groups_history`.`customer_id`
  WHERE `groups_history`.`run_id` = (SELECT `current_run`.`run_id`
    FROM `current_run`)), `sums` AS (SELECT `orders`.`a""b` AS `row_key`, sum(CAST(`orders`.`x; y` AS FLOAT64))
      AS `total`
  FROM `s.ch`.`orders`
  WHERE CAST(`orders`.`at` AS DATETIME) >= CAST('2025-07-01 00:00:00' AS DATETIME)
  GROUP BY `orders`.`a""b`), `customer_totals` AS (SELECT `people`.`audience_id` AS `audience_id`, `people`.`is_holdout`
      AS `is_holdout`, coalesce(`sums`.`total`, CAST(0 AS FLOAT64)) AS `total`
  FROM `people` LEFT OUTER JOIN `sums` ON `people`.`key` = `sums`.`row_key`)
SELECT `customer_totals`.`audience_id`, `customer_totals`.`is_holdout`, count(*) AS `customers`, avg(`customer_totals`.`total`)
    AS `mean`, var_samp(`customer_totals`.`total`) AS `variance`
FROM `customer_totals`
GROUP BY `customer_totals`.`audience_id`, `customer_totals`.`is_holdout`
ORDER BY `customer_totals`.`audience_id`, `customer_totals`.`is_holdout`;
