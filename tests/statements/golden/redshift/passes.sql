-- distinct_estimate
SELECT APPROXIMATE count(DISTINCT fnv_hash(coalesce(CAST(scaled_rows.x2 AS VARCHAR(65535)), 'NULL'), fnv_hash(coalesce(CAST(scaled_rows.x1
    AS VARCHAR(65535)), 'NULL'), fnv_hash(coalesce(CAST(scaled_rows.x0 AS VARCHAR(65535)), 'NULL'))))) AS
    points
FROM (SELECT source_rows.k AS k, (source_rows.r0 - CAST('-1.5e0' AS DOUBLE PRECISION)) * CAST('0.3333333333333333e0'
      AS DOUBLE PRECISION) AS x0, ln(CASE WHEN (source_rows.r1 > CAST('-1.0e0' AS DOUBLE PRECISION)) THEN
      source_rows.r1 + CAST('1.0e0' AS DOUBLE PRECISION) END) AS x1, CASE WHEN (source_rows.t0 = 'Oslo') THEN
      CAST('1.0e0' AS DOUBLE PRECISION) ELSE CAST('0.0e0' AS DOUBLE PRECISION) END AS x2
  FROM (SELECT "sales"."customers"."customer_id" AS k, CAST("sales"."customers"."income" AS DOUBLE PRECISION)
        AS r0, CAST("sales"."customers"."orders" AS DOUBLE PRECISION) AS r1, coalesce(CAST("sales"."customers"."city"
        AS VARCHAR(65535)), '(missing)') AS t0
    FROM "sales"."customers") AS source_rows
  WHERE source_rows.r0 BETWEEN CAST('-1.7976931348623157e+308' AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308'
      AS DOUBLE PRECISION) AND source_rows.r1 BETWEEN CAST('0.0e0' AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308'
      AS DOUBLE PRECISION)) AS scaled_rows;

-- distinct_rows
SELECT scaled_rows.x0, scaled_rows.x1, scaled_rows.x2, CAST(count(*) AS DOUBLE PRECISION) AS w, count(*) AS
    rows
FROM (SELECT source_rows.k AS k, (source_rows.r0 - CAST('-1.5e0' AS DOUBLE PRECISION)) * CAST('0.3333333333333333e0'
      AS DOUBLE PRECISION) AS x0, ln(CASE WHEN (source_rows.r1 > CAST('-1.0e0' AS DOUBLE PRECISION)) THEN
      source_rows.r1 + CAST('1.0e0' AS DOUBLE PRECISION) END) AS x1, CASE WHEN (source_rows.t0 = 'Oslo') THEN
      CAST('1.0e0' AS DOUBLE PRECISION) ELSE CAST('0.0e0' AS DOUBLE PRECISION) END AS x2
  FROM (SELECT "sales"."customers"."customer_id" AS k, CAST("sales"."customers"."income" AS DOUBLE PRECISION)
        AS r0, CAST("sales"."customers"."orders" AS DOUBLE PRECISION) AS r1, coalesce(CAST("sales"."customers"."city"
        AS VARCHAR(65535)), '(missing)') AS t0
    FROM "sales"."customers") AS source_rows
  WHERE source_rows.r0 BETWEEN CAST('-1.7976931348623157e+308' AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308'
      AS DOUBLE PRECISION) AND source_rows.r1 BETWEEN CAST('0.0e0' AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308'
      AS DOUBLE PRECISION)) AS scaled_rows
GROUP BY scaled_rows.x0, scaled_rows.x1, scaled_rows.x2
LIMIT 9;

-- all_rows
SELECT scaled_rows.x0, scaled_rows.x1, scaled_rows.x2, CAST('1.0e0' AS DOUBLE PRECISION) AS w
FROM (SELECT source_rows.k AS k, (source_rows.r0 - CAST('-1.5e0' AS DOUBLE PRECISION)) * CAST('0.3333333333333333e0'
      AS DOUBLE PRECISION) AS x0, ln(CASE WHEN (source_rows.r1 > CAST('-1.0e0' AS DOUBLE PRECISION)) THEN
      source_rows.r1 + CAST('1.0e0' AS DOUBLE PRECISION) END) AS x1, CASE WHEN (source_rows.t0 = 'Oslo') THEN
      CAST('1.0e0' AS DOUBLE PRECISION) ELSE CAST('0.0e0' AS DOUBLE PRECISION) END AS x2
  FROM (SELECT "sales"."customers"."customer_id" AS k, CAST("sales"."customers"."income" AS DOUBLE PRECISION)
        AS r0, CAST("sales"."customers"."orders" AS DOUBLE PRECISION) AS r1, coalesce(CAST("sales"."customers"."city"
        AS VARCHAR(65535)), '(missing)') AS t0
    FROM "sales"."customers") AS source_rows
  WHERE source_rows.r0 BETWEEN CAST('-1.7976931348623157e+308' AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308'
      AS DOUBLE PRECISION) AND source_rows.r1 BETWEEN CAST('0.0e0' AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308'
      AS DOUBLE PRECISION)) AS scaled_rows;

