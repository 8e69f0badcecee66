-- raw
SELECT `customers`.`customer_id`, `customers`.`income`, `customers`.`orders`, `customers`.`city`
FROM `sales`.`customers`;
