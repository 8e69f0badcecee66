-- bins
SELECT count(CASE WHEN (scaled_rows.v0 <= CAST(1.0e0 AS DOUBLE)) THEN 1 END) AS b0_0, count(CASE WHEN (scaled_rows.v0
    <= CAST(2.0e0 AS DOUBLE)) THEN 1 END) - count(CASE WHEN (scaled_rows.v0 <= CAST(1.0e0 AS DOUBLE)) THEN 1
    END) AS b0_1, count(scaled_rows.v0) - count(CASE WHEN (scaled_rows.v0 <= CAST(2.0e0 AS DOUBLE)) THEN 1 END)
    AS b0_2, count(CASE WHEN (scaled_rows.v1 <= CAST(3.0e0 AS DOUBLE)) THEN 1 END) AS b1_0, count(scaled_rows.v1)
    - count(CASE WHEN (scaled_rows.v1 <= CAST(3.0e0 AS DOUBLE)) THEN 1 END) AS b1_1, count(CASE WHEN (scaled_rows.v2
    <= CAST(0.5e0 AS DOUBLE)) THEN 1 END) AS b2_0, count(scaled_rows.v2) - count(CASE WHEN (scaled_rows.v2 <=
    CAST(0.5e0 AS DOUBLE)) THEN 1 END) AS b2_1
FROM (SELECT source_rows.k AS k, (source_rows.r0 - CAST(-1.5e0 AS DOUBLE)) * CAST(0.3333333333333333e0 AS
      DOUBLE) AS x0, ln(CASE WHEN (source_rows.r1 > CAST(-1.0e0 AS DOUBLE)) THEN source_rows.r1 + CAST(1.0e0 AS
      DOUBLE) END) AS x1, CASE WHEN (source_rows.t0 = 'Oslo') THEN CAST(1.0e0 AS DOUBLE) ELSE CAST(0.0e0 AS
      DOUBLE) END AS x2, CASE WHEN (source_rows.r0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
      AS DOUBLE)) THEN source_rows.r0 END AS v0, CASE WHEN (source_rows.r1 BETWEEN CAST(-1.7976931348623157e+308
      AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN source_rows.r1 END AS v1, CASE WHEN (source_rows.t0
      = 'Oslo') THEN CAST(1.0e0 AS DOUBLE) ELSE CAST(0.0e0 AS DOUBLE) END AS v2
  FROM (SELECT "sales"."customers"."customer_id" AS k, CAST("sales"."customers"."income" AS DOUBLE) AS r0, CAST("sales"."customers"."orders"
        AS DOUBLE) AS r1, coalesce(CAST("sales"."customers"."city" AS TEXT), '(missing)') AS t0
    FROM "sales"."customers") AS source_rows
  WHERE source_rows.r0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS
      DOUBLE) AND source_rows.r1 BETWEEN CAST(0.0e0 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) AS
    scaled_rows;

-- by_segment
SELECT today.segment_id, count(*) AS "rows", sum(today.distance) AS distance, count(CASE WHEN today.is_outlier
    THEN 1 END) AS outliers
FROM (SELECT measured.k AS "customer_id", measured.segment_id AS segment_id, CASE measured.segment_id WHEN 4
      THEN 'Oslo' WHEN 2 THEN 'b' END AS segment_name, measured.distance AS distance, measured.next_segment_id
      AS next_segment_id, measured.next_distance - measured.distance AS margin, measured.distance > CASE
      measured.segment_id WHEN 4 THEN CAST(1.0e0 AS DOUBLE) ELSE CAST('inf' AS DOUBLE) END AS is_outlier
  FROM (SELECT second_choice.k AS k, second_choice.x0 AS x0, second_choice.x1 AS x1, second_choice.x2 AS x2,
        second_choice.d0 AS d0, second_choice.d1 AS d1, second_choice.segment_id AS segment_id,
        second_choice.next_segment_id AS next_segment_id, sqrt(CASE second_choice.segment_id WHEN 4 THEN
        second_choice.d0 WHEN 2 THEN second_choice.d1 END) AS distance, sqrt(CASE second_choice.next_segment_id
        WHEN 4 THEN second_choice.d0 WHEN 2 THEN second_choice.d1 END) AS next_distance
    FROM (SELECT first_choice.k AS k, first_choice.x0 AS x0, first_choice.x1 AS x1, first_choice.x2 AS x2,
          first_choice.d0 AS d0, first_choice.d1 AS d1, first_choice.segment_id AS segment_id, CASE
          first_choice.segment_id WHEN 4 THEN 2 WHEN 2 THEN 4 END AS next_segment_id
      FROM (SELECT near.k AS k, near.x0 AS x0, near.x1 AS x1, near.x2 AS x2, near.d0 AS d0, near.d1 AS d1, CASE
            WHEN (near.d0 <= near.d1) THEN 4 WHEN (near.d1 IS NOT NULL) THEN 2 END AS segment_id
        FROM (SELECT scaled_rows.k AS k, scaled_rows.x0 AS x0, scaled_rows.x1 AS x1, scaled_rows.x2 AS x2,
              scaled_rows.x0 * scaled_rows.x0 + (scaled_rows.x1 - CAST(1.0e0 AS DOUBLE)) * (scaled_rows.x1 -
              CAST(1.0e0 AS DOUBLE)) + (scaled_rows.x2 - CAST(0.5e0 AS DOUBLE)) * (scaled_rows.x2 - CAST(0.5e0
              AS DOUBLE)) AS d0, (scaled_rows.x0 - CAST(-1.0e0 AS DOUBLE)) * (scaled_rows.x0 - CAST(-1.0e0 AS
              DOUBLE)) + (scaled_rows.x1 - CAST(2.0e0 AS DOUBLE)) * (scaled_rows.x1 - CAST(2.0e0 AS DOUBLE)) +
              scaled_rows.x2 * scaled_rows.x2 AS d1
          FROM (SELECT source_rows.k AS k, CASE WHEN (source_rows.r0 BETWEEN CAST(-1.7976931348623157e+308 AS
                DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE) AND source_rows.r1 BETWEEN CAST(0.0e0 AS
                DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN (source_rows.r0 - CAST(-1.5e0 AS
                DOUBLE)) * CAST(0.3333333333333333e0 AS DOUBLE) END AS x0, ln(CASE WHEN (source_rows.r1 > CAST(-1.0e0
                AS DOUBLE)) THEN source_rows.r1 + CAST(1.0e0 AS DOUBLE) END) AS x1, CASE WHEN (source_rows.t0 =
                'Oslo') THEN CAST(1.0e0 AS DOUBLE) ELSE CAST(0.0e0 AS DOUBLE) END AS x2
            FROM (SELECT "sales"."customers"."customer_id" AS k, CAST("sales"."customers"."income" AS DOUBLE)
                  AS r0, CAST("sales"."customers"."orders" AS DOUBLE) AS r1, coalesce(CAST("sales"."customers"."city"
                  AS TEXT), '(missing)') AS t0
              FROM "sales"."customers") AS source_rows) AS scaled_rows ) AS near ) AS first_choice ) AS
        second_choice ) AS measured) AS today
GROUP BY today.segment_id;

-- by_published_segment
SELECT segments.groups_history.segment_id, count(*) AS "rows", sum(segments.groups_history.distance) AS
    distance, count(CASE WHEN segments.groups_history.is_outlier THEN 1 END) AS outliers
FROM segments.groups_history
WHERE segments.groups_history.run_id = 12
GROUP BY segments.groups_history.segment_id;
