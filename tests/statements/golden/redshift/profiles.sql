-- profiles
SELECT segmented.segment_id, count(segmented.v0) AS rows0, sum(segmented.v0 - CAST('-1.5e0' AS DOUBLE PRECISION))
    AS first0, sum((segmented.v0 - CAST('-1.5e0' AS DOUBLE PRECISION)) * (segmented.v0 - CAST('-1.5e0' AS
    DOUBLE PRECISION))) AS second0, min(segmented.v0) AS minimum0, max(segmented.v0) AS maximum0, count(segmented.v1)
    AS rows1, sum(segmented.v1 - CAST('3.481689070338065e0' AS DOUBLE PRECISION)) AS first1, sum((segmented.v1
    - CAST('3.481689070338065e0' AS DOUBLE PRECISION)) * (segmented.v1 - CAST('3.481689070338065e0' AS DOUBLE
    PRECISION))) AS second1, min(segmented.v1) AS minimum1, max(segmented.v1) AS maximum1, count(segmented.v2)
    AS rows2, sum(segmented.v2) AS first2, sum(segmented.v2 * segmented.v2) AS second2, min(segmented.v2) AS
    minimum2, max(segmented.v2) AS maximum2, count(*) AS all_rows, coalesce(sum(CAST(segmented.v0 < CAST('1.0e0'
    AS DOUBLE PRECISION) AS INTEGER)), 0) AS fits0
