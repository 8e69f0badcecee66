-- a snapshot of a view
CREATE TEMPORARY TABLE `segjob_rows` AS
SELECT `customers`.`customer_id`, `customers`.`income`, `customers`.`orders`, `customers`.`city`
FROM `sales`.`customers`;

-- a table of scores
CREATE TABLE `segments`.`scored` AS
SELECT `customers`.`customer_id`, `customers`.`income`, `customers`.`orders`, `customers`.`city`
FROM `sales`.`customers`;

-- a view
CREATE OR REPLACE VIEW `segments`.`groups_scores` AS
SELECT `measured`.`k` AS `customer_id`, `measured`.`segment_id` AS `segment_id`, CASE `measured`.`segment_id`
    WHEN 4 THEN 'Oslo' WHEN 2 THEN 'b' END AS `segment_name`, `measured`.`distance` AS `distance`, `measured`.`next_segment_id`
    AS `next_segment_id`, `measured`.`next_distance` - `measured`.`distance` AS `margin`, `measured`.`distance`
    > CASE `measured`.`segment_id` WHEN 4 THEN CAST(1.0e0 AS FLOAT64) ELSE CAST('Infinity' AS FLOAT64) END AS
    `is_outlier`
FROM (SELECT `second_choice`.`k` AS `k`, `second_choice`.`x0` AS `x0`, `second_choice`.`x1` AS `x1`,
      `second_choice`.`x2` AS `x2`, `second_choice`.`d0` AS `d0`, `second_choice`.`d1` AS `d1`, `second_choice`.`segment_id`
      AS `segment_id`, `second_choice`.`next_segment_id` AS `next_segment_id`, sqrt(CASE `second_choice`.`segment_id`
      WHEN 4 THEN `second_choice`.`d0` WHEN 2 THEN `second_choice`.`d1` END) AS `distance`, sqrt(CASE
      `second_choice`.`next_segment_id` WHEN 4 THEN `second_choice`.`d0` WHEN 2 THEN `second_choice`.`d1` END)
      AS `next_distance`
  FROM (SELECT `first_choice`.`k` AS `k`, `first_choice`.`x0` AS `x0`, `first_choice`.`x1` AS `x1`,
        `first_choice`.`x2` AS `x2`, `first_choice`.`d0` AS `d0`, `first_choice`.`d1` AS `d1`, `first_choice`.`segment_id`
        AS `segment_id`, CASE `first_choice`.`segment_id` WHEN 4 THEN 2 WHEN 2 THEN 4 END AS `next_segment_id`
    FROM (SELECT `near`.`k` AS `k`, `near`.`x0` AS `x0`, `near`.`x1` AS `x1`, `near`.`x2` AS `x2`, `near`.`d0`
          AS `d0`, `near`.`d1` AS `d1`, CASE WHEN (`near`.`d0` <= `near`.`d1`) THEN 4 WHEN (`near`.`d1` IS NOT
          NULL) THEN 2 END AS `segment_id`
      FROM (SELECT `scaled_rows`.`k` AS `k`, `scaled_rows`.`x0` AS `x0`, `scaled_rows`.`x1` AS `x1`,
            `scaled_rows`.`x2` AS `x2`, `scaled_rows`.`x0` * `scaled_rows`.`x0` + (`scaled_rows`.`x1` - CAST(1.0e0
            AS FLOAT64)) * (`scaled_rows`.`x1` - CAST(1.0e0 AS FLOAT64)) + (`scaled_rows`.`x2` - CAST(0.5e0 AS
            FLOAT64)) * (`scaled_rows`.`x2` - CAST(0.5e0 AS FLOAT64)) AS `d0`, (`scaled_rows`.`x0` - CAST(-1.0e0
            AS FLOAT64)) * (`scaled_rows`.`x0` - CAST(-1.0e0 AS FLOAT64)) + (`scaled_rows`.`x1` - CAST(2.0e0 AS
            FLOAT64)) * (`scaled_rows`.`x1` - CAST(2.0e0 AS FLOAT64)) + `scaled_rows`.`x2` * `scaled_rows`.`x2`
            AS `d1`
        FROM (SELECT `source_rows`.`k` AS `k`, CASE WHEN (`source_rows`.`r0` BETWEEN CAST(-1.7976931348623157e+308
              AS FLOAT64) AND CAST(1.7976931348623157e+308 AS FLOAT64) AND `source_rows`.`r1` BETWEEN CAST(0.0e0
              AS FLOAT64) AND CAST(1.7976931348623157e+308 AS FLOAT64)) THEN (`source_rows`.`r0` - CAST(-1.5e0
              AS FLOAT64)) * CAST(0.3333333333333333e0 AS FLOAT64) END AS `x0`, ln(CASE WHEN (`source_rows`.`r1`
              > CAST(-1.0e0 AS FLOAT64)) THEN `source_rows`.`r1` + CAST(1.0e0 AS FLOAT64) END) AS `x1`, CASE
              WHEN (`source_rows`.`t0` = 'Oslo') THEN CAST(1.0e0 AS FLOAT64) ELSE CAST(0.0e0 AS FLOAT64) END AS
              `x2`
          FROM (SELECT `customers`.`customer_id` AS `k`, CAST(`customers`.`income` AS FLOAT64) AS `r0`, CAST(`customers`.`orders`
                AS FLOAT64) AS `r1`, coalesce(CAST(`customers`.`city` AS STRING), '(missing)') AS `t0`
            FROM `sales`.`customers`) AS `source_rows`) AS `scaled_rows` ) AS `near` ) AS `first_choice` ) AS
      `second_choice` ) AS `measured`;

