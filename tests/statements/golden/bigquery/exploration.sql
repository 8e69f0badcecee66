-- segment_sample
SELECT `chosen`.`segment_id`, CASE WHEN `chosen`.`is_outlier` THEN 1 ELSE 0 END AS `is_outlier`, `scaled_rows`.`x0`,
    `scaled_rows`.`x1`, `scaled_rows`.`x2`
FROM (SELECT `ranked`.`key` AS `key`, `ranked`.`segment_id` AS `segment_id`, `ranked`.`is_outlier` AS
      `is_outlier`, `ranked`.`luck` AS `luck`, `ranked`.`place` AS `place`
  FROM (SELECT `drawn`.`key` AS `key`, `drawn`.`segment_id` AS `segment_id`, `drawn`.`is_outlier` AS
        `is_outlier`, `drawn`.`luck` AS `luck`, row_number() OVER (PARTITION BY `drawn`.`segment_id` ORDER BY
        `drawn`.`luck`, `drawn`.`key`) AS `place`
    FROM (SELECT `groups_history`.`customer_id` AS `key`, `groups_history`.`segment_id` AS `segment_id`,
          `groups_history`.`is_outlier` AS `is_outlier`, CAST(farm_fingerprint(to_json_string([to_json_string(`groups_history`.`customer_id`),
          to_json_string(7)])) AS FLOAT64) * CAST(5.421010862427522e-20 AS FLOAT64) + CAST(0.5e0 AS FLOAT64) AS
          `luck`
      FROM `segments`.`groups_history`
      WHERE `groups_history`.`run_id` = 12 AND CAST(farm_fingerprint(to_json_string([to_json_string(`groups_history`.`customer_id`),
          to_json_string(7)])) AS FLOAT64) * CAST(5.421010862427522e-20 AS FLOAT64) + CAST(0.5e0 AS FLOAT64) <
          CASE WHEN (`groups_history`.`segment_id` = 4) THEN CAST(0.11666666666666667e0 AS FLOAT64) WHEN (`groups_history`.`segment_id`
          = 2) THEN CAST(1.0e0 AS FLOAT64) ELSE CAST(0.0e0 AS FLOAT64) END) AS `drawn`) AS `ranked`
  WHERE `ranked`.`place` <= CASE WHEN (`ranked`.`segment_id` = 4) THEN 50 WHEN (`ranked`.`segment_id` = 2) THEN
      50 ELSE 0 END) AS `chosen` JOIN (SELECT `source_rows`.`k` AS `k`, (`source_rows`.`r0` - CAST(-1.5e0 AS
      FLOAT64)) * CAST(0.3333333333333333e0 AS FLOAT64) AS `x0`, ln(CASE WHEN (`source_rows`.`r1` > CAST(-1.0e0
      AS FLOAT64)) THEN `source_rows`.`r1` + CAST(1.0e0 AS FLOAT64) END) AS `x1`, CASE WHEN (`source_rows`.`t0`
      = 'Oslo') THEN CAST(1.0e0 AS FLOAT64) ELSE CAST(0.0e0 AS FLOAT64) END AS `x2`
  FROM (SELECT `customers`.`customer_id` AS `k`, CAST(`customers`.`income` AS FLOAT64) AS `r0`, CAST(`customers`.`orders`
        AS FLOAT64) AS `r1`, coalesce(CAST(`customers`.`city` AS STRING), '(missing)') AS `t0`
    FROM `sales`.`customers`) AS `source_rows`
  WHERE `source_rows`.`r0` BETWEEN CAST(-1.7976931348623157e+308 AS FLOAT64) AND CAST(1.7976931348623157e+308
      AS FLOAT64) AND `source_rows`.`r1` BETWEEN CAST(0.0e0 AS FLOAT64) AND CAST(1.7976931348623157e+308 AS
      FLOAT64)) AS `scaled_rows` ON `chosen`.`key` = `scaled_rows`.`k`
ORDER BY `chosen`.`segment_id`, `chosen`.`luck`, `chosen`.`key`;

-- overview
SELECT count(*) AS `rows`, count(*) - count(`finite_rows`.`r0`) AS `null0`, count(`finite_rows`.`r0`) - count(`finite_rows`.`f0`)
    AS `non_finite0`, min(`finite_rows`.`f0`) AS `minimum0`, max(`finite_rows`.`f0`) AS `maximum0`, avg(`finite_rows`.`f0`)
    AS `mean0`, count(*) - count(`finite_rows`.`r1`) AS `null1`, count(`finite_rows`.`r1`) - count(`finite_rows`.`f1`)
    AS `non_finite1`, min(`finite_rows`.`f1`) AS `minimum1`, max(`finite_rows`.`f1`) AS `maximum1`, avg(`finite_rows`.`f1`)
    AS `mean1`
