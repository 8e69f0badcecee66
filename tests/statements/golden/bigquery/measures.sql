-- first_means
SELECT count(*) AS `rows`, avg(`first_rows`.`v0`) AS `near0`, avg(`first_rows`.`v1`) AS `near1`
FROM (SELECT `checked_rows`.`k` AS `k`, `checked_rows`.`r0` AS `r0`, `checked_rows`.`r1` AS `r1`,
      `checked_rows`.`t0` AS `t0`, `checked_rows`.`f0` AS `f0`, `checked_rows`.`f1` AS `f1`, `checked_rows`.`reason`
      AS `reason`, `checked_rows`.`v0` AS `v0`, `checked_rows`.`v1` AS `v1`
  FROM (SELECT `reasoned_rows`.`k` AS `k`, `reasoned_rows`.`r0` AS `r0`, `reasoned_rows`.`r1` AS `r1`,
        `reasoned_rows`.`t0` AS `t0`, `reasoned_rows`.`f0` AS `f0`, `reasoned_rows`.`f1` AS `f1`,
        `reasoned_rows`.`reason` AS `reason`, CASE WHEN (`reasoned_rows`.`reason` IS NULL) THEN `reasoned_rows`.`f0`
        END AS `v0`, CASE WHEN (`reasoned_rows`.`reason` IS NULL) THEN ln(CASE WHEN (`reasoned_rows`.`f1` >
        CAST(-1.0e0 AS FLOAT64)) THEN `reasoned_rows`.`f1` + CAST(1.0e0 AS FLOAT64) END) END AS `v1`
    FROM (SELECT `finite_rows`.`k` AS `k`, `finite_rows`.`r0` AS `r0`, `finite_rows`.`r1` AS `r1`,
          `finite_rows`.`t0` AS `t0`, `finite_rows`.`f0` AS `f0`, `finite_rows`.`f1` AS `f1`, CASE WHEN (`finite_rows`.`f0`
          IS NULL) THEN 0 WHEN (`finite_rows`.`f1` IS NULL) THEN 1 WHEN (`finite_rows`.`f1` < CAST(0.0e0 AS
          FLOAT64)) THEN 2 END AS `reason`
      FROM (SELECT `source_rows`.`k` AS `k`, `source_rows`.`r0` AS `r0`, `source_rows`.`r1` AS `r1`,
            `source_rows`.`t0` AS `t0`, CASE WHEN (`source_rows`.`r0` BETWEEN CAST(-1.7976931348623157e+308 AS
            FLOAT64) AND CAST(1.7976931348623157e+308 AS FLOAT64)) THEN `source_rows`.`r0` END AS `f0`, CASE
            WHEN (`source_rows`.`r1` BETWEEN CAST(-1.7976931348623157e+308 AS FLOAT64) AND CAST(1.7976931348623157e+308
            AS FLOAT64)) THEN `source_rows`.`r1` END AS `f1`
        FROM (SELECT `customers`.`customer_id` AS `k`, CAST(`customers`.`income` AS FLOAT64) AS `r0`, CAST(`customers`.`orders`
              AS FLOAT64) AS `r1`, coalesce(CAST(`customers`.`city` AS STRING), '(missing)') AS `t0`
          FROM `sales`.`customers`) AS `source_rows` ) AS `finite_rows` ) AS `reasoned_rows` ) AS
      `checked_rows`
  LIMIT 1000) AS `first_rows`;