-- drop a table
DROP TABLE IF EXISTS `segjob_rows`;

-- a table
CREATE TABLE `segments`.`groups_history` ( `run_id` INT64 OPTIONS(description='The run that wrote this row.'),
    `customer_id` INT64 OPTIONS(description='Key of the feature relation.'), `segment_id` INT64 OPTIONS(description='Number of the segment; stays the same across runs.'),
    `distance` FLOAT64 OPTIONS(description="Distance to the segment's centroid, scaled units; of a Gaussian mixture Mahalanobis' distance, in standard deviations of the segment."),
    `next_segment_id` INT64 OPTIONS(description='The runner-up: the second nearest segment, or second likeliest.'),
    `margin` FLOAT64 OPTIONS(description='How much further the runner-up is; of a Gaussian mixture, the logarithm of how many times likelier the own segment is. Near 0 is on the border.'),
    `is_outlier` BOOL OPTIONS(description="Further from the centroid than the segment's outlier_distance.") )
    OPTIONS(description='Who was in which segment. One row per run and customer.');

-- a comment on a table
ALTER TABLE `segments`.`groups_history` SET OPTIONS(description='Who was in which segment. One row per run and customer.');

-- a comment on a column
ALTER TABLE `segments`.`groups_history` ALTER COLUMN `margin` SET OPTIONS(description='How much further the runner-up is; of a Gaussian mixture, the logarithm of how many times likelier the own segment is. Near 0 is on the border.');

-- a column more
ALTER TABLE `segments`.`groups_history` ADD COLUMN `margin` FLOAT64 OPTIONS(description='How much further the runner-up is; of a Gaussian mixture, the logarithm of how many times likelier the own segment is. Near 0 is on the border.');

-- a scoring function
CREATE OR REPLACE FUNCTION `segments`.`groups_segment`(`income` FLOAT64, `orders` FLOAT64, `city` STRING)
    RETURNS INT64 AS (CASE WHEN (CAST(`income` AS FLOAT64) BETWEEN CAST(-1.7976931348623157e+308 AS FLOAT64)
    AND CAST(1.7976931348623157e+308 AS FLOAT64) AND CAST(`orders` AS FLOAT64) BETWEEN CAST(0.0e0 AS FLOAT64)
    AND CAST(1.7976931348623157e+308 AS FLOAT64)) THEN CASE WHEN (CAST(1.25e0 AS FLOAT64) + ln(CASE WHEN (CAST(`orders`
    AS FLOAT64) > CAST(-1.0e0 AS FLOAT64)) THEN CAST(`orders` AS FLOAT64) + CAST(1.0e0 AS FLOAT64) END) * CAST(-2.0e0
    AS FLOAT64) + CASE WHEN (coalesce(CAST(`city` AS STRING), '(missing)') = 'Oslo') THEN CAST(1.0e0 AS FLOAT64)
    ELSE CAST(0.0e0 AS FLOAT64) END * CAST(-1.0e0 AS FLOAT64) = least(CAST(1.25e0 AS FLOAT64) + ln(CASE WHEN (CAST(`orders`
    AS FLOAT64) > CAST(-1.0e0 AS FLOAT64)) THEN CAST(`orders` AS FLOAT64) + CAST(1.0e0 AS FLOAT64) END) * CAST(-2.0e0
    AS FLOAT64) + CASE WHEN (coalesce(CAST(`city` AS STRING), '(missing)') = 'Oslo') THEN CAST(1.0e0 AS FLOAT64)
    ELSE CAST(0.0e0 AS FLOAT64) END * CAST(-1.0e0 AS FLOAT64), CAST(5.0e0 AS FLOAT64) + (CAST(`income` AS
    FLOAT64) - CAST(-1.5e0 AS FLOAT64)) * CAST(0.3333333333333333e0 AS FLOAT64) * CAST(2.0e0 AS FLOAT64) + ln(CASE
    WHEN (CAST(`orders` AS FLOAT64) > CAST(-1.0e0 AS FLOAT64)) THEN CAST(`orders` AS FLOAT64) + CAST(1.0e0 AS
    FLOAT64) END) * CAST(-4.0e0 AS FLOAT64))) THEN 4 ELSE 2 END END);