FROM (SELECT CASE WHEN (near.d0 <= near.d1) THEN 4 ELSE 2 END AS segment_id, near.v0 AS v0, near.v1 AS v1,
      near.v2 AS v2
  FROM (SELECT points.k AS k, points.x0 AS x0, points.x1 AS x1, points.x2 AS x2, points.v0 AS v0, points.v1 AS
        v1, points.v2 AS v2, CAST('0.0e0' AS DOUBLE PRECISION) AS d0, CAST('4.75e0' AS DOUBLE PRECISION) +
        points.x0 * CAST('0.6666666666666666e0' AS DOUBLE PRECISION) + points.x1 * CAST('-2.0e0' AS DOUBLE
        PRECISION) + points.x2 * CAST('1.0e0' AS DOUBLE PRECISION) AS d1
    FROM (SELECT source_rows.k AS k, source_rows.r0 AS x0, ln(CASE WHEN (source_rows.r1 > CAST('-1.0e0' AS
          DOUBLE PRECISION)) THEN source_rows.r1 + CAST('1.0e0' AS DOUBLE PRECISION) END) AS x1, CASE WHEN (source_rows.t0
          = 'Oslo') THEN CAST('1.0e0' AS DOUBLE PRECISION) ELSE CAST('0.0e0' AS DOUBLE PRECISION) END AS x2,
          CASE WHEN (source_rows.r0 BETWEEN CAST('-1.7976931348623157e+308' AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308'
          AS DOUBLE PRECISION)) THEN source_rows.r0 END AS v0, CASE WHEN (source_rows.r1 BETWEEN CAST('-1.7976931348623157e+308'
          AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308' AS DOUBLE PRECISION)) THEN source_rows.r1 END
          AS v1, CASE WHEN (source_rows.t0 = 'Oslo') THEN CAST('1.0e0' AS DOUBLE PRECISION) ELSE CAST('0.0e0'
          AS DOUBLE PRECISION) END AS v2
      FROM (SELECT "sales"."customers"."customer_id" AS k, CAST("sales"."customers"."income" AS DOUBLE
            PRECISION) AS r0, CAST("sales"."customers"."orders" AS DOUBLE PRECISION) AS r1, coalesce(CAST("sales"."customers"."city"
            AS VARCHAR(65535)), '(missing)') AS t0
        FROM "sales"."customers") AS source_rows
      WHERE source_rows.r0 BETWEEN CAST('-1.7976931348623157e+308' AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308'
          AS DOUBLE PRECISION) AND source_rows.r1 BETWEEN CAST('0.0e0' AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308'
          AS DOUBLE PRECISION)) AS points ) AS near) AS segmented
GROUP BY segmented.segment_id
ORDER BY segmented.segment_id;

-- profile_quantiles
SELECT arrays.segment_id, CAST(arrays.a0[0] AS DOUBLE PRECISION) AS q0_0, CAST(arrays.a0[1] AS DOUBLE PRECISION)
    AS q0_1, CAST(arrays.a0[2] AS DOUBLE PRECISION) AS q0_2, CAST(arrays.a1[0] AS DOUBLE PRECISION) AS q1_0,
    CAST(arrays.a1[1] AS DOUBLE PRECISION) AS q1_1, CAST(arrays.a1[2] AS DOUBLE PRECISION) AS q1_2, CAST(arrays.a2[0]
    AS DOUBLE PRECISION) AS q2_0, CAST(arrays.a2[1] AS DOUBLE PRECISION) AS q2_1, CAST(arrays.a2[2] AS DOUBLE
    PRECISION) AS q2_2
FROM (SELECT segmented.segment_id AS segment_id, array(APPROXIMATE percentile_disc(0.25) WITHIN GROUP (ORDER BY
      segmented.v0), APPROXIMATE percentile_disc(0.5) WITHIN GROUP (ORDER BY segmented.v0), APPROXIMATE
      percentile_disc(0.75) WITHIN GROUP (ORDER BY segmented.v0)) AS a0, array(APPROXIMATE percentile_disc(0.25)
      WITHIN GROUP (ORDER BY segmented.v1), APPROXIMATE percentile_disc(0.5) WITHIN GROUP (ORDER BY
      segmented.v1), APPROXIMATE percentile_disc(0.75) WITHIN GROUP (ORDER BY segmented.v1)) AS a1, array(APPROXIMATE
      percentile_disc(0.25) WITHIN GROUP (ORDER BY segmented.v2), APPROXIMATE percentile_disc(0.5) WITHIN GROUP
      (ORDER BY segmented.v2), APPROXIMATE percentile_disc(0.75) WITHIN GROUP (ORDER BY segmented.v2)) AS a2
  FROM (SELECT CASE WHEN (near.d0 <= near.d1) THEN 4 ELSE 2 END AS segment_id, near.v0 AS v0, near.v1 AS v1,
        near.v2 AS v2
    FROM (SELECT points.k AS k, points.x0 AS x0, points.x1 AS x1, points.x2 AS x2, points.v0 AS v0, points.v1
          AS v1, points.v2 AS v2, CAST('0.0e0' AS DOUBLE PRECISION) AS d0, CAST('4.75e0' AS DOUBLE PRECISION) +
          points.x0 * CAST('0.6666666666666666e0' AS DOUBLE PRECISION) + points.x1 * CAST('-2.0e0' AS DOUBLE
          PRECISION) + points.x2 * CAST('1.0e0' AS DOUBLE PRECISION) AS d1
      FROM (SELECT source_rows.k AS k, source_rows.r0 AS x0, ln(CASE WHEN (source_rows.r1 > CAST('-1.0e0' AS
            DOUBLE PRECISION)) THEN source_rows.r1 + CAST('1.0e0' AS DOUBLE PRECISION) END) AS x1, CASE WHEN (source_rows.t0
            = 'Oslo') THEN CAST('1.0e0' AS DOUBLE PRECISION) ELSE CAST('0.0e0' AS DOUBLE PRECISION) END AS x2,
            CASE WHEN (source_rows.r0 BETWEEN CAST('-1.7976931348623157e+308' AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308'
            AS DOUBLE PRECISION)) THEN source_rows.r0 END AS v0, CASE WHEN (source_rows.r1 BETWEEN CAST('-1.7976931348623157e+308'
            AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308' AS DOUBLE PRECISION)) THEN source_rows.r1
            END AS v1, CASE WHEN (source_rows.t0 = 'Oslo') THEN CAST('1.0e0' AS DOUBLE PRECISION) ELSE CAST('0.0e0'
            AS DOUBLE PRECISION) END AS v2
        FROM (SELECT "sales"."customers"."customer_id" AS k, CAST("sales"."customers"."income" AS DOUBLE
              PRECISION) AS r0, CAST("sales"."customers"."orders" AS DOUBLE PRECISION) AS r1, coalesce(CAST("sales"."customers"."city"
              AS VARCHAR(65535)), '(missing)') AS t0
          FROM "sales"."customers") AS source_rows
        WHERE source_rows.r0 BETWEEN CAST('-1.7976931348623157e+308' AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308'
            AS DOUBLE PRECISION) AND source_rows.r1 BETWEEN CAST('0.0e0' AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308'
            AS DOUBLE PRECISION) AND CAST(fnv_hash(coalesce(CAST(0 AS VARCHAR(65535)), 'NULL'), fnv_hash(coalesce(CAST(source_rows.k
            AS VARCHAR(65535)), 'NULL'))) AS DOUBLE PRECISION) * CAST('5.421010862427522e-20' AS DOUBLE
            PRECISION) + CAST('0.5e0' AS DOUBLE PRECISION) < CAST('0.1e0' AS DOUBLE PRECISION)) AS points ) AS
        near) AS segmented
  GROUP BY segmented.segment_id) AS arrays
ORDER BY arrays.segment_id;

-- profile_quantiles overall
SELECT arrays.segment_id, CAST(arrays.a0[0] AS DOUBLE PRECISION) AS q0_0, CAST(arrays.a0[1] AS DOUBLE PRECISION)
    AS q0_1, CAST(arrays.a0[2] AS DOUBLE PRECISION) AS q0_2, CAST(arrays.a1[0] AS DOUBLE PRECISION) AS q1_0,
    CAST(arrays.a1[1] AS DOUBLE PRECISION) AS q1_1, CAST(arrays.a1[2] AS DOUBLE PRECISION) AS q1_2, CAST(arrays.a2[0]
    AS DOUBLE PRECISION) AS q2_0, CAST(arrays.a2[1] AS DOUBLE PRECISION) AS q2_1, CAST(arrays.a2[2] AS DOUBLE
    PRECISION) AS q2_2
FROM (SELECT CAST(NULL AS INTEGER) AS segment_id, array(APPROXIMATE percentile_disc(0.25) WITHIN GROUP (ORDER
      BY segmented.v0), APPROXIMATE percentile_disc(0.5) WITHIN GROUP (ORDER BY segmented.v0), APPROXIMATE
      percentile_disc(0.75) WITHIN GROUP (ORDER BY segmented.v0)) AS a0, array(APPROXIMATE percentile_disc(0.25)
      WITHIN GROUP (ORDER BY segmented.v1), APPROXIMATE percentile_disc(0.5) WITHIN GROUP (ORDER BY
      segmented.v1), APPROXIMATE percentile_disc(0.75) WITHIN GROUP (ORDER BY segmented.v1)) AS a1, array(APPROXIMATE
      percentile_disc(0.25) WITHIN GROUP (ORDER BY segmented.v2), APPROXIMATE percentile_disc(0.5) WITHIN GROUP
      (ORDER BY segmented.v2), APPROXIMATE percentile_disc(0.75) WITHIN GROUP (ORDER BY segmented.v2)) AS a2
  FROM (SELECT CASE WHEN (near.d0 <= near.d1) THEN 4 ELSE 2 END AS segment_id, near.v0 AS v0, near.v1 AS v1,
        near.v2 AS v2
    FROM (SELECT points.k AS k, points.x0 AS x0, points.x1 AS x1, points.x2 AS x2, points.v0 AS v0, points.v1
          AS v1, points.v2 AS v2, CAST('0.0e0' AS DOUBLE PRECISION) AS d0, CAST('4.75e0' AS DOUBLE PRECISION) +
          points.x0 * CAST('0.6666666666666666e0' AS DOUBLE PRECISION) + points.x1 * CAST('-2.0e0' AS DOUBLE
          PRECISION) + points.x2 * CAST('1.0e0' AS DOUBLE PRECISION) AS d1
      FROM (SELECT source_rows.k AS k, source_rows.r0 AS x0, ln(CASE WHEN (source_rows.r1 > CAST('-1.0e0' AS
            DOUBLE PRECISION)) THEN source_rows.r1 + CAST('1.0e0' AS DOUBLE PRECISION) END) AS x1, CASE WHEN (source_rows.t0
            = 'Oslo') THEN CAST('1.0e0' AS DOUBLE PRECISION) ELSE CAST('0.0e0' AS DOUBLE PRECISION) END AS x2,
            CASE WHEN (source_rows.r0 BETWEEN CAST('-1.7976931348623157e+308' AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308'
            AS DOUBLE PRECISION)) THEN source_rows.r0 END AS v0, CASE WHEN (source_rows.r1 BETWEEN CAST('-1.7976931348623157e+308'
            AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308' AS DOUBLE PRECISION)) THEN source_rows.r1
            END AS v1, CASE WHEN (source_rows.t0 = 'Oslo') THEN CAST('1.0e0' AS DOUBLE PRECISION) ELSE CAST('0.0e0'
            AS DOUBLE PRECISION) END AS v2
        FROM (SELECT "sales"."customers"."customer_id" AS k, CAST("sales"."customers"."income" AS DOUBLE
              PRECISION) AS r0, CAST("sales"."customers"."orders" AS DOUBLE PRECISION) AS r1, coalesce(CAST("sales"."customers"."city"
              AS VARCHAR(65535)), '(missing)') AS t0
          FROM "sales"."customers") AS source_rows
        WHERE source_rows.r0 BETWEEN CAST('-1.7976931348623157e+308' AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308'
            AS DOUBLE PRECISION) AND source_rows.r1 BETWEEN CAST('0.0e0' AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308'
            AS DOUBLE PRECISION)) AS points ) AS near) AS segmented) AS arrays
ORDER BY arrays.segment_id;
