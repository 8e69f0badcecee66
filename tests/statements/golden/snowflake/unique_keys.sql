-- key_range
SELECT min(sales.customers.customer_id) AS low, max(sales.customers.customer_id) AS high
FROM sales.customers;

-- distinct_keys
SELECT count(DISTINCT sales.customers.customer_id) AS keys
FROM sales.customers;

-- distinct_whole_keys
WITH placed AS (SELECT sales.customers.customer_id - mod(sales.customers.customer_id, 32) AS word, mod(sales.customers.customer_id,
      32) + 31 AS place
  FROM sales.customers
  WHERE sales.customers.customer_id IS NOT NULL), words AS (SELECT count(DISTINCT placed.place) AS keys
  FROM placed
  GROUP BY placed.word)
SELECT sum(words.keys) AS keys
FROM words;

-- keys_out_of_order
WITH neighbours AS (SELECT sales.customers.customer_id AS row_key, lag(sales.customers.customer_id) OVER (ORDER
      BY sales.customers.customer_id) AS key_before
  FROM sales.customers
  WHERE sales.customers.customer_id IS NOT NULL)
SELECT count(*) AS keys
FROM neighbours
WHERE neighbours.row_key <= neighbours.key_before;
