-- squared_by_segment
SELECT placed.segment_id, sum(CASE placed.segment_id WHEN 4 THEN placed.x0 * placed.x0 + (placed.x1 - CAST('1.0e0'
    AS DOUBLE PRECISION)) * (placed.x1 - CAST('1.0e0' AS DOUBLE PRECISION)) + (placed.x2 - CAST('0.5e0' AS
    DOUBLE PRECISION)) * (placed.x2 - CAST('0.5e0' AS DOUBLE PRECISION)) ELSE (placed.x0 - CAST('-1.0e0' AS
    DOUBLE PRECISION)) * (placed.x0 - CAST('-1.0e0' AS DOUBLE PRECISION)) + (placed.x1 - CAST('2.0e0' AS DOUBLE
    PRECISION)) * (placed.x1 - CAST('2.0e0' AS DOUBLE PRECISION)) + placed.x2 * placed.x2 END) AS squared
FROM (SELECT near.k AS k, near.x0 AS x0, near.x1 AS x1, near.x2 AS x2, near.d0 AS d0, near.d1 AS d1, CASE WHEN
      (near.d0 + CAST('2.028148247292286e0' AS DOUBLE PRECISION) <= near.d1 + CAST('2.028148247292286e0' AS
      DOUBLE PRECISION)) THEN 4 ELSE 2 END AS segment_id
  FROM (SELECT scaled_rows.k AS k, scaled_rows.x0 AS x0, scaled_rows.x1 AS x1, scaled_rows.x2 AS x2,
        scaled_rows.x0 * CAST('0.8770580193070292e0' AS DOUBLE PRECISION) * scaled_rows.x0 * CAST('0.8770580193070292e0'
        AS DOUBLE PRECISION) + (scaled_rows.x0 * CAST('-0.2080125735844609e0' AS DOUBLE PRECISION) + (scaled_rows.x1
        - CAST('1.0e0' AS DOUBLE PRECISION)) * CAST('0.9013878188659973e0' AS DOUBLE PRECISION)) * (scaled_rows.x0
        * CAST('-0.2080125735844609e0' AS DOUBLE PRECISION) + (scaled_rows.x1 - CAST('1.0e0' AS DOUBLE
        PRECISION)) * CAST('0.9013878188659973e0' AS DOUBLE PRECISION)) + (scaled_rows.x0 * CAST('-0.1720618004029213e0'
        AS DOUBLE PRECISION) + (scaled_rows.x1 - CAST('1.0e0' AS DOUBLE PRECISION)) * CAST('-0.1720618004029213e0'
        AS DOUBLE PRECISION) + (scaled_rows.x2 - CAST('0.5e0' AS DOUBLE PRECISION)) * CAST('0.917662935482247e0'
        AS DOUBLE PRECISION)) * (scaled_rows.x0 * CAST('-0.1720618004029213e0' AS DOUBLE PRECISION) + (scaled_rows.x1
        - CAST('1.0e0' AS DOUBLE PRECISION)) * CAST('-0.1720618004029213e0' AS DOUBLE PRECISION) + (scaled_rows.x2
        - CAST('0.5e0' AS DOUBLE PRECISION)) * CAST('0.917662935482247e0' AS DOUBLE PRECISION)) AS d0, (scaled_rows.x0
        - CAST('-1.0e0' AS DOUBLE PRECISION)) * CAST('0.8770580193070292e0' AS DOUBLE PRECISION) * (scaled_rows.x0
        - CAST('-1.0e0' AS DOUBLE PRECISION)) * CAST('0.8770580193070292e0' AS DOUBLE PRECISION) + ((scaled_rows.x0
        - CAST('-1.0e0' AS DOUBLE PRECISION)) * CAST('-0.2080125735844609e0' AS DOUBLE PRECISION) + (scaled_rows.x1
        - CAST('2.0e0' AS DOUBLE PRECISION)) * CAST('0.9013878188659973e0' AS DOUBLE PRECISION)) * ((scaled_rows.x0
        - CAST('-1.0e0' AS DOUBLE PRECISION)) * CAST('-0.2080125735844609e0' AS DOUBLE PRECISION) + (scaled_rows.x1
        - CAST('2.0e0' AS DOUBLE PRECISION)) * CAST('0.9013878188659973e0' AS DOUBLE PRECISION)) + ((scaled_rows.x0
        - CAST('-1.0e0' AS DOUBLE PRECISION)) * CAST('-0.1720618004029213e0' AS DOUBLE PRECISION) + (scaled_rows.x1
        - CAST('2.0e0' AS DOUBLE PRECISION)) * CAST('-0.1720618004029213e0' AS DOUBLE PRECISION) +
        scaled_rows.x2 * CAST('0.917662935482247e0' AS DOUBLE PRECISION)) * ((scaled_rows.x0 - CAST('-1.0e0' AS
        DOUBLE PRECISION)) * CAST('-0.1720618004029213e0' AS DOUBLE PRECISION) + (scaled_rows.x1 - CAST('2.0e0'
        AS DOUBLE PRECISION)) * CAST('-0.1720618004029213e0' AS DOUBLE PRECISION) + scaled_rows.x2 * CAST('0.917662935482247e0'
        AS DOUBLE PRECISION)) AS d1
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
          AS DOUBLE PRECISION)) AS scaled_rows ) AS near ) AS placed
GROUP BY placed.segment_id;
