-- assignment
SELECT CAST(12 AS BIGINT) AS run_id, measured.k AS "customer_id", measured.segment_id AS segment_id,
    measured.distance AS distance, measured.next_segment_id AS next_segment_id, measured.next_distance -
    measured.distance AS margin, measured.distance > CASE measured.segment_id WHEN 4 THEN CAST(1.0e0 AS DOUBLE)
    ELSE CAST('inf' AS DOUBLE) END AS is_outlier
FROM (SELECT second_choice.k AS k, second_choice.x0 AS x0, second_choice.x1 AS x1, second_choice.x2 AS x2,
      second_choice.d0 AS d0, second_choice.d1 AS d1, second_choice.segment_id AS segment_id,
      second_choice.next_segment_id AS next_segment_id, sqrt(CASE second_choice.segment_id WHEN 4 THEN
      second_choice.d0 ELSE second_choice.d1 END) AS distance, sqrt(CASE second_choice.next_segment_id WHEN 4
      THEN second_choice.d0 ELSE second_choice.d1 END) AS next_distance
  FROM (SELECT first_choice.k AS k, first_choice.x0 AS x0, first_choice.x1 AS x1, first_choice.x2 AS x2,
        first_choice.d0 AS d0, first_choice.d1 AS d1, first_choice.segment_id AS segment_id, CASE
        first_choice.segment_id WHEN 4 THEN 2 ELSE 4 END AS next_segment_id
    FROM (SELECT near.k AS k, near.x0 AS x0, near.x1 AS x1, near.x2 AS x2, near.d0 AS d0, near.d1 AS d1, CASE
          WHEN (near.d0 <= near.d1) THEN 4 ELSE 2 END AS segment_id
      FROM (SELECT scaled_rows.k AS k, scaled_rows.x0 AS x0, scaled_rows.x1 AS x1, scaled_rows.x2 AS x2,
            scaled_rows.x0 * scaled_rows.x0 + (scaled_rows.x1 - CAST(1.0e0 AS DOUBLE)) * (scaled_rows.x1 - CAST(1.0e0
            AS DOUBLE)) + (scaled_rows.x2 - CAST(0.5e0 AS DOUBLE)) * (scaled_rows.x2 - CAST(0.5e0 AS DOUBLE))
            AS d0, (scaled_rows.x0 - CAST(-1.0e0 AS DOUBLE)) * (scaled_rows.x0 - CAST(-1.0e0 AS DOUBLE)) + (scaled_rows.x1
            - CAST(2.0e0 AS DOUBLE)) * (scaled_rows.x1 - CAST(2.0e0 AS DOUBLE)) + scaled_rows.x2 *
            scaled_rows.x2 AS d1
        FROM (SELECT source_rows.k AS k, (source_rows.r0 - CAST(-1.5e0 AS DOUBLE)) * CAST(0.3333333333333333e0
              AS DOUBLE) AS x0, ln(CASE WHEN (source_rows.r1 > CAST(-1.0e0 AS DOUBLE)) THEN source_rows.r1 +
              CAST(1.0e0 AS DOUBLE) END) AS x1, CASE WHEN (source_rows.t0 = 'Oslo') THEN CAST(1.0e0 AS DOUBLE)
              ELSE CAST(0.0e0 AS DOUBLE) END AS x2
          FROM (SELECT "sales"."customers"."customer_id" AS k, CAST("sales"."customers"."income" AS DOUBLE) AS
                r0, CAST("sales"."customers"."orders" AS DOUBLE) AS r1, coalesce(CAST("sales"."customers"."city"
                AS TEXT), '(missing)') AS t0
            FROM "sales"."customers") AS source_rows
          WHERE source_rows.r0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
              AS DOUBLE) AND source_rows.r1 BETWEEN CAST(0.0e0 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS
              DOUBLE)) AS scaled_rows ) AS near ) AS first_choice ) AS second_choice ) AS measured;