-- sample
SELECT scaled_rows.x0, scaled_rows.x1, scaled_rows.x2, CAST('1.0e0' AS DOUBLE PRECISION) AS w
FROM (SELECT source_rows.k AS k, (source_rows.r0 - CAST('-1.5e0' AS DOUBLE PRECISION)) * CAST('0.3333333333333333e0'
      AS DOUBLE PRECISION) AS x0, ln(CASE WHEN (source_rows.r1 > CAST('-1.0e0' AS DOUBLE PRECISION)) THEN
      source_rows.r1 + CAST('1.0e0' AS DOUBLE PRECISION) END) AS x1, CASE WHEN (source_rows.t0 = 'Oslo') THEN
      CAST('1.0e0' AS DOUBLE PRECISION) ELSE CAST('0.0e0' AS DOUBLE PRECISION) END AS x2
  FROM (SELECT "sales"."customers"."customer_id" AS k, CAST("sales"."customers"."income" AS DOUBLE PRECISION)
        AS r0, CAST("sales"."customers"."orders" AS DOUBLE PRECISION) AS r1, coalesce(CAST("sales"."customers"."city"
        AS VARCHAR(65535)), '(missing)') AS t0
    FROM "sales"."customers") AS source_rows
  WHERE source_rows.r0 BETWEEN CAST('-1.7976931348623157e+308' AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308'
      AS DOUBLE PRECISION) AND source_rows.r1 BETWEEN CAST('0.0e0' AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308'
      AS DOUBLE PRECISION) AND CAST(fnv_hash(coalesce(CAST(7 AS VARCHAR(65535)), 'NULL'), fnv_hash(coalesce(CAST(source_rows.k
      AS VARCHAR(65535)), 'NULL'))) AS DOUBLE PRECISION) * CAST('5.421010862427522e-20' AS DOUBLE PRECISION) +
      CAST('0.5e0' AS DOUBLE PRECISION) < CAST('0.5e0' AS DOUBLE PRECISION)) AS scaled_rows
ORDER BY CAST(fnv_hash(coalesce(CAST(7 AS VARCHAR(65535)), 'NULL'), fnv_hash(coalesce(CAST(scaled_rows.k AS
    VARCHAR(65535)), 'NULL'))) AS DOUBLE PRECISION) * CAST('5.421010862427522e-20' AS DOUBLE PRECISION) + CAST('0.5e0'
    AS DOUBLE PRECISION), scaled_rows.k
LIMIT 100;

-- lloyd_pass
SELECT assigned.cluster, count(*) AS rows, CAST(count(*) AS DOUBLE PRECISION) AS weight, sum(assigned.x0) *
    CAST('0.3333333333333333e0' AS DOUBLE PRECISION) + CAST(count(*) AS DOUBLE PRECISION) * CAST('0.5e0' AS
    DOUBLE PRECISION) AS s0, sum(assigned.x1) AS s1, sum(assigned.x2) AS s2
FROM (SELECT near.k AS k, near.x0 AS x0, near.x1 AS x1, near.x2 AS x2, near.d0 AS d0, near.d1 AS d1, CASE WHEN
      (near.d0 <= near.d1) THEN 0 ELSE 1 END AS cluster
  FROM (SELECT points.k AS k, points.x0 AS x0, points.x1 AS x1, points.x2 AS x2, CAST('0.0e0' AS DOUBLE
        PRECISION) AS d0, CAST('4.75e0' AS DOUBLE PRECISION) + points.x0 * CAST('0.6666666666666666e0' AS
        DOUBLE PRECISION) + points.x1 * CAST('-2.0e0' AS DOUBLE PRECISION) + points.x2 * CAST('1.0e0' AS DOUBLE
        PRECISION) AS d1
    FROM (SELECT source_rows.k AS k, source_rows.r0 AS x0, ln(CASE WHEN (source_rows.r1 > CAST('-1.0e0' AS
          DOUBLE PRECISION)) THEN source_rows.r1 + CAST('1.0e0' AS DOUBLE PRECISION) END) AS x1, CASE WHEN (source_rows.t0
          = 'Oslo') THEN CAST('1.0e0' AS DOUBLE PRECISION) ELSE CAST('0.0e0' AS DOUBLE PRECISION) END AS x2
      FROM (SELECT "sales"."customers"."customer_id" AS k, CAST("sales"."customers"."income" AS DOUBLE
            PRECISION) AS r0, CAST("sales"."customers"."orders" AS DOUBLE PRECISION) AS r1, coalesce(CAST("sales"."customers"."city"
            AS VARCHAR(65535)), '(missing)') AS t0
        FROM "sales"."customers") AS source_rows
      WHERE source_rows.r0 BETWEEN CAST('-1.7976931348623157e+308' AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308'
          AS DOUBLE PRECISION) AND source_rows.r1 BETWEEN CAST('0.0e0' AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308'
          AS DOUBLE PRECISION)) AS points ) AS near ) AS assigned
