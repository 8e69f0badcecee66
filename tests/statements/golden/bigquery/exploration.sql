-- segment_sample
WITH `candidates` AS (SELECT `groups_history`.`customer_id` AS `row_key`, `groups_history`.`segment_id` AS
      `segment_id`, `groups_history`.`is_outlier` AS `is_outlier`, CAST(farm_fingerprint(to_json_string([to_json_string(`groups_history`.`customer_id`),
      to_json_string(7)])) AS FLOAT64) * CAST(5.421010862427522e-20 AS FLOAT64) + CAST(0.5e0 AS FLOAT64) AS
      `sampling_key`
  FROM `segments`.`groups_history`
  WHERE `groups_history`.`run_id` = 12 AND CAST(farm_fingerprint(to_json_string([to_json_string(`groups_history`.`customer_id`),
      to_json_string(7)])) AS FLOAT64) * CAST(5.421010862427522e-20 AS FLOAT64) + CAST(0.5e0 AS FLOAT64) < CASE
      WHEN (`groups_history`.`segment_id` = 4) THEN CAST(0.11666666666666667e0 AS FLOAT64) WHEN (`groups_history`.`segment_id`
      = 2) THEN CAST(1.0e0 AS FLOAT64) ELSE CAST(0.0e0 AS FLOAT64) END), `ranked` AS (SELECT `candidates`.`row_key`
      AS `row_key`, `candidates`.`segment_id` AS `segment_id`, `candidates`.`is_outlier` AS `is_outlier`,
      `candidates`.`sampling_key` AS `sampling_key`, row_number() OVER (PARTITION BY `candidates`.`segment_id`
      ORDER BY `candidates`.`sampling_key`, `candidates`.`row_key`) AS `place`
  FROM `candidates`), `chosen` AS (SELECT `ranked`.`row_key` AS `row_key`, `ranked`.`segment_id` AS
      `segment_id`, `ranked`.`is_outlier` AS `is_outlier`, `ranked`.`sampling_key` AS `sampling_key`, `ranked`.`place`
      AS `place`
  FROM `ranked`
  WHERE `ranked`.`place` <= CASE WHEN (`ranked`.`segment_id` = 4) THEN 50 WHEN (`ranked`.`segment_id` = 2) THEN
      50 ELSE 0 END), `source_rows` AS (SELECT `customers`.`customer_id` AS `row_key`, CAST(`customers`.`income`
      AS FLOAT64) AS `number0`, CAST(`customers`.`orders` AS FLOAT64) AS `number1`, coalesce(CAST(`customers`.`city`
      AS STRING), '(missing)') AS `text0`
  FROM `sales`.`customers`), `scaled` AS (SELECT /* x = (value - center) / scale * weight */ `source_rows`.`row_key`
      AS `row_key`, (`source_rows`.`number0` - CAST(-1.5e0 AS FLOAT64)) * CAST(0.3333333333333333e0 AS FLOAT64)
      AS `x0`, ln(CASE WHEN (`source_rows`.`number1` > CAST(-1.0e0 AS FLOAT64)) THEN `source_rows`.`number1` +
      CAST(1.0e0 AS FLOAT64) END) AS `x1`, CASE WHEN (`source_rows`.`text0` = 'Oslo') THEN CAST(1.0e0 AS
      FLOAT64) ELSE CAST(0.0e0 AS FLOAT64) END AS `x2`
  FROM `source_rows`
  WHERE `source_rows`.`number0` BETWEEN CAST(-1.7976931348623157e+308 AS FLOAT64) AND CAST(1.7976931348623157e+308
      AS FLOAT64) AND `source_rows`.`number1` BETWEEN CAST(0.0e0 AS FLOAT64) AND CAST(1.7976931348623157e+308
      AS FLOAT64))
SELECT `chosen`.`segment_id`, CASE WHEN `chosen`.`is_outlier` THEN 1 ELSE 0 END AS `is_outlier`, `scaled`.`x0`,
    `scaled`.`x1`, `scaled`.`x2`
FROM `chosen` JOIN `scaled` ON `chosen`.`row_key` = `scaled`.`row_key`
ORDER BY `chosen`.`segment_id`, `chosen`.`sampling_key`, `chosen`.`row_key`;