-- measure
SELECT count(*) AS `rows`, count(CASE WHEN (`checked_rows`.`k` IS NULL) THEN 1 END) AS `null_keys`, count(CASE
    WHEN (`checked_rows`.`reason` IS NULL) THEN 1 END) AS `kept`, count(CASE WHEN (`checked_rows`.`reason` = 0)
    THEN 1 END) AS `excluded0`, count(CASE WHEN (`checked_rows`.`reason` = 1) THEN 1 END) AS `excluded1`, count(CASE
    WHEN (`checked_rows`.`reason` = 2) THEN 1 END) AS `excluded2`, count(`checked_rows`.`v0`) AS `count0`,
    count(CASE WHEN is_nan(`checked_rows`.`r0`) THEN 1 END) AS `nan0`, count(`checked_rows`.`r0`) - count(`checked_rows`.`f0`)
    AS `non_finite0`, min(`checked_rows`.`v0`) AS `minimum0`, max(`checked_rows`.`v0`) AS `maximum0`, CAST(-1.5e0
    AS FLOAT64) AS `near0`, sum(`checked_rows`.`v0` - CAST(-1.5e0 AS FLOAT64)) AS `first0`, sum((`checked_rows`.`v0`
    - CAST(-1.5e0 AS FLOAT64)) * (`checked_rows`.`v0` - CAST(-1.5e0 AS FLOAT64))) AS `second0`, count(`checked_rows`.`v1`)
    AS `count1`, count(CASE WHEN is_nan(`checked_rows`.`r1`) THEN 1 END) AS `nan1`, count(`checked_rows`.`r1`)
    - count(`checked_rows`.`f1`) AS `non_finite1`, min(`checked_rows`.`v1`) AS `minimum1`, max(`checked_rows`.`v1`)
    AS `maximum1`, CAST(0.0e0 AS FLOAT64) AS `near1`, sum(`checked_rows`.`v1` - CAST(0.0e0 AS FLOAT64)) AS
    `first1`, sum((`checked_rows`.`v1` - CAST(0.0e0 AS FLOAT64)) * (`checked_rows`.`v1` - CAST(0.0e0 AS FLOAT64)))
    AS `second1`, bit_xor(farm_fingerprint(to_json_string([to_json_string(`checked_rows`.`k`), to_json_string(`checked_rows`.`r0`),
    to_json_string(`checked_rows`.`r1`), to_json_string(`checked_rows`.`t0`)]))) AS `fingerprint`
FROM (SELECT `reasoned_rows`.`k` AS `k`, `reasoned_rows`.`r0` AS `r0`, `reasoned_rows`.`r1` AS `r1`,
      `reasoned_rows`.`t0` AS `t0`, `reasoned_rows`.`f0` AS `f0`, `reasoned_rows`.`f1` AS `f1`, `reasoned_rows`.`reason`
      AS `reason`, CASE WHEN (`reasoned_rows`.`reason` IS NULL) THEN `reasoned_rows`.`f0` END AS `v0`, CASE
      WHEN (`reasoned_rows`.`reason` IS NULL) THEN ln(CASE WHEN (`reasoned_rows`.`f1` > CAST(-1.0e0 AS FLOAT64))
      THEN `reasoned_rows`.`f1` + CAST(1.0e0 AS FLOAT64) END) END AS `v1`
  FROM (SELECT `finite_rows`.`k` AS `k`, `finite_rows`.`r0` AS `r0`, `finite_rows`.`r1` AS `r1`, `finite_rows`.`t0`
        AS `t0`, `finite_rows`.`f0` AS `f0`, `finite_rows`.`f1` AS `f1`, CASE WHEN (`finite_rows`.`f0` IS NULL)
        THEN 0 WHEN (`finite_rows`.`f1` IS NULL) THEN 1 WHEN (`finite_rows`.`f1` < CAST(0.0e0 AS FLOAT64)) THEN
        2 END AS `reason`
    FROM (SELECT `source_rows`.`k` AS `k`, `source_rows`.`r0` AS `r0`, `source_rows`.`r1` AS `r1`,
          `source_rows`.`t0` AS `t0`, CASE WHEN (`source_rows`.`r0` BETWEEN CAST(-1.7976931348623157e+308 AS
          FLOAT64) AND CAST(1.7976931348623157e+308 AS FLOAT64)) THEN `source_rows`.`r0` END AS `f0`, CASE WHEN
          (`source_rows`.`r1` BETWEEN CAST(-1.7976931348623157e+308 AS FLOAT64) AND CAST(1.7976931348623157e+308
          AS FLOAT64)) THEN `source_rows`.`r1` END AS `f1`
      FROM (SELECT `customers`.`customer_id` AS `k`, CAST(`customers`.`income` AS FLOAT64) AS `r0`, CAST(`customers`.`orders`
            AS FLOAT64) AS `r1`, coalesce(CAST(`customers`.`city` AS STRING), '(missing)') AS `t0`
        FROM `sales`.`customers`) AS `source_rows` ) AS `finite_rows` ) AS `reasoned_rows` ) AS `checked_rows`;

