-- expectation
SELECT sum(CAST('1.0e0' AS DOUBLE PRECISION)) AS weight, sum((ln(shared.every) - shared.low * CAST('0.5e0' AS
    DOUBLE PRECISION)) * CAST('1.0e0' AS DOUBLE PRECISION)) AS likelihood, sum(shared.r0) AS m0, sum(shared.r0
    * shared.a0_0) AS f0_0, sum(shared.r0 * shared.a0_1) AS f0_1, sum(shared.r0 * shared.a0_2) AS f0_2, sum(shared.r0
    * shared.a0_0 * shared.a0_0) AS s0_0_0, sum(shared.r0 * shared.a0_1 * shared.a0_0) AS s0_1_0, sum(shared.r0
    * shared.a0_1 * shared.a0_1) AS s0_1_1, sum(shared.r0 * shared.a0_2 * shared.a0_0) AS s0_2_0, sum(shared.r0
    * shared.a0_2 * shared.a0_1) AS s0_2_1, sum(shared.r0 * shared.a0_2 * shared.a0_2) AS s0_2_2, sum(shared.r1)
    AS m1, sum(shared.r1 * shared.a1_0) AS f1_0, sum(shared.r1 * shared.a1_1) AS f1_1, sum(shared.r1 *
    shared.a1_2) AS f1_2, sum(shared.r1 * shared.a1_0 * shared.a1_0) AS s1_0_0, sum(shared.r1 * shared.a1_1 *
    shared.a1_0) AS s1_1_0, sum(shared.r1 * shared.a1_1 * shared.a1_1) AS s1_1_1, sum(shared.r1 * shared.a1_2 *
    shared.a1_0) AS s1_2_0, sum(shared.r1 * shared.a1_2 * shared.a1_1) AS s1_2_1, sum(shared.r1 * shared.a1_2 *
    shared.a1_2) AS s1_2_2
