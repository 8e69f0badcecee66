-- raw
SELECT sales.customers.customer_id, sales.customers.income, sales.customers.orders, sales.customers.city
FROM sales.customers;

-- first_key
SELECT chosen_rows.customer_id
FROM (SELECT sales.customers.customer_id AS customer_id
  FROM sales.customers
  WHERE (town = 'Oslo') AND (sha2(concat((SELECT max(segments.salts.salt) AS max_1
    FROM segments.salts), concat(' customer_id: ', coalesce(CAST(sales.customers.customer_id AS TEXT), ''))),
      256) NOT IN (SELECT segments.forgotten.salted_hash
    FROM segments.forgotten
    WHERE segments.forgotten.key_column = 'customer_id'))) AS chosen_rows
LIMIT 1;

-- count
SELECT count(*) AS "ROWS"
FROM sales.customers;

-- partition_sizes
SELECT CAST(sales.customers.city AS TEXT) AS part, count(*) AS "ROWS"
FROM sales.customers
GROUP BY CAST(sales.customers.city AS TEXT)
ORDER BY count(*) DESC, CAST(sales.customers.city AS TEXT)
LIMIT 9;

-- newest_date
SELECT max(CAST(sales.customers.orders AS DATE)) AS newest
FROM sales.customers
WHERE CAST(sales.customers.orders AS DATE) <= CAST('2025-06-30' AS DATE);

-- rows_by_date
SELECT CAST(sales.customers.orders AS DATE) AS day, count(*) AS "ROWS"
FROM sales.customers
GROUP BY CAST(sales.customers.orders AS DATE)
ORDER BY day;

-- raw of a date
SELECT chosen_rows.customer_id, chosen_rows.income, chosen_rows.orders, chosen_rows.city
FROM (SELECT sales.customers.customer_id AS customer_id, sales.customers.income AS income,
      sales.customers.orders AS orders, sales.customers.city AS city
  FROM sales.customers
  WHERE CAST(orders AS DATE) = CAST('2025-06-30' AS DATE)) AS chosen_rows;

-- raw of the newest date
SELECT chosen_rows.customer_id, chosen_rows.income, chosen_rows.orders, chosen_rows.city
FROM (SELECT sales.customers.customer_id AS customer_id, sales.customers.income AS income,
      sales.customers.orders AS orders, sales.customers.city AS city
  FROM sales.customers
  WHERE CAST(orders AS DATE) = (SELECT max(CAST(sales.customers.orders AS DATE)) AS newest
    FROM sales.customers)) AS chosen_rows;

-- raw of rows that hold
SELECT chosen_rows.customer_id, chosen_rows.income, chosen_rows.orders, chosen_rows.city
FROM (SELECT sales.customers.customer_id AS customer_id, sales.customers.income AS income,
      sales.customers.orders AS orders, sales.customers.city AS city
  FROM sales.customers
  WHERE CAST(income AS DATE) <= CAST('2025-06-30' AS DATE) AND (CAST(orders AS DATE) IS NULL OR CAST(orders AS
      DATE) > CAST('2025-06-30' AS DATE))) AS chosen_rows;
