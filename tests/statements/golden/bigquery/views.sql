-- current_assignment
WITH `current_run` AS (SELECT max(`runs`.`run_id`) AS `run_id`
  FROM `segments`.`runs`
  WHERE `runs`.`segmentation` = 'groups' AND `runs`.`status` = 'published')
SELECT `groups_history`.`customer_id` AS `customer_id`, `groups_history`.`segment_id`, `segments`.`name` AS
    `segment_name`, `groups_history`.`distance`, `groups_history`.`margin`, `groups_history`.`is_outlier`,
    `groups_history`.`run_id`
FROM `segments`.`groups_history` JOIN `segments`.`segments` ON `groups_history`.`run_id` = `segments`.`run_id`
    AND `groups_history`.`segment_id` = `segments`.`segment_id`
WHERE `groups_history`.`run_id` = (SELECT `current_run`.`run_id`
  FROM `current_run`);

-- wide_profile with measures
WITH `current_run` AS (SELECT max(`runs`.`run_id`) AS `run_id`
  FROM `segments`.`runs`
  WHERE `runs`.`segmentation` = 'groups' AND `runs`.`status` = 'published')
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

-- wide_profile
WITH `current_run` AS (SELECT max(`runs`.`run_id`) AS `run_id`
  FROM `segments`.`runs`
  WHERE `runs`.`segmentation` = 'groups' AND `runs`.`status` = 'published')
SELECT `segments`.`segment_id`, `segments`.`name`, `segments`.`rows`, `segments`.`share`, max(CASE WHEN (`profiles`.`feature`
    = 'income') THEN `profiles`.`mean` END) AS `income`, max(CASE WHEN (`profiles`.`feature` = 'orders') THEN
    `profiles`.`mean` END) AS `orders`
FROM `segments`.`segments` JOIN `segments`.`profiles` ON `profiles`.`run_id` = `segments`.`run_id` AND
    `profiles`.`segment_id` = `segments`.`segment_id`
WHERE `segments`.`run_id` = (SELECT `current_run`.`run_id`
  FROM `current_run`)
GROUP BY `segments`.`segment_id`, `segments`.`name`, `segments`.`rows`, `segments`.`share`;