FROM (SELECT `cast_rows`.`k` AS `k`, `cast_rows`.`r0` AS `r0`, `cast_rows`.`r1` AS `r1`, CASE WHEN (`cast_rows`.`r0`
      BETWEEN CAST(-1.7976931348623157e+308 AS FLOAT64) AND CAST(1.7976931348623157e+308 AS FLOAT64)) THEN
      `cast_rows`.`r0` END AS `f0`, CASE WHEN (`cast_rows`.`r1` BETWEEN CAST(-1.7976931348623157e+308 AS
      FLOAT64) AND CAST(1.7976931348623157e+308 AS FLOAT64)) THEN `cast_rows`.`r1` END AS `f1`
  FROM (SELECT `customers`.`customer_id` AS `k`, CAST(`customers`.`income` AS FLOAT64) AS `r0`, CAST(`customers`.`orders`
        AS FLOAT64) AS `r1`
    FROM `sales`.`customers`) AS `cast_rows` ) AS `finite_rows`;

-- correlations
SELECT count(*) AS `rows`, sum(`finite_rows`.`f0` - CAST(1.5e0 AS FLOAT64)) AS `first0`, sum((`finite_rows`.`f0`
    - CAST(1.5e0 AS FLOAT64)) * (`finite_rows`.`f0` - CAST(1.5e0 AS FLOAT64))) AS `second0`, corr(`finite_rows`.`f1`,
    `finite_rows`.`f0` - CAST(1.5e0 AS FLOAT64)) AS `corr1_0`
FROM (SELECT `cast_rows`.`k` AS `k`, `cast_rows`.`r0` AS `r0`, `cast_rows`.`r1` AS `r1`, CASE WHEN (`cast_rows`.`r0`
      BETWEEN CAST(-1.7976931348623157e+308 AS FLOAT64) AND CAST(1.7976931348623157e+308 AS FLOAT64)) THEN
      `cast_rows`.`r0` END AS `f0`, CASE WHEN (`cast_rows`.`r1` BETWEEN CAST(-1.7976931348623157e+308 AS
      FLOAT64) AND CAST(1.7976931348623157e+308 AS FLOAT64)) THEN `cast_rows`.`r1` END AS `f1`
  FROM (SELECT `customers`.`customer_id` AS `k`, CAST(`customers`.`income` AS FLOAT64) AS `r0`, CAST(`customers`.`orders`
        AS FLOAT64) AS `r1`
    FROM `sales`.`customers`) AS `cast_rows` ) AS `finite_rows`;

-- histogram
SELECT `placed_rows`.`grp`, CAST(`placed_rows`.`bin` AS INT64) AS `bin`, count(*) AS `rows`
FROM (SELECT `value_rows`.`grp` AS `grp`, CASE WHEN (floor((ln(CASE WHEN (`value_rows`.`value` > CAST(-1.0e0 AS
      FLOAT64)) THEN `value_rows`.`value` + CAST(1.0e0 AS FLOAT64) END) - CAST(0.0e0 AS FLOAT64)) * CAST(3.3333333333333335e0
      AS FLOAT64)) < CAST(0.0e0 AS FLOAT64)) THEN CAST(0.0e0 AS FLOAT64) WHEN (floor((ln(CASE WHEN (`value_rows`.`value`
      > CAST(-1.0e0 AS FLOAT64)) THEN `value_rows`.`value` + CAST(1.0e0 AS FLOAT64) END) - CAST(0.0e0 AS
      FLOAT64)) * CAST(3.3333333333333335e0 AS FLOAT64)) > CAST(9.0e0 AS FLOAT64)) THEN CAST(9.0e0 AS FLOAT64)
      ELSE floor((ln(CASE WHEN (`value_rows`.`value` > CAST(-1.0e0 AS FLOAT64)) THEN `value_rows`.`value` +
      CAST(1.0e0 AS FLOAT64) END) - CAST(0.0e0 AS FLOAT64)) * CAST(3.3333333333333335e0 AS FLOAT64)) END AS
      `bin`
  FROM (SELECT coalesce(CAST(`customers`.`city` AS STRING), '(missing)') AS `grp`, CASE WHEN (CAST(`customers`.`income`
        AS FLOAT64) BETWEEN CAST(-1.7976931348623157e+308 AS FLOAT64) AND CAST(1.7976931348623157e+308 AS
        FLOAT64)) THEN CAST(`customers`.`income` AS FLOAT64) END AS `value`
    FROM `sales`.`customers`) AS `value_rows`
  WHERE ln(CASE WHEN (`value_rows`.`value` > CAST(-1.0e0 AS FLOAT64)) THEN `value_rows`.`value` + CAST(1.0e0 AS
      FLOAT64) END) IS NOT NULL) AS `placed_rows`
GROUP BY `placed_rows`.`grp`, `placed_rows`.`bin`
ORDER BY `placed_rows`.`grp`, `placed_rows`.`bin`;

-- largest_groups
SELECT coalesce(CAST(`customers`.`city` AS STRING), '(missing)') AS `category`, count(*) AS `rows`
FROM `sales`.`customers`
GROUP BY `coalesce_1`
ORDER BY count(*) DESC, coalesce(CAST(`customers`.`city` AS STRING), '(missing)')
LIMIT 5;

-- segment_counts
SELECT `groups_history`.`segment_id`, count(*) AS `rows`, count(CASE WHEN `groups_history`.`is_outlier` THEN 1
    END) AS `outliers`
FROM `segments`.`groups_history`
WHERE `groups_history`.`run_id` = 12
GROUP BY `groups_history`.`segment_id`
ORDER BY `groups_history`.`segment_id`;