-- fingerprint
SELECT bit_xor(farm_fingerprint(to_json_string([to_json_string(`source_rows`.`k`), to_json_string(`source_rows`.`r0`),
    to_json_string(`source_rows`.`r1`), to_json_string(`source_rows`.`t0`)]))) AS `fingerprint`
FROM (SELECT `customers`.`customer_id` AS `k`, CAST(`customers`.`income` AS FLOAT64) AS `r0`, CAST(`customers`.`orders`
      AS FLOAT64) AS `r1`, coalesce(CAST(`customers`.`city` AS STRING), '(missing)') AS `t0`
  FROM `sales`.`customers`) AS `source_rows`;

-- repeated_keys
SELECT `customers`.`customer_id` AS `row_key`, count(*) AS `rows`
FROM `sales`.`customers`
WHERE `customers`.`customer_id` IS NOT NULL
GROUP BY `customers`.`customer_id`
HAVING count(*) > 1
ORDER BY count(*) DESC, `customers`.`customer_id`
LIMIT 3;

-- examples
SELECT `customers`.`customer_id` AS `row_key`, `customers`.`income` AS `value`
FROM `sales`.`customers`
WHERE CAST(`customers`.`income` AS FLOAT64) NOT BETWEEN CAST(-1.7976931348623157e+308 AS FLOAT64) AND CAST(1.7976931348623157e+308
    AS FLOAT64)
ORDER BY `customers`.`customer_id`
LIMIT 3;

-- quantiles
SELECT `arrays`.`q0`[ORDINAL(1)] AS `f0_q0`, `arrays`.`q0`[ORDINAL(2)] AS `f0_q1`, `arrays`.`q0`[ORDINAL(3)] AS
    `f0_q2`, `arrays`.`q1`[ORDINAL(1)] AS `f1_q0`, `arrays`.`q1`[ORDINAL(2)] AS `f1_q1`, `arrays`.`q1`[ORDINAL(3)]
    AS `f1_q2`
FROM (SELECT [approx_quantiles(`checked_rows`.`v0`, 1000)[OFFSET(250)], approx_quantiles(`checked_rows`.`v0`,
      1000)[OFFSET(500)], approx_quantiles(`checked_rows`.`v0`, 1000)[OFFSET(750)]] AS `q0`, [approx_quantiles(`checked_rows`.`v1`,
      1000)[OFFSET(250)], approx_quantiles(`checked_rows`.`v1`, 1000)[OFFSET(500)], approx_quantiles(`checked_rows`.`v1`,
      1000)[OFFSET(750)]] AS `q1`
  FROM (SELECT `reasoned_rows`.`k` AS `k`, `reasoned_rows`.`r0` AS `r0`, `reasoned_rows`.`r1` AS `r1`,
        `reasoned_rows`.`t0` AS `t0`, `reasoned_rows`.`f0` AS `f0`, `reasoned_rows`.`f1` AS `f1`,
        `reasoned_rows`.`reason` AS `reason`, CASE WHEN (`reasoned_rows`.`reason` IS NULL) THEN `reasoned_rows`.`f0`
        END AS `v0`, CASE WHEN (`reasoned_rows`.`reason` IS NULL) THEN `reasoned_rows`.`f1` END AS `v1`
    FROM (SELECT `finite_rows`.`k` AS `k`, `finite_rows`.`r0` AS `r0`, `finite_rows`.`r1` AS `r1`,
          `finite_rows`.`t0` AS `t0`, `finite_rows`.`f0` AS `f0`, `finite_rows`.`f1` AS `f1`, CASE WHEN (`finite_rows`.`f0`
          IS NULL) THEN 0 WHEN (`finite_rows`.`f1` IS NULL) THEN 1 WHEN (`finite_rows`.`f1` < CAST(0.0e0 AS
          FLOAT64)) THEN 2 END AS `reason`
      FROM (SELECT `source_rows`.`k` AS `k`, `source_rows`.`r0` AS `r0`, `source_rows`.`r1` AS `r1`,
            `source_rows`.`t0` AS `t0`, CASE WHEN (`source_rows`.`r0` BETWEEN CAST(-1.7976931348623157e+308 AS
            FLOAT64) AND CAST(1.7976931348623157e+308 AS FLOAT64)) THEN `source_rows`.`r0` END AS `f0`, CASE
            WHEN (`source_rows`.`r1` BETWEEN CAST(-1.7976931348623157e+308 AS FLOAT64) AND CAST(1.7976931348623157e+308
            AS FLOAT64)) THEN `source_rows`.`r1` END AS `f1`
        FROM (SELECT `customers`.`customer_id` AS `k`, CAST(`customers`.`income` AS FLOAT64) AS `r0`, CAST(`customers`.`orders`
              AS FLOAT64) AS `r1`, coalesce(CAST(`customers`.`city` AS STRING), '(missing)') AS `t0`
          FROM `sales`.`customers`) AS `source_rows` ) AS `finite_rows` ) AS `reasoned_rows` ) AS
      `checked_rows`) AS `arrays`;

