-- raw
SELECT "sales"."customers"."customer_id", "sales"."customers"."income", "sales"."customers"."orders", "sales"."customers"."city"
FROM "sales"."customers";

-- prepared
SELECT scaled_rows.k AS row_key, CAST(1.0e0 AS DOUBLE) AS w, scaled_rows.x0, scaled_rows.x1, scaled_rows.x2
FROM (SELECT source_rows.k AS k, (source_rows.r0 - CAST(-1.5e0 AS DOUBLE)) * CAST(0.3333333333333333e0 AS
      DOUBLE) AS x0, ln(CASE WHEN (source_rows.r1 > CAST(-1.0e0 AS DOUBLE)) THEN source_rows.r1 + CAST(1.0e0 AS
      DOUBLE) END) AS x1, CASE WHEN (source_rows.t0 = 'Oslo') THEN CAST(1.0e0 AS DOUBLE) ELSE CAST(0.0e0 AS
      DOUBLE) END AS x2
  FROM (SELECT "sales"."customers"."customer_id" AS k, CAST("sales"."customers"."income" AS DOUBLE) AS r0, CAST("sales"."customers"."orders"
        AS DOUBLE) AS r1, coalesce(CAST("sales"."customers"."city" AS TEXT), '(missing)') AS t0
    FROM "sales"."customers") AS source_rows
  WHERE source_rows.r0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS
      DOUBLE) AND source_rows.r1 BETWEEN CAST(0.0e0 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) AS
    scaled_rows;
