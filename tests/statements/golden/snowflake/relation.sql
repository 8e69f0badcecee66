-- raw
SELECT "sales"."customers"."customer_id", "sales"."customers"."income", "sales"."customers"."orders", "sales"."customers"."city"
FROM "sales"."customers";

-- first_key
SELECT chosen_rows."customer_id"
FROM (SELECT "sales"."customers"."customer_id" AS "customer_id"
  FROM "sales"."customers"
  WHERE (town = 'Oslo')) AS chosen_rows
LIMIT 1;

-- count
SELECT count(*) AS "rows"
FROM "sales"."customers";
