-- raw
SELECT `customers`.`customer_id`, `customers`.`income`, `customers`.`orders`, `customers`.`city`
FROM `sales`.`customers`;

-- first_key
SELECT `chosen_rows`.`customer_id`
FROM (SELECT `customers`.`customer_id` AS `customer_id`
  FROM `sales`.`customers`
  WHERE (town = 'Oslo') AND (to_hex(sha256(concat((SELECT max(`salts`.`salt`) AS `max_1`
    FROM `segments`.`salts`), concat(' customer_id: ', coalesce(CAST(`customers`.`customer_id` AS STRING), '')))))
      NOT IN (SELECT `forgotten`.`salted_hash`
    FROM `segments`.`forgotten`
    WHERE `forgotten`.`key_column` = 'customer_id'))) AS `chosen_rows`
LIMIT 1;

-- count
SELECT count(*) AS `rows`
FROM `sales`.`customers`;

-- partition_sizes
SELECT CAST(`customers`.`city` AS STRING) AS `part`, count(*) AS `rows`
FROM `sales`.`customers`
GROUP BY CAST(`customers`.`city` AS STRING)
ORDER BY count(*) DESC, CAST(`customers`.`city` AS STRING)
LIMIT 9;

-- newest_date
SELECT max(CAST(`customers`.`orders` AS DATE)) AS `newest`
FROM `sales`.`customers`
WHERE CAST(`customers`.`orders` AS DATE) <= CAST('2025-06-30' AS DATE);

-- rows_by_date
SELECT CAST(`customers`.`orders` AS DATE) AS `day`, count(*) AS `rows`
FROM `sales`.`customers`
GROUP BY `day`
ORDER BY `day`;

-- raw of a date
SELECT `chosen_rows`.`customer_id`, `chosen_rows`.`income`, `chosen_rows`.`orders`, `chosen_rows`.`city`
FROM (SELECT `customers`.`customer_id` AS `customer_id`, `customers`.`income` AS `income`, `customers`.`orders`
      AS `orders`, `customers`.`city` AS `city`
  FROM `sales`.`customers`
  WHERE CAST(`orders` AS DATE) = CAST('2025-06-30' AS DATE)) AS `chosen_rows`;

-- raw of the newest date
SELECT `chosen_rows`.`customer_id`, `chosen_rows`.`income`, `chosen_rows`.`orders`, `chosen_rows`.`city`
FROM (SELECT `customers`.`customer_id` AS `customer_id`, `customers`.`income` AS `income`, `customers`.`orders`
      AS `orders`, `customers`.`city` AS `city`
  FROM `sales`.`customers`
  WHERE CAST(`orders` AS DATE) = (SELECT max(CAST(`customers`.`orders` AS DATE)) AS `newest`
    FROM `sales`.`customers`)) AS `chosen_rows`;

-- raw of rows that hold
SELECT `chosen_rows`.`customer_id`, `chosen_rows`.`income`, `chosen_rows`.`orders`, `chosen_rows`.`city`
FROM (SELECT `customers`.`customer_id` AS `customer_id`, `customers`.`income` AS `income`, `customers`.`orders`
      AS `orders`, `customers`.`city` AS `city`
  FROM `sales`.`customers`
  WHERE CAST(`income` AS DATE) <= CAST('2025-06-30' AS DATE) AND (CAST(`orders` AS DATE) IS NULL OR CAST(`orders`
      AS DATE) > CAST('2025-06-30' AS DATE))) AS `chosen_rows`;
