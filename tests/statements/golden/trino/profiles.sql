-- profiles
SELECT segmented.segment_id, count(segmented.v0) AS rows0, sum(segmented.v0 - CAST(-1.5e0 AS DOUBLE)) AS
    first0, sum((segmented.v0 - CAST(-1.5e0 AS DOUBLE)) * (segmented.v0 - CAST(-1.5e0 AS DOUBLE))) AS second0,
    min(segmented.v0) AS minimum0, max(segmented.v0) AS maximum0, count(segmented.v1) AS rows1, sum(segmented.v1
    - CAST(3.481689070338065e0 AS DOUBLE)) AS first1, sum((segmented.v1 - CAST(3.481689070338065e0 AS DOUBLE))
    * (segmented.v1 - CAST(3.481689070338065e0 AS DOUBLE))) AS second1, min(segmented.v1) AS minimum1, max(segmented.v1)
    AS maximum1, count(segmented.v2) AS rows2, sum(segmented.v2) AS first2, sum(segmented.v2 * segmented.v2) AS
    second2, min(segmented.v2) AS minimum2, max(segmented.v2) AS maximum2, count(*) AS all_rows, coalesce(sum(CAST(segmented.v0
    < CAST(1.0e0 AS DOUBLE) AS INTEGER)), 0) AS fits0