-- overview
WITH `source_rows` AS (SELECT `customers`.`customer_id` AS `row_key`, CAST(`customers`.`income` AS FLOAT64) AS
      `number0`, CAST(`customers`.`orders` AS FLOAT64) AS `number1`
  FROM `sales`.`customers`), `finite_rows` AS (SELECT `source_rows`.`row_key` AS `row_key`, `source_rows`.`number0`
      AS `number0`, `source_rows`.`number1` AS `number1`, CASE WHEN (`source_rows`.`number0` BETWEEN CAST(-1.7976931348623157e+308
      AS FLOAT64) AND CAST(1.7976931348623157e+308 AS FLOAT64)) THEN `source_rows`.`number0` END AS `finite0`,
      CASE WHEN (`source_rows`.`number1` BETWEEN CAST(-1.7976931348623157e+308 AS FLOAT64) AND CAST(1.7976931348623157e+308
      AS FLOAT64)) THEN `source_rows`.`number1` END AS `finite1`
  FROM `source_rows` )
SELECT count(*) AS `rows`, count(*) - count(`finite_rows`.`number0`) AS `null0`, count(`finite_rows`.`number0`)
    - count(`finite_rows`.`finite0`) AS `non_finite0`, min(`finite_rows`.`finite0`) AS `minimum0`, max(`finite_rows`.`finite0`)
    AS `maximum0`, avg(`finite_rows`.`finite0`) AS `mean0`, count(*) - count(`finite_rows`.`number1`) AS
    `null1`, count(`finite_rows`.`number1`) - count(`finite_rows`.`finite1`) AS `non_finite1`, min(`finite_rows`.`finite1`)
    AS `minimum1`, max(`finite_rows`.`finite1`) AS `maximum1`, avg(`finite_rows`.`finite1`) AS `mean1`
FROM `finite_rows`;

-- overview of a boolean
WITH `source_rows` AS (SELECT `customers`.`customer_id` AS `row_key`, CAST(`customers`.`income` AS FLOAT64) AS
      `number0`, CASE WHEN `customers`.`orders` THEN CAST(1.0e0 AS FLOAT64) WHEN (NOT `customers`.`orders`)
      THEN CAST(0.0e0 AS FLOAT64) END AS `number1`
  FROM `sales`.`customers`), `finite_rows` AS (SELECT `source_rows`.`row_key` AS `row_key`, `source_rows`.`number0`
      AS `number0`, `source_rows`.`number1` AS `number1`, CASE WHEN (`source_rows`.`number0` BETWEEN CAST(-1.7976931348623157e+308
      AS FLOAT64) AND CAST(1.7976931348623157e+308 AS FLOAT64)) THEN `source_rows`.`number0` END AS `finite0`,
      CASE WHEN (`source_rows`.`number1` BETWEEN CAST(-1.7976931348623157e+308 AS FLOAT64) AND CAST(1.7976931348623157e+308
      AS FLOAT64)) THEN `source_rows`.`number1` END AS `finite1`
  FROM `source_rows` )
SELECT count(*) AS `rows`, count(*) - count(`finite_rows`.`number0`) AS `null0`, count(`finite_rows`.`number0`)
    - count(`finite_rows`.`finite0`) AS `non_finite0`, min(`finite_rows`.`finite0`) AS `minimum0`, max(`finite_rows`.`finite0`)
    AS `maximum0`, avg(`finite_rows`.`finite0`) AS `mean0`, count(*) - count(`finite_rows`.`number1`) AS
    `null1`, count(`finite_rows`.`number1`) - count(`finite_rows`.`finite1`) AS `non_finite1`, min(`finite_rows`.`finite1`)
    AS `minimum1`, max(`finite_rows`.`finite1`) AS `maximum1`, avg(`finite_rows`.`finite1`) AS `mean1`
FROM `finite_rows`;

-- correlations
WITH `source_rows` AS (SELECT `customers`.`customer_id` AS `row_key`, CAST(`customers`.`income` AS FLOAT64) AS
      `number0`, CAST(`customers`.`orders` AS FLOAT64) AS `number1`
  FROM `sales`.`customers`), `finite_rows` AS (SELECT `source_rows`.`row_key` AS `row_key`, `source_rows`.`number0`
      AS `number0`, `source_rows`.`number1` AS `number1`, CASE WHEN (`source_rows`.`number0` BETWEEN CAST(-1.7976931348623157e+308
      AS FLOAT64) AND CAST(1.7976931348623157e+308 AS FLOAT64)) THEN `source_rows`.`number0` END AS `finite0`,
      CASE WHEN (`source_rows`.`number1` BETWEEN CAST(-1.7976931348623157e+308 AS FLOAT64) AND CAST(1.7976931348623157e+308
      AS FLOAT64)) THEN `source_rows`.`number1` END AS `finite1`
  FROM `source_rows` )