GROUP BY assigned.cluster
ORDER BY assigned.cluster;

-- lloyd_pass with distances
SELECT measured.cluster, count(*) AS rows, CAST(count(*) AS DOUBLE PRECISION) AS weight, sum(measured.x0) *
    CAST('0.3333333333333333e0' AS DOUBLE PRECISION) + CAST(count(*) AS DOUBLE PRECISION) * CAST('0.5e0' AS
    DOUBLE PRECISION) AS s0, sum(measured.x1) AS s1, sum(measured.x2) AS s2, sum(measured.squared) AS squared,
    sum(sqrt(measured.squared)) AS distance
FROM (SELECT compared.k AS k, compared.x0 AS x0, compared.x1 AS x1, compared.x2 AS x2, compared.d0 AS d0,
      compared.d1 AS d1, compared.cluster AS cluster, compared.own AS own, compared.z0 AS z0, compared.z1 AS
      z1, compared.z2 AS z2, CASE WHEN (compared.own + compared.z0 * compared.z0 + (compared.z1 - CAST('1.0e0'
      AS DOUBLE PRECISION)) * (compared.z1 - CAST('1.0e0' AS DOUBLE PRECISION)) + (compared.z2 - CAST('0.5e0'
      AS DOUBLE PRECISION)) * (compared.z2 - CAST('0.5e0' AS DOUBLE PRECISION)) > CAST('0.0e0' AS DOUBLE
      PRECISION)) THEN compared.own + compared.z0 * compared.z0 + (compared.z1 - CAST('1.0e0' AS DOUBLE
      PRECISION)) * (compared.z1 - CAST('1.0e0' AS DOUBLE PRECISION)) + (compared.z2 - CAST('0.5e0' AS DOUBLE
      PRECISION)) * (compared.z2 - CAST('0.5e0' AS DOUBLE PRECISION)) ELSE CAST('0.0e0' AS DOUBLE PRECISION)
      END AS squared
  FROM (SELECT assigned.k AS k, assigned.x0 AS x0, assigned.x1 AS x1, assigned.x2 AS x2, assigned.d0 AS d0,
        assigned.d1 AS d1, assigned.cluster AS cluster, CASE assigned.cluster WHEN 0 THEN assigned.d0 ELSE
        assigned.d1 END AS own, assigned.x0 * CAST('0.3333333333333333e0' AS DOUBLE PRECISION) + CAST('0.5e0'
        AS DOUBLE PRECISION) AS z0, assigned.x1 AS z1, assigned.x2 AS z2
    FROM (SELECT near.k AS k, near.x0 AS x0, near.x1 AS x1, near.x2 AS x2, near.d0 AS d0, near.d1 AS d1, CASE
          WHEN (near.d0 <= near.d1) THEN 0 ELSE 1 END AS cluster
      FROM (SELECT points.k AS k, points.x0 AS x0, points.x1 AS x1, points.x2 AS x2, CAST('0.0e0' AS DOUBLE
            PRECISION) AS d0, CAST('4.75e0' AS DOUBLE PRECISION) + points.x0 * CAST('0.6666666666666666e0' AS
            DOUBLE PRECISION) + points.x1 * CAST('-2.0e0' AS DOUBLE PRECISION) + points.x2 * CAST('1.0e0' AS
            DOUBLE PRECISION) AS d1
        FROM (SELECT source_rows.k AS k, source_rows.r0 AS x0, ln(CASE WHEN (source_rows.r1 > CAST('-1.0e0' AS
              DOUBLE PRECISION)) THEN source_rows.r1 + CAST('1.0e0' AS DOUBLE PRECISION) END) AS x1, CASE WHEN
              (source_rows.t0 = 'Oslo') THEN CAST('1.0e0' AS DOUBLE PRECISION) ELSE CAST('0.0e0' AS DOUBLE
              PRECISION) END AS x2
          FROM (SELECT "sales"."customers"."customer_id" AS k, CAST("sales"."customers"."income" AS DOUBLE
                PRECISION) AS r0, CAST("sales"."customers"."orders" AS DOUBLE PRECISION) AS r1, coalesce(CAST("sales"."customers"."city"
                AS VARCHAR(65535)), '(missing)') AS t0
            FROM "sales"."customers") AS source_rows
          WHERE source_rows.r0 BETWEEN CAST('-1.7976931348623157e+308' AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308'
              AS DOUBLE PRECISION) AND source_rows.r1 BETWEEN CAST('0.0e0' AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308'
              AS DOUBLE PRECISION)) AS points ) AS near ) AS assigned ) AS compared ) AS measured