FROM (SELECT summed.k AS k, summed.x0 AS x0, summed.x1 AS x1, summed.x2 AS x2, summed.e0 AS e0, summed.e1 AS
      e1, summed.low AS low, summed.p0 AS p0, summed.p1 AS p1, summed.every AS every, (summed.p0 / CAST(summed.every
      AS DOUBLE PRECISION)) * CAST('1.0e0' AS DOUBLE PRECISION) AS r0, (summed.p1 / CAST(summed.every AS DOUBLE
      PRECISION)) * CAST('1.0e0' AS DOUBLE PRECISION) AS r1, summed.x0 - CAST('0.0e0' AS DOUBLE PRECISION) AS
      a0_0, summed.x1 - CAST('1.0e0' AS DOUBLE PRECISION) AS a0_1, summed.x2 - CAST('0.5e0' AS DOUBLE PRECISION)
      AS a0_2, summed.x0 - CAST('-1.0e0' AS DOUBLE PRECISION) AS a1_0, summed.x1 - CAST('2.0e0' AS DOUBLE
      PRECISION) AS a1_1, summed.x2 - CAST('0.0e0' AS DOUBLE PRECISION) AS a1_2
  FROM (SELECT likely.k AS k, likely.x0 AS x0, likely.x1 AS x1, likely.x2 AS x2, likely.e0 AS e0, likely.e1 AS
        e1, likely.low AS low, likely.p0 AS p0, likely.p1 AS p1, likely.p0 + likely.p1 AS every
    FROM (SELECT lowest.k AS k, lowest.x0 AS x0, lowest.x1 AS x1, lowest.x2 AS x2, lowest.e0 AS e0, lowest.e1
          AS e1, lowest.low AS low, CASE WHEN (lowest.e0 - lowest.low < CAST('80.0e0' AS DOUBLE PRECISION))
          THEN exp((lowest.e0 - lowest.low) * CAST('-0.5e0' AS DOUBLE PRECISION)) ELSE CAST('0.0e0' AS DOUBLE
          PRECISION) END AS p0, CASE WHEN (lowest.e1 - lowest.low < CAST('80.0e0' AS DOUBLE PRECISION)) THEN
          exp((lowest.e1 - lowest.low) * CAST('-0.5e0' AS DOUBLE PRECISION)) ELSE CAST('0.0e0' AS DOUBLE
          PRECISION) END AS p1
      FROM (SELECT near.k AS k, near.x0 AS x0, near.x1 AS x1, near.x2 AS x2, near.e0 AS e0, near.e1 AS e1, CASE
            WHEN (near.e0 <= near.e1) THEN near.e0 ELSE near.e1 END AS low
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
              - CAST('0.5e0' AS DOUBLE PRECISION)) * CAST('0.917662935482247e0' AS DOUBLE PRECISION)) + CAST('2.028148247292286e0'
              AS DOUBLE PRECISION) AS e0, (scaled_rows.x0 - CAST('-1.0e0' AS DOUBLE PRECISION)) * CAST('0.8770580193070292e0'
              AS DOUBLE PRECISION) * (scaled_rows.x0 - CAST('-1.0e0' AS DOUBLE PRECISION)) * CAST('0.8770580193070292e0'
              AS DOUBLE PRECISION) + ((scaled_rows.x0 - CAST('-1.0e0' AS DOUBLE PRECISION)) * CAST('-0.2080125735844609e0'
              AS DOUBLE PRECISION) + (scaled_rows.x1 - CAST('2.0e0' AS DOUBLE PRECISION)) * CAST('0.9013878188659973e0'
              AS DOUBLE PRECISION)) * ((scaled_rows.x0 - CAST('-1.0e0' AS DOUBLE PRECISION)) * CAST('-0.2080125735844609e0'
              AS DOUBLE PRECISION) + (scaled_rows.x1 - CAST('2.0e0' AS DOUBLE PRECISION)) * CAST('0.9013878188659973e0'
              AS DOUBLE PRECISION)) + ((scaled_rows.x0 - CAST('-1.0e0' AS DOUBLE PRECISION)) * CAST('-0.1720618004029213e0'
              AS DOUBLE PRECISION) + (scaled_rows.x1 - CAST('2.0e0' AS DOUBLE PRECISION)) * CAST('-0.1720618004029213e0'
              AS DOUBLE PRECISION) + scaled_rows.x2 * CAST('0.917662935482247e0' AS DOUBLE PRECISION)) * ((scaled_rows.x0
              - CAST('-1.0e0' AS DOUBLE PRECISION)) * CAST('-0.1720618004029213e0' AS DOUBLE PRECISION) + (scaled_rows.x1
              - CAST('2.0e0' AS DOUBLE PRECISION)) * CAST('-0.1720618004029213e0' AS DOUBLE PRECISION) +
              scaled_rows.x2 * CAST('0.917662935482247e0' AS DOUBLE PRECISION)) + CAST('2.028148247292286e0' AS
              DOUBLE PRECISION) AS e1
          FROM (SELECT source_rows.k AS k, (source_rows.r0 - CAST('-1.5e0' AS DOUBLE PRECISION)) * CAST('0.3333333333333333e0'
                AS DOUBLE PRECISION) AS x0, ln(CASE WHEN (source_rows.r1 > CAST('-1.0e0' AS DOUBLE PRECISION))
                THEN source_rows.r1 + CAST('1.0e0' AS DOUBLE PRECISION) END) AS x1, CASE WHEN (source_rows.t0 =
                'Oslo') THEN CAST('1.0e0' AS DOUBLE PRECISION) ELSE CAST('0.0e0' AS DOUBLE PRECISION) END AS x2
            FROM (SELECT "sales"."customers"."customer_id" AS k, CAST("sales"."customers"."income" AS DOUBLE
                  PRECISION) AS r0, CAST("sales"."customers"."orders" AS DOUBLE PRECISION) AS r1, coalesce(CAST("sales"."customers"."city"
                  AS VARCHAR(65535)), '(missing)') AS t0
              FROM "sales"."customers") AS source_rows
            WHERE source_rows.r0 BETWEEN CAST('-1.7976931348623157e+308' AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308'
                AS DOUBLE PRECISION) AND source_rows.r1 BETWEEN CAST('0.0e0' AS DOUBLE PRECISION) AND CAST('1.7976931348623157e+308'
                AS DOUBLE PRECISION)) AS scaled_rows ) AS near ) AS lowest ) AS likely ) AS summed ) AS shared;

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
