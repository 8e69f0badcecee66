-- raw
SELECT `customers`.`customer_id`, `customers`.`income`, `customers`.`orders`, `customers`.`city`
FROM `sales`.`customers`;

-- prepared
SELECT `scaled_rows`.`k` AS `row_key`, CAST(1.0e0 AS FLOAT64) AS `w`, `scaled_rows`.`x0`, `scaled_rows`.`x1`,
    `scaled_rows`.`x2`
FROM (SELECT `source_rows`.`k` AS `k`, (`source_rows`.`r0` - CAST(-1.5e0 AS FLOAT64)) * CAST(0.3333333333333333e0
      AS FLOAT64) AS `x0`, ln(CASE WHEN (`source_rows`.`r1` > CAST(-1.0e0 AS FLOAT64)) THEN `source_rows`.`r1`
      + CAST(1.0e0 AS FLOAT64) END) AS `x1`, CASE WHEN (`source_rows`.`t0` = 'Oslo') THEN CAST(1.0e0 AS FLOAT64)
      ELSE CAST(0.0e0 AS FLOAT64) END AS `x2`
  FROM (SELECT `customers`.`customer_id` AS `k`, CAST(`customers`.`income` AS FLOAT64) AS `r0`, CAST(`customers`.`orders`
        AS FLOAT64) AS `r1`, coalesce(CAST(`customers`.`city` AS STRING), '(missing)') AS `t0`
    FROM `sales`.`customers`) AS `source_rows`
  WHERE `source_rows`.`r0` BETWEEN CAST(-1.7976931348623157e+308 AS FLOAT64) AND CAST(1.7976931348623157e+308
      AS FLOAT64) AND `source_rows`.`r1` BETWEEN CAST(0.0e0 AS FLOAT64) AND CAST(1.7976931348623157e+308 AS
      FLOAT64)) AS `scaled_rows`;
