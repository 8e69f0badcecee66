-- first_means
SELECT count(*) AS "rows", avg(first_rows.v0) AS near0, avg(first_rows.v1) AS near1
FROM (SELECT checked_rows.k AS k, checked_rows.r0 AS r0, checked_rows.r1 AS r1, checked_rows.t0 AS t0,
      checked_rows.f0 AS f0, checked_rows.f1 AS f1, checked_rows.reason AS reason, checked_rows.v0 AS v0,
      checked_rows.v1 AS v1
  FROM (SELECT reasoned_rows.k AS k, reasoned_rows.r0 AS r0, reasoned_rows.r1 AS r1, reasoned_rows.t0 AS t0,
        reasoned_rows.f0 AS f0, reasoned_rows.f1 AS f1, reasoned_rows.reason AS reason, CASE WHEN (reasoned_rows.reason
        IS NULL) THEN reasoned_rows.f0 END AS v0, CASE WHEN (reasoned_rows.reason IS NULL) THEN ln(CASE WHEN (reasoned_rows.f1
        > CAST(-1.0e0 AS DOUBLE)) THEN reasoned_rows.f1 + CAST(1.0e0 AS DOUBLE) END) END AS v1
    FROM (SELECT finite_rows.k AS k, finite_rows.r0 AS r0, finite_rows.r1 AS r1, finite_rows.t0 AS t0,
          finite_rows.f0 AS f0, finite_rows.f1 AS f1, CASE WHEN (finite_rows.f0 IS NULL) THEN 0 WHEN (finite_rows.f1
          IS NULL) THEN 1 WHEN (finite_rows.f1 < CAST(0.0e0 AS DOUBLE)) THEN 2 END AS reason
      FROM (SELECT source_rows.k AS k, source_rows.r0 AS r0, source_rows.r1 AS r1, source_rows.t0 AS t0, CASE
            WHEN (source_rows.r0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
            AS DOUBLE)) THEN source_rows.r0 END AS f0, CASE WHEN (source_rows.r1 BETWEEN CAST(-1.7976931348623157e+308
            AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN source_rows.r1 END AS f1
        FROM (SELECT "sales"."customers"."customer_id" AS k, CAST("sales"."customers"."income" AS DOUBLE) AS
              r0, CAST("sales"."customers"."orders" AS DOUBLE) AS r1, coalesce(CAST("sales"."customers"."city"
              AS TEXT), '(missing)') AS t0
          FROM "sales"."customers") AS source_rows ) AS finite_rows ) AS reasoned_rows ) AS checked_rows
  LIMIT 1000) AS first_rows;

-- measure
SELECT count(*) AS "rows", count(CASE WHEN (checked_rows.k IS NULL) THEN 1 END) AS null_keys, count(CASE WHEN (checked_rows.reason
    IS NULL) THEN 1 END) AS kept, count(CASE WHEN (checked_rows.reason = 0) THEN 1 END) AS excluded0, count(CASE
    WHEN (checked_rows.reason = 1) THEN 1 END) AS excluded1, count(CASE WHEN (checked_rows.reason = 2) THEN 1
    END) AS excluded2, count(checked_rows.v0) AS count0, count(CASE WHEN checked_rows.r0 = CAST('NaN' AS DOUBLE)
    THEN 1 END) AS nan0, count(checked_rows.r0) - count(checked_rows.f0) AS non_finite0, min(checked_rows.v0)
    AS minimum0, max(checked_rows.v0) AS maximum0, CAST(-1.5e0 AS DOUBLE) AS near0, sum(checked_rows.v0 - CAST(-1.5e0
    AS DOUBLE)) AS first0, sum((checked_rows.v0 - CAST(-1.5e0 AS DOUBLE)) * (checked_rows.v0 - CAST(-1.5e0 AS
    DOUBLE))) AS second0, count(checked_rows.v1) AS count1, count(CASE WHEN checked_rows.r1 = CAST('NaN' AS
    DOUBLE) THEN 1 END) AS nan1, count(checked_rows.r1) - count(checked_rows.f1) AS non_finite1, min(checked_rows.v1)
    AS minimum1, max(checked_rows.v1) AS maximum1, CAST(0.0e0 AS DOUBLE) AS near1, sum(checked_rows.v1 - CAST(0.0e0
    AS DOUBLE)) AS first1, sum((checked_rows.v1 - CAST(0.0e0 AS DOUBLE)) * (checked_rows.v1 - CAST(0.0e0 AS
    DOUBLE))) AS second1, hash_agg(checked_rows.k, checked_rows.r0, checked_rows.r1, checked_rows.t0) AS
    fingerprint
FROM (SELECT reasoned_rows.k AS k, reasoned_rows.r0 AS r0, reasoned_rows.r1 AS r1, reasoned_rows.t0 AS t0,
      reasoned_rows.f0 AS f0, reasoned_rows.f1 AS f1, reasoned_rows.reason AS reason, CASE WHEN (reasoned_rows.reason
      IS NULL) THEN reasoned_rows.f0 END AS v0, CASE WHEN (reasoned_rows.reason IS NULL) THEN ln(CASE WHEN (reasoned_rows.f1
      > CAST(-1.0e0 AS DOUBLE)) THEN reasoned_rows.f1 + CAST(1.0e0 AS DOUBLE) END) END AS v1
  FROM (SELECT finite_rows.k AS k, finite_rows.r0 AS r0, finite_rows.r1 AS r1, finite_rows.t0 AS t0,
        finite_rows.f0 AS f0, finite_rows.f1 AS f1, CASE WHEN (finite_rows.f0 IS NULL) THEN 0 WHEN (finite_rows.f1
        IS NULL) THEN 1 WHEN (finite_rows.f1 < CAST(0.0e0 AS DOUBLE)) THEN 2 END AS reason
    FROM (SELECT source_rows.k AS k, source_rows.r0 AS r0, source_rows.r1 AS r1, source_rows.t0 AS t0, CASE
          WHEN (source_rows.r0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
          AS DOUBLE)) THEN source_rows.r0 END AS f0, CASE WHEN (source_rows.r1 BETWEEN CAST(-1.7976931348623157e+308
          AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN source_rows.r1 END AS f1
      FROM (SELECT "sales"."customers"."customer_id" AS k, CAST("sales"."customers"."income" AS DOUBLE) AS r0,
            CAST("sales"."customers"."orders" AS DOUBLE) AS r1, coalesce(CAST("sales"."customers"."city" AS
            TEXT), '(missing)') AS t0
        FROM "sales"."customers") AS source_rows ) AS finite_rows ) AS reasoned_rows ) AS checked_rows;

-- fingerprint
SELECT hash_agg(source_rows.k, source_rows.r0, source_rows.r1, source_rows.t0) AS fingerprint
FROM (SELECT "sales"."customers"."customer_id" AS k, CAST("sales"."customers"."income" AS DOUBLE) AS r0, CAST("sales"."customers"."orders"
      AS DOUBLE) AS r1, coalesce(CAST("sales"."customers"."city" AS TEXT), '(missing)') AS t0
  FROM "sales"."customers") AS source_rows;

-- repeated_keys
SELECT "sales"."customers"."customer_id" AS row_key, count(*) AS "rows"
FROM "sales"."customers"
WHERE "sales"."customers"."customer_id" IS NOT NULL
GROUP BY "sales"."customers"."customer_id"
HAVING count(*) > 1
ORDER BY count(*) DESC, "sales"."customers"."customer_id"
LIMIT 3;

-- examples
SELECT "sales"."customers"."customer_id" AS row_key, "sales"."customers"."income" AS value
FROM "sales"."customers"
WHERE CAST("sales"."customers"."income" AS DOUBLE) NOT BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND
    CAST(1.7976931348623157e+308 AS DOUBLE)
ORDER BY "sales"."customers"."customer_id"
LIMIT 3;

-- quantiles
SELECT CAST(get(arrays.q0, 0) AS DOUBLE) AS f0_q0, CAST(get(arrays.q0, 1) AS DOUBLE) AS f0_q1, CAST(get(arrays.q0,
    2) AS DOUBLE) AS f0_q2, CAST(get(arrays.q1, 0) AS DOUBLE) AS f1_q0, CAST(get(arrays.q1, 1) AS DOUBLE) AS
    f1_q1, CAST(get(arrays.q1, 2) AS DOUBLE) AS f1_q2
FROM (SELECT array_construct(percentile_cont(0.25) WITHIN GROUP (ORDER BY checked_rows.v0), percentile_cont(0.5)
      WITHIN GROUP (ORDER BY checked_rows.v0), percentile_cont(0.75) WITHIN GROUP (ORDER BY checked_rows.v0))
      AS q0, array_construct(percentile_cont(0.25) WITHIN GROUP (ORDER BY checked_rows.v1), percentile_cont(0.5)
      WITHIN GROUP (ORDER BY checked_rows.v1), percentile_cont(0.75) WITHIN GROUP (ORDER BY checked_rows.v1))
      AS q1
  FROM (SELECT reasoned_rows.k AS k, reasoned_rows.r0 AS r0, reasoned_rows.r1 AS r1, reasoned_rows.t0 AS t0,
        reasoned_rows.f0 AS f0, reasoned_rows.f1 AS f1, reasoned_rows.reason AS reason, CASE WHEN (reasoned_rows.reason
        IS NULL) THEN reasoned_rows.f0 END AS v0, CASE WHEN (reasoned_rows.reason IS NULL) THEN
        reasoned_rows.f1 END AS v1
    FROM (SELECT finite_rows.k AS k, finite_rows.r0 AS r0, finite_rows.r1 AS r1, finite_rows.t0 AS t0,
          finite_rows.f0 AS f0, finite_rows.f1 AS f1, CASE WHEN (finite_rows.f0 IS NULL) THEN 0 WHEN (finite_rows.f1
          IS NULL) THEN 1 WHEN (finite_rows.f1 < CAST(0.0e0 AS DOUBLE)) THEN 2 END AS reason
      FROM (SELECT source_rows.k AS k, source_rows.r0 AS r0, source_rows.r1 AS r1, source_rows.t0 AS t0, CASE
            WHEN (source_rows.r0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
            AS DOUBLE)) THEN source_rows.r0 END AS f0, CASE WHEN (source_rows.r1 BETWEEN CAST(-1.7976931348623157e+308
            AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN source_rows.r1 END AS f1
        FROM (SELECT "sales"."customers"."customer_id" AS k, CAST("sales"."customers"."income" AS DOUBLE) AS
              r0, CAST("sales"."customers"."orders" AS DOUBLE) AS r1, coalesce(CAST("sales"."customers"."city"
              AS TEXT), '(missing)') AS t0
          FROM "sales"."customers") AS source_rows ) AS finite_rows ) AS reasoned_rows ) AS checked_rows) AS
    arrays;

-- categories
SELECT checked_rows.t0 AS category, count(*) AS "rows", CAST(count(*) AS DOUBLE) AS weight
FROM (SELECT reasoned_rows.k AS k, reasoned_rows.r0 AS r0, reasoned_rows.r1 AS r1, reasoned_rows.t0 AS t0,
      reasoned_rows.f0 AS f0, reasoned_rows.f1 AS f1, reasoned_rows.reason AS reason, CASE WHEN (reasoned_rows.reason
      IS NULL) THEN reasoned_rows.f0 END AS v0, CASE WHEN (reasoned_rows.reason IS NULL) THEN reasoned_rows.f1
      END AS v1
  FROM (SELECT finite_rows.k AS k, finite_rows.r0 AS r0, finite_rows.r1 AS r1, finite_rows.t0 AS t0,
        finite_rows.f0 AS f0, finite_rows.f1 AS f1, CASE WHEN (finite_rows.f0 IS NULL) THEN 0 WHEN (finite_rows.f1
        IS NULL) THEN 1 WHEN (finite_rows.f1 < CAST(0.0e0 AS DOUBLE)) THEN 2 END AS reason
    FROM (SELECT source_rows.k AS k, source_rows.r0 AS r0, source_rows.r1 AS r1, source_rows.t0 AS t0, CASE
          WHEN (source_rows.r0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
          AS DOUBLE)) THEN source_rows.r0 END AS f0, CASE WHEN (source_rows.r1 BETWEEN CAST(-1.7976931348623157e+308
          AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN source_rows.r1 END AS f1
      FROM (SELECT "sales"."customers"."customer_id" AS k, CAST("sales"."customers"."income" AS DOUBLE) AS r0,
            CAST("sales"."customers"."orders" AS DOUBLE) AS r1, coalesce(CAST("sales"."customers"."city" AS
            TEXT), '(missing)') AS t0
        FROM "sales"."customers") AS source_rows ) AS finite_rows ) AS reasoned_rows ) AS checked_rows
WHERE checked_rows.reason IS NULL
GROUP BY checked_rows.t0
ORDER BY count(*) DESC, checked_rows.t0;
