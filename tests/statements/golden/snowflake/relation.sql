-- raw
SELECT "sales"."customers"."customer_id", "sales"."customers"."income", "sales"."customers"."orders", "sales"."customers"."city"
FROM "sales"."customers";