FROM (SELECT CASE WHEN (near.d0 <= near.d1) THEN 4 ELSE 2 END AS segment_id, near.v0 AS v0, near.v1 AS v1,
      near.v2 AS v2
  FROM (SELECT points.k AS k, points.x0 AS x0, points.x1 AS x1, points.x2 AS x2, points.v0 AS v0, points.v1 AS
        v1, points.v2 AS v2, CAST(0.0e0 AS DOUBLE) AS d0, CAST(4.75e0 AS DOUBLE) + points.x0 * CAST(0.6666666666666666e0
        AS DOUBLE) + points.x1 * CAST(-2.0e0 AS DOUBLE) + points.x2 * CAST(1.0e0 AS DOUBLE) AS d1
    FROM (SELECT source_rows.k AS k, source_rows.r0 AS x0, ln(CASE WHEN (source_rows.r1 > CAST(-1.0e0 AS DOUBLE))
          THEN source_rows.r1 + CAST(1.0e0 AS DOUBLE) END) AS x1, CASE WHEN (source_rows.t0 = 'Oslo') THEN CAST(1.0e0
          AS DOUBLE) ELSE CAST(0.0e0 AS DOUBLE) END AS x2, CASE WHEN (source_rows.r0 BETWEEN CAST(-1.7976931348623157e+308
          AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN source_rows.r0 END AS v0, CASE WHEN (source_rows.r1
          BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN
          source_rows.r1 END AS v1, CASE WHEN (source_rows.t0 = 'Oslo') THEN CAST(1.0e0 AS DOUBLE) ELSE CAST(0.0e0
          AS DOUBLE) END AS v2
      FROM (SELECT "sales"."customers"."customer_id" AS k, CAST("sales"."customers"."income" AS DOUBLE) AS r0,
            CAST("sales"."customers"."orders" AS DOUBLE) AS r1, coalesce(CAST("sales"."customers"."city" AS
            VARCHAR), '(missing)') AS t0
        FROM "sales"."customers") AS source_rows
      WHERE source_rows.r0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS
          DOUBLE) AND source_rows.r1 BETWEEN CAST(0.0e0 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE))
        AS points ) AS near) AS segmented
GROUP BY segmented.segment_id
ORDER BY segmented.segment_id;

-- profile_quantiles
SELECT arrays.segment_id, (arrays.a0)[1] AS q0_0, (arrays.a0)[2] AS q0_1, (arrays.a0)[3] AS q0_2, (arrays.a1)[1]
    AS q1_0, (arrays.a1)[2] AS q1_1, (arrays.a1)[3] AS q1_2, (arrays.a2)[1] AS q2_0, (arrays.a2)[2] AS q2_1, (arrays.a2)[3]
    AS q2_2
FROM (SELECT segmented.segment_id AS segment_id, approx_percentile(segmented.v0, ARRAY[0.25e0, 0.5e0, 0.75e0])
      AS a0, approx_percentile(segmented.v1, ARRAY[0.25e0, 0.5e0, 0.75e0]) AS a1, approx_percentile(segmented.v2,
      ARRAY[0.25e0, 0.5e0, 0.75e0]) AS a2
  FROM (SELECT CASE WHEN (near.d0 <= near.d1) THEN 4 ELSE 2 END AS segment_id, near.v0 AS v0, near.v1 AS v1,
        near.v2 AS v2
    FROM (SELECT points.k AS k, points.x0 AS x0, points.x1 AS x1, points.x2 AS x2, points.v0 AS v0, points.v1
          AS v1, points.v2 AS v2, CAST(0.0e0 AS DOUBLE) AS d0, CAST(4.75e0 AS DOUBLE) + points.x0 * CAST(0.6666666666666666e0
          AS DOUBLE) + points.x1 * CAST(-2.0e0 AS DOUBLE) + points.x2 * CAST(1.0e0 AS DOUBLE) AS d1
      FROM (SELECT source_rows.k AS k, source_rows.r0 AS x0, ln(CASE WHEN (source_rows.r1 > CAST(-1.0e0 AS
            DOUBLE)) THEN source_rows.r1 + CAST(1.0e0 AS DOUBLE) END) AS x1, CASE WHEN (source_rows.t0 = 'Oslo')
            THEN CAST(1.0e0 AS DOUBLE) ELSE CAST(0.0e0 AS DOUBLE) END AS x2, CASE WHEN (source_rows.r0 BETWEEN
            CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN
            source_rows.r0 END AS v0, CASE WHEN (source_rows.r1 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE)
            AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN source_rows.r1 END AS v1, CASE WHEN (source_rows.t0
            = 'Oslo') THEN CAST(1.0e0 AS DOUBLE) ELSE CAST(0.0e0 AS DOUBLE) END AS v2
        FROM (SELECT "sales"."customers"."customer_id" AS k, CAST("sales"."customers"."income" AS DOUBLE) AS
              r0, CAST("sales"."customers"."orders" AS DOUBLE) AS r1, coalesce(CAST("sales"."customers"."city"
              AS VARCHAR), '(missing)') AS t0
          FROM "sales"."customers") AS source_rows
        WHERE source_rows.r0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
            AS DOUBLE) AND source_rows.r1 BETWEEN CAST(0.0e0 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS
            DOUBLE) AND CAST(from_big_endian_64(xxhash64(to_utf8(json_format(CAST(ARRAY[CAST(source_rows.k AS
            VARCHAR), CAST(0 AS VARCHAR)] AS JSON))))) AS DOUBLE) * CAST(5.421010862427522e-20 AS DOUBLE) +
            CAST(0.5e0 AS DOUBLE) < CAST(0.1e0 AS DOUBLE)) AS points ) AS near) AS segmented
  GROUP BY segmented.segment_id) AS arrays
ORDER BY arrays.segment_id;

-- profile_quantiles overall
SELECT arrays.segment_id, (arrays.a0)[1] AS q0_0, (arrays.a0)[2] AS q0_1, (arrays.a0)[3] AS q0_2, (arrays.a1)[1]
    AS q1_0, (arrays.a1)[2] AS q1_1, (arrays.a1)[3] AS q1_2, (arrays.a2)[1] AS q2_0, (arrays.a2)[2] AS q2_1, (arrays.a2)[3]
    AS q2_2
FROM (SELECT CAST(NULL AS INTEGER) AS segment_id, approx_percentile(segmented.v0, ARRAY[0.25e0, 0.5e0, 0.75e0])
      AS a0, approx_percentile(segmented.v1, ARRAY[0.25e0, 0.5e0, 0.75e0]) AS a1, approx_percentile(segmented.v2,
      ARRAY[0.25e0, 0.5e0, 0.75e0]) AS a2
  FROM (SELECT CASE WHEN (near.d0 <= near.d1) THEN 4 ELSE 2 END AS segment_id, near.v0 AS v0, near.v1 AS v1,
        near.v2 AS v2
    FROM (SELECT points.k AS k, points.x0 AS x0, points.x1 AS x1, points.x2 AS x2, points.v0 AS v0, points.v1
          AS v1, points.v2 AS v2, CAST(0.0e0 AS DOUBLE) AS d0, CAST(4.75e0 AS DOUBLE) + points.x0 * CAST(0.6666666666666666e0
          AS DOUBLE) + points.x1 * CAST(-2.0e0 AS DOUBLE) + points.x2 * CAST(1.0e0 AS DOUBLE) AS d1
      FROM (SELECT source_rows.k AS k, source_rows.r0 AS x0, ln(CASE WHEN (source_rows.r1 > CAST(-1.0e0 AS
            DOUBLE)) THEN source_rows.r1 + CAST(1.0e0 AS DOUBLE) END) AS x1, CASE WHEN (source_rows.t0 = 'Oslo')
            THEN CAST(1.0e0 AS DOUBLE) ELSE CAST(0.0e0 AS DOUBLE) END AS x2, CASE WHEN (source_rows.r0 BETWEEN
            CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN
            source_rows.r0 END AS v0, CASE WHEN (source_rows.r1 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE)
            AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN source_rows.r1 END AS v1, CASE WHEN (source_rows.t0
            = 'Oslo') THEN CAST(1.0e0 AS DOUBLE) ELSE CAST(0.0e0 AS DOUBLE) END AS v2
        FROM (SELECT "sales"."customers"."customer_id" AS k, CAST("sales"."customers"."income" AS DOUBLE) AS
              r0, CAST("sales"."customers"."orders" AS DOUBLE) AS r1, coalesce(CAST("sales"."customers"."city"
              AS VARCHAR), '(missing)') AS t0
          FROM "sales"."customers") AS source_rows
        WHERE source_rows.r0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
            AS DOUBLE) AND source_rows.r1 BETWEEN CAST(0.0e0 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS
            DOUBLE)) AS points ) AS near) AS segmented) AS arrays
ORDER BY arrays.segment_id;