-- categories
SELECT `checked_rows`.`t0` AS `category`, count(*) AS `rows`, CAST(count(*) AS FLOAT64) AS `weight`
FROM (SELECT `reasoned_rows`.`k` AS `k`, `reasoned_rows`.`r0` AS `r0`, `reasoned_rows`.`r1` AS `r1`,
      `reasoned_rows`.`t0` AS `t0`, `reasoned_rows`.`f0` AS `f0`, `reasoned_rows`.`f1` AS `f1`, `reasoned_rows`.`reason`
      AS `reason`, CASE WHEN (`reasoned_rows`.`reason` IS NULL) THEN `reasoned_rows`.`f0` END AS `v0`, CASE
      WHEN (`reasoned_rows`.`reason` IS NULL) THEN `reasoned_rows`.`f1` END AS `v1`
  FROM (SELECT `finite_rows`.`k` AS `k`, `finite_rows`.`r0` AS `r0`, `finite_rows`.`r1` AS `r1`, `finite_rows`.`t0`
        AS `t0`, `finite_rows`.`f0` AS `f0`, `finite_rows`.`f1` AS `f1`, CASE WHEN (`finite_rows`.`f0` IS NULL)
        THEN 0 WHEN (`finite_rows`.`f1` IS NULL) THEN 1 WHEN (`finite_rows`.`f1` < CAST(0.0e0 AS FLOAT64)) THEN
        2 END AS `reason`
    FROM (SELECT `source_rows`.`k` AS `k`, `source_rows`.`r0` AS `r0`, `source_rows`.`r1` AS `r1`,
          `source_rows`.`t0` AS `t0`, CASE WHEN (`source_rows`.`r0` BETWEEN CAST(-1.7976931348623157e+308 AS
          FLOAT64) AND CAST(1.7976931348623157e+308 AS FLOAT64)) THEN `source_rows`.`r0` END AS `f0`, CASE WHEN
          (`source_rows`.`r1` BETWEEN CAST(-1.7976931348623157e+308 AS FLOAT64) AND CAST(1.7976931348623157e+308
          AS FLOAT64)) THEN `source_rows`.`r1` END AS `f1`
      FROM (SELECT `customers`.`customer_id` AS `k`, CAST(`customers`.`income` AS FLOAT64) AS `r0`, CAST(`customers`.`orders`
            AS FLOAT64) AS `r1`, coalesce(CAST(`customers`.`city` AS STRING), '(missing)') AS `t0`
        FROM `sales`.`customers`) AS `source_rows` ) AS `finite_rows` ) AS `reasoned_rows` ) AS `checked_rows`
WHERE `checked_rows`.`reason` IS NULL
GROUP BY `checked_rows`.`t0`
ORDER BY count(*) DESC, `checked_rows`.`t0`;
