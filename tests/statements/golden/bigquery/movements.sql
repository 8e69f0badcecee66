-- overlap
SELECT `before`.`segment_id`, `now`.`cluster`, count(*) AS `customers`
FROM (SELECT `near`.`k` AS `k`, CASE WHEN (`near`.`d0` <= `near`.`d1`) THEN 0 ELSE 1 END AS `cluster`
  FROM (SELECT `scaled_rows`.`k` AS `k`, `scaled_rows`.`x0` AS `x0`, `scaled_rows`.`x1` AS `x1`, `scaled_rows`.`x2`
        AS `x2`, CAST(1.25e0 AS FLOAT64) + `scaled_rows`.`x1` * CAST(-2.0e0 AS FLOAT64) + `scaled_rows`.`x2` *
        CAST(-1.0e0 AS FLOAT64) AS `d0`, CAST(5.0e0 AS FLOAT64) + `scaled_rows`.`x0` * CAST(2.0e0 AS FLOAT64) +
        `scaled_rows`.`x1` * CAST(-4.0e0 AS FLOAT64) AS `d1`
    FROM (SELECT `source_rows`.`k` AS `k`, (`source_rows`.`r0` - CAST(-1.5e0 AS FLOAT64)) * CAST(0.3333333333333333e0
          AS FLOAT64) AS `x0`, ln(CASE WHEN (`source_rows`.`r1` > CAST(-1.0e0 AS FLOAT64)) THEN `source_rows`.`r1`
          + CAST(1.0e0 AS FLOAT64) END) AS `x1`, CASE WHEN (`source_rows`.`t0` = 'Oslo') THEN CAST(1.0e0 AS
          FLOAT64) ELSE CAST(0.0e0 AS FLOAT64) END AS `x2`
      FROM (SELECT `customers`.`customer_id` AS `k`, CAST(`customers`.`income` AS FLOAT64) AS `r0`, CAST(`customers`.`orders`
            AS FLOAT64) AS `r1`, coalesce(CAST(`customers`.`city` AS STRING), '(missing)') AS `t0`
        FROM `sales`.`customers`) AS `source_rows`
      WHERE `source_rows`.`r0` BETWEEN CAST(-1.7976931348623157e+308 AS FLOAT64) AND CAST(1.7976931348623157e+308
          AS FLOAT64) AND `source_rows`.`r1` BETWEEN CAST(0.0e0 AS FLOAT64) AND CAST(1.7976931348623157e+308 AS
          FLOAT64) AND CAST(farm_fingerprint(to_json_string([to_json_string(`source_rows`.`k`), to_json_string(7)]))
          AS FLOAT64) * CAST(5.421010862427522e-20 AS FLOAT64) + CAST(0.5e0 AS FLOAT64) < CAST(0.1e0 AS FLOAT64))
        AS `scaled_rows` ) AS `near`) AS `now` JOIN (SELECT `groups_history`.`customer_id` AS `k`,
      `groups_history`.`segment_id` AS `segment_id`
  FROM `segments`.`groups_history`
  WHERE `groups_history`.`run_id` = 11 AND CAST(farm_fingerprint(to_json_string([to_json_string(`groups_history`.`customer_id`),
      to_json_string(7)])) AS FLOAT64) * CAST(5.421010862427522e-20 AS FLOAT64) + CAST(0.5e0 AS FLOAT64) < CAST(0.1e0
      AS FLOAT64)) AS `before` ON `before`.`k` = `now`.`k`
GROUP BY `before`.`segment_id`, `now`.`cluster`;

-- movements
SELECT CAST(12 AS INT64) AS `run_id`, coalesce(`now`.`k`, `before`.`k`) AS `customer_id`, CASE WHEN (`before`.`k`
    IS NULL) THEN 'entered' WHEN (`now`.`k` IS NULL) THEN 'left' ELSE 'moved' END AS `change`, `before`.`segment_id`
    AS `from_segment_id`, `now`.`segment_id` AS `to_segment_id`
FROM (SELECT `groups_history`.`customer_id` AS `k`, `groups_history`.`segment_id` AS `segment_id`
  FROM `segments`.`groups_history`
  WHERE `groups_history`.`run_id` = 11) AS `before` FULL OUTER JOIN (SELECT `groups_history`.`customer_id` AS
      `k`, `groups_history`.`segment_id` AS `segment_id`
  FROM `segments`.`groups_history`
  WHERE `groups_history`.`run_id` = 12) AS `now` ON `before`.`k` = `now`.`k`
WHERE `before`.`k` IS NULL OR `now`.`k` IS NULL OR `before`.`segment_id` != `now`.`segment_id`;

-- flows
SELECT `before`.`segment_id` AS `from_segment_id`, `now`.`segment_id` AS `to_segment_id`, count(*) AS
    `customers`
FROM (SELECT `groups_history`.`customer_id` AS `k`, `groups_history`.`segment_id` AS `segment_id`
  FROM `segments`.`groups_history`
  WHERE `groups_history`.`run_id` = 11) AS `before` FULL OUTER JOIN (SELECT `groups_history`.`customer_id` AS
      `k`, `groups_history`.`segment_id` AS `segment_id`
  FROM `segments`.`groups_history`
  WHERE `groups_history`.`run_id` = 12) AS `now` ON `before`.`k` = `now`.`k`
GROUP BY `before`.`segment_id`, `now`.`segment_id`;

-- moved_flows
SELECT `groups_movements`.`from_segment_id`, `groups_movements`.`to_segment_id`, count(*) AS `customers`
FROM `segments`.`groups_movements`
WHERE `groups_movements`.`run_id` = 12
GROUP BY `groups_movements`.`from_segment_id`, `groups_movements`.`to_segment_id`;