SELECT count(*) AS `rows`, sum(`finite_rows`.`finite0` - CAST(1.5e0 AS FLOAT64)) AS `first0`, sum((`finite_rows`.`finite0`
    - CAST(1.5e0 AS FLOAT64)) * (`finite_rows`.`finite0` - CAST(1.5e0 AS FLOAT64))) AS `second0`, corr(`finite_rows`.`finite1`,
    `finite_rows`.`finite0` - CAST(1.5e0 AS FLOAT64)) AS `corr1_0`
FROM `finite_rows`;

-- histogram
WITH `value_rows` AS (SELECT coalesce(CAST(`customers`.`city` AS STRING), '(missing)') AS `grp`, CASE WHEN (CAST(`customers`.`income`
      AS FLOAT64) BETWEEN CAST(-1.7976931348623157e+308 AS FLOAT64) AND CAST(1.7976931348623157e+308 AS FLOAT64))
      THEN CAST(`customers`.`income` AS FLOAT64) END AS `value`
  FROM `sales`.`customers`), `placed_rows` AS (SELECT `value_rows`.`grp` AS `grp`, CASE WHEN (floor((ln(CASE
      WHEN (`value_rows`.`value` > CAST(-1.0e0 AS FLOAT64)) THEN `value_rows`.`value` + CAST(1.0e0 AS FLOAT64)
      END) - CAST(0.0e0 AS FLOAT64)) * CAST(3.3333333333333335e0 AS FLOAT64)) < CAST(0.0e0 AS FLOAT64)) THEN
      CAST(0.0e0 AS FLOAT64) WHEN (floor((ln(CASE WHEN (`value_rows`.`value` > CAST(-1.0e0 AS FLOAT64)) THEN
      `value_rows`.`value` + CAST(1.0e0 AS FLOAT64) END) - CAST(0.0e0 AS FLOAT64)) * CAST(3.3333333333333335e0
      AS FLOAT64)) > CAST(9.0e0 AS FLOAT64)) THEN CAST(9.0e0 AS FLOAT64) ELSE floor((ln(CASE WHEN (`value_rows`.`value`
      > CAST(-1.0e0 AS FLOAT64)) THEN `value_rows`.`value` + CAST(1.0e0 AS FLOAT64) END) - CAST(0.0e0 AS
      FLOAT64)) * CAST(3.3333333333333335e0 AS FLOAT64)) END AS `bin`
  FROM `value_rows`
  WHERE ln(CASE WHEN (`value_rows`.`value` > CAST(-1.0e0 AS FLOAT64)) THEN `value_rows`.`value` + CAST(1.0e0 AS
      FLOAT64) END) IS NOT NULL)
SELECT `placed_rows`.`grp`, CAST(`placed_rows`.`bin` AS INT64) AS `bin`, count(*) AS `rows`
FROM `placed_rows`
GROUP BY `placed_rows`.`grp`, `placed_rows`.`bin`
ORDER BY `placed_rows`.`grp`, `placed_rows`.`bin`;

-- largest_groups
SELECT coalesce(CAST(`customers`.`city` AS STRING), '(missing)') AS `category`, count(*) AS `rows`
FROM `sales`.`customers`
GROUP BY `coalesce_1`
ORDER BY count(*) DESC, coalesce(CAST(`customers`.`city` AS STRING), '(missing)')
LIMIT 5;

-- crossed
SELECT `first_history`.`segment_id` AS `first_id`, `second_history`.`segment_id` AS `second_id`, count(*) AS
    `rows`
FROM `segments`.`groups_history` AS `first_history` JOIN `segments`.`groups_history` AS `second_history` ON
    `first_history`.`customer_id` = `second_history`.`customer_id`
WHERE `first_history`.`run_id` = 12 AND `second_history`.`run_id` = 11
GROUP BY `first_history`.`segment_id`, `second_history`.`segment_id`
ORDER BY `first_history`.`segment_id`, `second_history`.`segment_id`;

-- segment_counts
SELECT `groups_history`.`segment_id`, count(*) AS `rows`, count(CASE WHEN `groups_history`.`is_outlier` THEN 1
    END) AS `outliers`, count(CASE WHEN (`groups_history`.`margin` < CAST(0.1e0 AS FLOAT64) * `groups_history`.`distance`)
    THEN 1 END) AS `near_border`
FROM `segments`.`groups_history`
WHERE `groups_history`.`run_id` = 12
GROUP BY `groups_history`.`segment_id`
ORDER BY `groups_history`.`segment_id`;
