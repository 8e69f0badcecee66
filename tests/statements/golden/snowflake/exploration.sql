-- segment_sample
SELECT chosen.segment_id, CASE WHEN chosen.is_outlier THEN 1 ELSE 0 END AS is_outlier, scaled_rows.x0,
    scaled_rows.x1, scaled_rows.x2
FROM (SELECT ranked.key AS key, ranked.segment_id AS segment_id, ranked.is_outlier AS is_outlier, ranked.luck
      AS luck, ranked.place AS place
  FROM (SELECT drawn.key AS key, drawn.segment_id AS segment_id, drawn.is_outlier AS is_outlier, drawn.luck AS
        luck, row_number() OVER (PARTITION BY drawn.segment_id ORDER BY drawn.luck, drawn.key) AS place
    FROM (SELECT segments.groups_history.customer_id AS key, segments.groups_history.segment_id AS segment_id,
          segments.groups_history.is_outlier AS is_outlier, CAST(hash(segments.groups_history.customer_id, 7)
          AS DOUBLE) * CAST(5.421010862427522e-20 AS DOUBLE) + CAST(0.5e0 AS DOUBLE) AS luck
      FROM segments.groups_history
      WHERE segments.groups_history.run_id = 12 AND CAST(hash(segments.groups_history.customer_id, 7) AS DOUBLE)
          * CAST(5.421010862427522e-20 AS DOUBLE) + CAST(0.5e0 AS DOUBLE) < CASE WHEN (segments.groups_history.segment_id
          = 4) THEN CAST(0.11666666666666667e0 AS DOUBLE) WHEN (segments.groups_history.segment_id = 2) THEN
          CAST(1.0e0 AS DOUBLE) ELSE CAST(0.0e0 AS DOUBLE) END) AS drawn) AS ranked
  WHERE ranked.place <= CASE WHEN (ranked.segment_id = 4) THEN 50 WHEN (ranked.segment_id = 2) THEN 50 ELSE 0
      END) AS chosen JOIN (SELECT source_rows.k AS k, (source_rows.r0 - CAST(-1.5e0 AS DOUBLE)) * CAST(0.3333333333333333e0
      AS DOUBLE) AS x0, ln(CASE WHEN (source_rows.r1 > CAST(-1.0e0 AS DOUBLE)) THEN source_rows.r1 + CAST(1.0e0
      AS DOUBLE) END) AS x1, CASE WHEN (source_rows.t0 = 'Oslo') THEN CAST(1.0e0 AS DOUBLE) ELSE CAST(0.0e0 AS
      DOUBLE) END AS x2
  FROM (SELECT "sales"."customers"."customer_id" AS k, CAST("sales"."customers"."income" AS DOUBLE) AS r0, CAST("sales"."customers"."orders"
        AS DOUBLE) AS r1, coalesce(CAST("sales"."customers"."city" AS TEXT), '(missing)') AS t0
    FROM "sales"."customers") AS source_rows
  WHERE source_rows.r0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS
      DOUBLE) AND source_rows.r1 BETWEEN CAST(0.0e0 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) AS
    scaled_rows ON chosen.key = scaled_rows.k
ORDER BY chosen.segment_id, chosen.luck, chosen.key;

-- overview
SELECT count(*) AS "rows", count(*) - count(finite_rows.r0) AS null0, count(finite_rows.r0) - count(finite_rows.f0)
    AS non_finite0, min(finite_rows.f0) AS minimum0, max(finite_rows.f0) AS maximum0, avg(finite_rows.f0) AS
    mean0, count(*) - count(finite_rows.r1) AS null1, count(finite_rows.r1) - count(finite_rows.f1) AS
    non_finite1, min(finite_rows.f1) AS minimum1, max(finite_rows.f1) AS maximum1, avg(finite_rows.f1) AS mean1
