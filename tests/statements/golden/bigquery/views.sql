-- current_assignment
WITH `current_run` AS (SELECT `runs`.`run_id` AS `run_id`
  FROM `segments`.`runs`
  WHERE `runs`.`segmentation` = 'groups' AND `runs`.`status` = 'published'
  ORDER BY coalesce(`runs`.`as_of`, `runs`.`published_at`) DESC, `runs`.`run_id` DESC
  LIMIT 1)
SELECT `groups_history`.`customer_id` AS `customer_id`, `groups_history`.`segment_id`, `segments`.`name` AS
    `segment_name`, `groups_history`.`distance`, `groups_history`.`margin`, `groups_history`.`is_outlier`,
    `groups_history`.`run_id`
FROM `segments`.`groups_history` JOIN `segments`.`segments` ON `groups_history`.`run_id` = `segments`.`run_id`
    AND `groups_history`.`segment_id` = `segments`.`segment_id`
WHERE `groups_history`.`run_id` = (SELECT `current_run`.`run_id`
  FROM `current_run`);

-- wide_profile with measures
WITH `current_run` AS (SELECT `runs`.`run_id` AS `run_id`
  FROM `segments`.`runs`
  WHERE `runs`.`segmentation` = 'groups' AND `runs`.`status` = 'published'
  ORDER BY coalesce(`runs`.`as_of`, `runs`.`published_at`) DESC, `runs`.`run_id` DESC
  LIMIT 1)
SELECT `segments`.`segment_id`, `segments`.`name`, `segments`.`rows`, `segments`.`share`, max(CASE WHEN (`profiles`.`feature`
    = 'income') THEN `profiles`.`mean` END) AS `income`, max(CASE WHEN (`profiles`.`feature` = 'city') THEN
    `profiles`.`mean` END) AS `city`, max(CASE WHEN (`profiles`.`feature` = 'income') THEN `profiles`.`total_share`
    END) AS `share_of_income`, max(CASE WHEN (`profiles`.`feature` = 'city') THEN `profiles`.`total_share` END)
    AS `share_of_city`
FROM `segments`.`segments` JOIN `segments`.`profiles` ON `profiles`.`run_id` = `segments`.`run_id` AND
    `profiles`.`segment_id` = `segments`.`segment_id`
WHERE `segments`.`run_id` = (SELECT `current_run`.`run_id`
  FROM `current_run`)
GROUP BY `segments`.`segment_id`, `segments`.`name`, `segments`.`rows`, `segments`.`share`;

-- audience
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
  LIMIT 1)
SELECT `groups_history`.`segment_id` AS `audience_id`, `segments`.`name` AS `audience_name`, `groups_history`.`customer_id`
    AS `key`, substr(to_hex(sha256(concat('hold-out of groups: ', CAST(`groups_history`.`customer_id` AS STRING)))),
    1, 8) < '19999999' AS `is_holdout`, coalesce(`arrivals`.`arrived_at`, (SELECT `first_as_of`.`as_of`
  FROM `first_as_of`)) AS `since`
FROM `segments`.`groups_history` JOIN `segments`.`segments` ON `groups_history`.`run_id` = `segments`.`run_id`
    AND `groups_history`.`segment_id` = `segments`.`segment_id` LEFT OUTER JOIN `arrivals` ON `arrivals`.`row_key`
    = `groups_history`.`customer_id`
WHERE `groups_history`.`run_id` = (SELECT `current_run`.`run_id`
  FROM `current_run`);

-- with_hashed_column
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
  LIMIT 1), `audience` AS (SELECT `groups_history`.`segment_id` AS `audience_id`, `segments`.`name` AS
      `audience_name`, `groups_history`.`customer_id` AS `key`, substr(to_hex(sha256(concat('hold-out of groups: ',
      CAST(`groups_history`.`customer_id` AS STRING)))), 1, 8) < '19999999' AS `is_holdout`, coalesce(`arrivals`.`arrived_at`,
      (SELECT `first_as_of`.`as_of`
    FROM `first_as_of`)) AS `since`
  FROM `segments`.`groups_history` JOIN `segments`.`segments` ON `groups_history`.`run_id` = `segments`.`run_id`
      AND `groups_history`.`segment_id` = `segments`.`segment_id` LEFT OUTER JOIN `arrivals` ON `arrivals`.`row_key`
      = `groups_history`.`customer_id`
  WHERE `groups_history`.`run_id` = (SELECT `current_run`.`run_id`
    FROM `current_run`)), `hashed_values` AS (SELECT `customers`.`customer_id` AS `row_key`, max(CASE WHEN (lower(trim(CAST(`customers`.`city`
      AS STRING), ' \t\r\n')) != '') THEN to_hex(sha256(lower(trim(CAST(`customers`.`city` AS STRING),
      ' \t\r\n')))) END) AS `hashed`
  FROM `sales`.`customers`
  GROUP BY `customers`.`customer_id`)
SELECT `audience`.`audience_id`, `audience`.`audience_name`, `audience`.`key`, `audience`.`is_holdout`,
    `audience`.`since`, `hashed_values`.`hashed` AS `city_sha256`
FROM `audience` LEFT OUTER JOIN `hashed_values` ON `audience`.`key` = `hashed_values`.`row_key`;

-- wide_profile
WITH `current_run` AS (SELECT `runs`.`run_id` AS `run_id`
  FROM `segments`.`runs`
  WHERE `runs`.`segmentation` = 'groups' AND `runs`.`status` = 'published'
  ORDER BY coalesce(`runs`.`as_of`, `runs`.`published_at`) DESC, `runs`.`run_id` DESC
  LIMIT 1)
SELECT `segments`.`segment_id`, `segments`.`name`, `segments`.`rows`, `segments`.`share`, max(CASE WHEN (`profiles`.`feature`
    = 'income') THEN `profiles`.`mean` END) AS `income`, max(CASE WHEN (`profiles`.`feature` = 'orders') THEN
    `profiles`.`mean` END) AS `orders`
FROM `segments`.`segments` JOIN `segments`.`profiles` ON `profiles`.`run_id` = `segments`.`run_id` AND
    `profiles`.`segment_id` = `segments`.`segment_id`
WHERE `segments`.`run_id` = (SELECT `current_run`.`run_id`
  FROM `current_run`)
GROUP BY `segments`.`segment_id`, `segments`.`name`, `segments`.`rows`, `segments`.`share`;