-- scores
SELECT measured.k AS "customer_id", measured.segment_id AS segment_id, CASE measured.segment_id WHEN 4 THEN
    'Oslo' WHEN 2 THEN 'b' END AS segment_name, measured.distance AS distance, measured.next_segment_id AS
    next_segment_id, measured.next_distance - measured.distance AS margin, measured.distance > CASE
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
            scaled_rows.x0 * scaled_rows.x0 + (scaled_rows.x1 - CAST(1.0e0 AS DOUBLE)) * (scaled_rows.x1 - CAST(1.0e0
            AS DOUBLE)) + (scaled_rows.x2 - CAST(0.5e0 AS DOUBLE)) * (scaled_rows.x2 - CAST(0.5e0 AS DOUBLE))
            AS d0, (scaled_rows.x0 - CAST(-1.0e0 AS DOUBLE)) * (scaled_rows.x0 - CAST(-1.0e0 AS DOUBLE)) + (scaled_rows.x1
            - CAST(2.0e0 AS DOUBLE)) * (scaled_rows.x1 - CAST(2.0e0 AS DOUBLE)) + scaled_rows.x2 *
            scaled_rows.x2 AS d1
        FROM (SELECT source_rows.k AS k, CASE WHEN (source_rows.r0 BETWEEN CAST(-1.7976931348623157e+308 AS
              DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE) AND source_rows.r1 BETWEEN CAST(0.0e0 AS
              DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE)) THEN (source_rows.r0 - CAST(-1.5e0 AS DOUBLE))
              * CAST(0.3333333333333333e0 AS DOUBLE) END AS x0, ln(CASE WHEN (source_rows.r1 > CAST(-1.0e0 AS
              DOUBLE)) THEN source_rows.r1 + CAST(1.0e0 AS DOUBLE) END) AS x1, CASE WHEN (source_rows.t0 =
              'Oslo') THEN CAST(1.0e0 AS DOUBLE) ELSE CAST(0.0e0 AS DOUBLE) END AS x2
          FROM (SELECT "sales"."customers"."customer_id" AS k, CAST("sales"."customers"."income" AS DOUBLE) AS
                r0, CAST("sales"."customers"."orders" AS DOUBLE) AS r1, coalesce(CAST("sales"."customers"."city"
                AS TEXT), '(missing)') AS t0
            FROM "sales"."customers") AS source_rows) AS scaled_rows ) AS near ) AS first_choice ) AS
      second_choice ) AS measured;

-- count_scores
SELECT count(*) AS "rows", count(*) - count("sales"."customers".segment_id) AS without_segment
FROM "sales"."customers";

-- segment_expression
SELECT CASE WHEN (CAST(p0 AS DOUBLE) BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
    AS DOUBLE) AND CAST(p1 AS DOUBLE) BETWEEN CAST(0.0e0 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS DOUBLE))
    THEN CASE WHEN (CAST(1.25e0 AS DOUBLE) + ln(CASE WHEN (CAST(p1 AS DOUBLE) > CAST(-1.0e0 AS DOUBLE)) THEN
    CAST(p1 AS DOUBLE) + CAST(1.0e0 AS DOUBLE) END) * CAST(-2.0e0 AS DOUBLE) + CASE WHEN (coalesce(CAST(p2 AS
    TEXT), '(missing)') = 'Oslo') THEN CAST(1.0e0 AS DOUBLE) ELSE CAST(0.0e0 AS DOUBLE) END * CAST(-1.0e0 AS
    DOUBLE) = least(CAST(1.25e0 AS DOUBLE) + ln(CASE WHEN (CAST(p1 AS DOUBLE) > CAST(-1.0e0 AS DOUBLE)) THEN
    CAST(p1 AS DOUBLE) + CAST(1.0e0 AS DOUBLE) END) * CAST(-2.0e0 AS DOUBLE) + CASE WHEN (coalesce(CAST(p2 AS
    TEXT), '(missing)') = 'Oslo') THEN CAST(1.0e0 AS DOUBLE) ELSE CAST(0.0e0 AS DOUBLE) END * CAST(-1.0e0 AS
    DOUBLE), CAST(5.0e0 AS DOUBLE) + (CAST(p0 AS DOUBLE) - CAST(-1.5e0 AS DOUBLE)) * CAST(0.3333333333333333e0
    AS DOUBLE) * CAST(2.0e0 AS DOUBLE) + ln(CASE WHEN (CAST(p1 AS DOUBLE) > CAST(-1.0e0 AS DOUBLE)) THEN CAST(p1
    AS DOUBLE) + CAST(1.0e0 AS DOUBLE) END) * CAST(-4.0e0 AS DOUBLE))) THEN 4 ELSE 2 END END AS anon_1;