FROM (SELECT cast_rows.k AS k, cast_rows.r0 AS r0, cast_rows.r1 AS r1, CASE WHEN (cast_rows.r0 BETWEEN CAST(-1.7976931348623157e+308
      AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN cast_rows.r0 END AS f0, CASE WHEN (cast_rows.r1
      BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN
      cast_rows.r1 END AS f1
  FROM (SELECT "sales"."customers"."customer_id" AS k, CAST("sales"."customers"."income" AS DOUBLE) AS r0, CAST("sales"."customers"."orders"
        AS DOUBLE) AS r1
    FROM "sales"."customers") AS cast_rows ) AS finite_rows;

-- correlations
SELECT count(*) AS "rows", sum(finite_rows.f0 - CAST(1.5e0 AS DOUBLE)) AS first0, sum((finite_rows.f0 - CAST(1.5e0
    AS DOUBLE)) * (finite_rows.f0 - CAST(1.5e0 AS DOUBLE))) AS second0, corr(finite_rows.f1, finite_rows.f0 -
    CAST(1.5e0 AS DOUBLE)) AS corr1_0
FROM (SELECT cast_rows.k AS k, cast_rows.r0 AS r0, cast_rows.r1 AS r1, CASE WHEN (cast_rows.r0 BETWEEN CAST(-1.7976931348623157e+308
      AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN cast_rows.r0 END AS f0, CASE WHEN (cast_rows.r1
      BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN
      cast_rows.r1 END AS f1
  FROM (SELECT "sales"."customers"."customer_id" AS k, CAST("sales"."customers"."income" AS DOUBLE) AS r0, CAST("sales"."customers"."orders"
        AS DOUBLE) AS r1
    FROM "sales"."customers") AS cast_rows ) AS finite_rows;

-- histogram
SELECT placed_rows.grp, CAST(placed_rows.bin AS INTEGER) AS bin, count(*) AS "rows"
FROM (SELECT value_rows.grp AS grp, CASE WHEN (floor((ln(CASE WHEN (value_rows.value > CAST(-1.0e0 AS DOUBLE))
      THEN value_rows.value + CAST(1.0e0 AS DOUBLE) END) - CAST(0.0e0 AS DOUBLE)) * CAST(3.3333333333333335e0
      AS DOUBLE)) < CAST(0.0e0 AS DOUBLE)) THEN CAST(0.0e0 AS DOUBLE) WHEN (floor((ln(CASE WHEN (value_rows.value
      > CAST(-1.0e0 AS DOUBLE)) THEN value_rows.value + CAST(1.0e0 AS DOUBLE) END) - CAST(0.0e0 AS DOUBLE)) *
      CAST(3.3333333333333335e0 AS DOUBLE)) > CAST(9.0e0 AS DOUBLE)) THEN CAST(9.0e0 AS DOUBLE) ELSE floor((ln(CASE
      WHEN (value_rows.value > CAST(-1.0e0 AS DOUBLE)) THEN value_rows.value + CAST(1.0e0 AS DOUBLE) END) -
      CAST(0.0e0 AS DOUBLE)) * CAST(3.3333333333333335e0 AS DOUBLE)) END AS bin
  FROM (SELECT coalesce(CAST("sales"."customers"."city" AS TEXT), '(missing)') AS grp, CASE WHEN (CAST("sales"."customers"."income"
        AS DOUBLE) BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE))
        THEN CAST("sales"."customers"."income" AS DOUBLE) END AS value
    FROM "sales"."customers") AS value_rows
  WHERE ln(CASE WHEN (value_rows.value > CAST(-1.0e0 AS DOUBLE)) THEN value_rows.value + CAST(1.0e0 AS DOUBLE)
      END) IS NOT NULL) AS placed_rows
GROUP BY placed_rows.grp, placed_rows.bin
ORDER BY placed_rows.grp, placed_rows.bin;

-- largest_groups
SELECT coalesce(CAST("sales"."customers"."city" AS TEXT), '(missing)') AS category, count(*) AS "rows"
FROM "sales"."customers"
GROUP BY coalesce(CAST("sales"."customers"."city" AS TEXT), '(missing)')
ORDER BY count(*) DESC, coalesce(CAST("sales"."customers"."city" AS TEXT), '(missing)')
LIMIT 5;

-- segment_counts
SELECT segments.groups_history.segment_id, count(*) AS "rows", count(CASE WHEN
    segments.groups_history.is_outlier THEN 1 END) AS outliers
FROM segments.groups_history
WHERE segments.groups_history.run_id = 12
GROUP BY segments.groups_history.segment_id
ORDER BY segments.groups_history.segment_id;
