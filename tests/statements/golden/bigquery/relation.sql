-- raw
SELECT `customers`.`customer_id`, `customers`.`income`, `customers`.`orders`, `customers`.`city`
FROM `sales`.`customers`;

-- first_key
SELECT `chosen_rows`.`customer_id`
FROM (SELECT `customers`.`customer_id` AS `customer_id`
  FROM `sales`.`customers`
  WHERE (town = 'Oslo')) AS `chosen_rows`
LIMIT 1;

-- count
SELECT count(*) AS `rows`
FROM `sales`.`customers`;