GROUP BY measured.cluster
ORDER BY measured.cluster;

-- border_rows
SELECT reaching.z0 AS x0, reaching.z1 AS x1, reaching.z2 AS x2, CAST('1.0e0' AS DOUBLE PRECISION) AS w,
    reaching.cluster
FROM (SELECT measured.k AS k, measured.x0 AS x0, measured.x1 AS x1, measured.x2 AS x2, measured.d0 AS d0,
      measured.d1 AS d1, measured.cluster AS cluster, measured.own AS own, measured.z0 AS z0, measured.z1 AS
      z1, measured.z2 AS z2, measured.squared AS squared, measured.own + sqrt(measured.squared) * CAST('0.2e0'
      AS DOUBLE PRECISION) + CAST('0.010000000000000002e0' AS DOUBLE PRECISION) AS reach
  FROM (SELECT compared.k AS k, compared.x0 AS x0, compared.x1 AS x1, compared.x2 AS x2, compared.d0 AS d0,
        compared.d1 AS d1, compared.cluster AS cluster, compared.own AS own, compared.z0 AS z0, compared.z1 AS
        z1, compared.z2 AS z2, CASE WHEN (compared.own + compared.z0 * compared.z0 + (compared.z1 - CAST('1.0e0'
        AS DOUBLE PRECISION)) * (compared.z1 - CAST('1.0e0' AS DOUBLE PRECISION)) + (compared.z2 - CAST('0.5e0'
        AS DOUBLE PRECISION)) * (compared.z2 - CAST('0.5e0' AS DOUBLE PRECISION)) > CAST('0.0e0' AS DOUBLE
        PRECISION)) THEN compared.own + compared.z0 * compared.z0 + (compared.z1 - CAST('1.0e0' AS DOUBLE
        PRECISION)) * (compared.z1 - CAST('1.0e0' AS DOUBLE PRECISION)) + (compared.z2 - CAST('0.5e0' AS DOUBLE
        PRECISION)) * (compared.z2 - CAST('0.5e0' AS DOUBLE PRECISION)) ELSE CAST('0.0e0' AS DOUBLE PRECISION)
        END AS squared
    FROM (SELECT assigned.k AS k, assigned.x0 AS x0, assigned.x1 AS x1, assigned.x2 AS x2, assigned.d0 AS d0,
          assigned.d1 AS d1, assigned.cluster AS cluster, CASE assigned.cluster WHEN 0 THEN assigned.d0 ELSE
          assigned.d1 END AS own, assigned.x0 * CAST('0.3333333333333333e0' AS DOUBLE PRECISION) + CAST('0.5e0'
          AS DOUBLE PRECISION) AS z0, assigned.x1 AS z1, assigned.x2 AS z2
      FROM (SELECT near.k AS k, near.x0 AS x0, near.x1 AS x1, near.x2 AS x2, near.d0 AS d0, near.d1 AS d1, CASE
            WHEN (near.d0 <= near.d1) THEN 0 ELSE 1 END AS cluster
        FROM (SELECT points.k AS k, points.x0 AS x0, points.x1 AS x1, points.x2 AS x2, CAST('0.0e0' AS DOUBLE
              PRECISION) AS d0, CAST('4.75e0' AS DOUBLE PRECISION) + points.x0 * CAST('0.6666666666666666e0' AS
              DOUBLE PRECISION) + points.x1 * CAST('-2.0e0' AS DOUBLE PRECISION) + points.x2 * CAST('1.0e0' AS
              DOUBLE PRECISION) AS d1
          FROM (SELECT source_rows.k AS k, source_rows.r0 AS x0, ln(CASE WHEN (source_rows.r1 > CAST('-1.0e0'
                AS DOUBLE PRECISION)) THEN source_rows.r1 + CAST('1.0e0' AS DOUBLE PRECISION) END) AS x1, CASE
                WHEN (source_rows.t0 = 'Oslo') THEN CAST('1.0e0' AS DOUBLE PRECISION) ELSE CAST('0.0e0' AS
                DOUBLE PRECISION) END AS x2
            FROM (SELECT "sales"."customers"."customer_id" AS k, CAST("sales"."customers"."income" AS DOUBLE
                  PRECISION) AS r0, CAST("sales"."customers"."orders" AS DOUBLE PRECISION) AS r1, coalesce(CAST("sales"."customers"."city"
                  AS VARCHAR(65535)), '(missing)') AS t0
              FROM "sales"."customers") AS source_rows
            WHERE source_rows.r0 BETWEEN CAST('-1.7976931348623157e+308' AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308'
                AS DOUBLE PRECISION) AND source_rows.r1 BETWEEN CAST('0.0e0' AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308'
                AS DOUBLE PRECISION)) AS points ) AS near ) AS assigned ) AS compared ) AS measured ) AS
    reaching
WHERE CASE WHEN (reaching.d0 <= reaching.reach) THEN 1 ELSE 0 END + CASE WHEN (reaching.d1 <= reaching.reach)
    THEN 1 ELSE 0 END > 1
LIMIT 5;

-- farthest_rows
SELECT served.x0, served.x1, served.x2, served.squared
FROM (SELECT near.k AS k, near.x0 AS x0, near.x1 AS x1, near.x2 AS x2, near.d0 AS d0, near.d1 AS d1, CASE WHEN
      (near.d0 <= near.d1) THEN near.d0 ELSE near.d1 END AS squared
  FROM (SELECT scaled_rows.k AS k, scaled_rows.x0 AS x0, scaled_rows.x1 AS x1, scaled_rows.x2 AS x2,
        scaled_rows.x0 * scaled_rows.x0 + (scaled_rows.x1 - CAST('1.0e0' AS DOUBLE PRECISION)) * (scaled_rows.x1
        - CAST('1.0e0' AS DOUBLE PRECISION)) + (scaled_rows.x2 - CAST('0.5e0' AS DOUBLE PRECISION)) * (scaled_rows.x2
        - CAST('0.5e0' AS DOUBLE PRECISION)) AS d0, (scaled_rows.x0 - CAST('-1.0e0' AS DOUBLE PRECISION)) * (scaled_rows.x0
        - CAST('-1.0e0' AS DOUBLE PRECISION)) + (scaled_rows.x1 - CAST('2.0e0' AS DOUBLE PRECISION)) * (scaled_rows.x1
        - CAST('2.0e0' AS DOUBLE PRECISION)) + scaled_rows.x2 * scaled_rows.x2 AS d1
    FROM (SELECT source_rows.k AS k, (source_rows.r0 - CAST('-1.5e0' AS DOUBLE PRECISION)) * CAST('0.3333333333333333e0'
          AS DOUBLE PRECISION) AS x0, ln(CASE WHEN (source_rows.r1 > CAST('-1.0e0' AS DOUBLE PRECISION)) THEN
          source_rows.r1 + CAST('1.0e0' AS DOUBLE PRECISION) END) AS x1, CASE WHEN (source_rows.t0 = 'Oslo')
          THEN CAST('1.0e0' AS DOUBLE PRECISION) ELSE CAST('0.0e0' AS DOUBLE PRECISION) END AS x2
      FROM (SELECT "sales"."customers"."customer_id" AS k, CAST("sales"."customers"."income" AS DOUBLE
            PRECISION) AS r0, CAST("sales"."customers"."orders" AS DOUBLE PRECISION) AS r1, coalesce(CAST("sales"."customers"."city"
            AS VARCHAR(65535)), '(missing)') AS t0
        FROM "sales"."customers") AS source_rows
      WHERE source_rows.r0 BETWEEN CAST('-1.7976931348623157e+308' AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308'
          AS DOUBLE PRECISION) AND source_rows.r1 BETWEEN CAST('0.0e0' AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308'
          AS DOUBLE PRECISION)) AS scaled_rows ) AS near ) AS served
ORDER BY served.squared DESC, served.k
LIMIT 2;
