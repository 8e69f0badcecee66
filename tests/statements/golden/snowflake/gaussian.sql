-- expectation
WITH source_rows AS (SELECT sales.customers.customer_id AS row_key, CAST(sales.customers.income AS DOUBLE) AS
      number0, CAST(sales.customers.orders AS DOUBLE) AS number1, coalesce(CAST(sales.customers.city AS TEXT),
      '(missing)') AS text0
  FROM sales.customers), scaled AS (SELECT /* x = (value - center) / scale * weight */ source_rows.row_key AS
      row_key, (source_rows.number0 - CAST(-1.5e0 AS DOUBLE)) * CAST(0.3333333333333333e0 AS DOUBLE) AS x0, ln(CASE
      WHEN (source_rows.number1 > CAST(-1.0e0 AS DOUBLE)) THEN source_rows.number1 + CAST(1.0e0 AS DOUBLE) END)
      AS x1, CASE WHEN (source_rows.text0 = 'Oslo') THEN CAST(1.0e0 AS DOUBLE) ELSE CAST(0.0e0 AS DOUBLE) END
      AS x2
  FROM source_rows
  WHERE source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
      AS DOUBLE) AND source_rows.number1 BETWEEN CAST(0.0e0 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS
      DOUBLE)), costs AS (SELECT scaled.row_key AS row_key, scaled.x0 AS x0, scaled.x1 AS x1, scaled.x2 AS x2,
      scaled.x0 * CAST(0.8770580193070292e0 AS DOUBLE) * scaled.x0 * CAST(0.8770580193070292e0 AS DOUBLE) + (scaled.x0
      * CAST(-0.2080125735844609e0 AS DOUBLE) + (scaled.x1 - CAST(1.0e0 AS DOUBLE)) * CAST(0.9013878188659973e0
      AS DOUBLE)) * (scaled.x0 * CAST(-0.2080125735844609e0 AS DOUBLE) + (scaled.x1 - CAST(1.0e0 AS DOUBLE)) *
      CAST(0.9013878188659973e0 AS DOUBLE)) + (scaled.x0 * CAST(-0.1720618004029213e0 AS DOUBLE) + (scaled.x1 -
      CAST(1.0e0 AS DOUBLE)) * CAST(-0.1720618004029213e0 AS DOUBLE) + (scaled.x2 - CAST(0.5e0 AS DOUBLE)) *
      CAST(0.917662935482247e0 AS DOUBLE)) * (scaled.x0 * CAST(-0.1720618004029213e0 AS DOUBLE) + (scaled.x1 -
      CAST(1.0e0 AS DOUBLE)) * CAST(-0.1720618004029213e0 AS DOUBLE) + (scaled.x2 - CAST(0.5e0 AS DOUBLE)) *
      CAST(0.917662935482247e0 AS DOUBLE)) + CAST(2.028148247292286e0 AS DOUBLE) AS cost0, (scaled.x0 - CAST(-1.0e0
      AS DOUBLE)) * CAST(0.8770580193070292e0 AS DOUBLE) * (scaled.x0 - CAST(-1.0e0 AS DOUBLE)) * CAST(0.8770580193070292e0
      AS DOUBLE) + ((scaled.x0 - CAST(-1.0e0 AS DOUBLE)) * CAST(-0.2080125735844609e0 AS DOUBLE) + (scaled.x1 -
      CAST(2.0e0 AS DOUBLE)) * CAST(0.9013878188659973e0 AS DOUBLE)) * ((scaled.x0 - CAST(-1.0e0 AS DOUBLE)) *
      CAST(-0.2080125735844609e0 AS DOUBLE) + (scaled.x1 - CAST(2.0e0 AS DOUBLE)) * CAST(0.9013878188659973e0
      AS DOUBLE)) + ((scaled.x0 - CAST(-1.0e0 AS DOUBLE)) * CAST(-0.1720618004029213e0 AS DOUBLE) + (scaled.x1
      - CAST(2.0e0 AS DOUBLE)) * CAST(-0.1720618004029213e0 AS DOUBLE) + scaled.x2 * CAST(0.917662935482247e0
      AS DOUBLE)) * ((scaled.x0 - CAST(-1.0e0 AS DOUBLE)) * CAST(-0.1720618004029213e0 AS DOUBLE) + (scaled.x1
      - CAST(2.0e0 AS DOUBLE)) * CAST(-0.1720618004029213e0 AS DOUBLE) + scaled.x2 * CAST(0.917662935482247e0
      AS DOUBLE)) + CAST(2.028148247292286e0 AS DOUBLE) AS cost1
  FROM scaled ), lowest AS (SELECT costs.row_key AS row_key, costs.x0 AS x0, costs.x1 AS x1, costs.x2 AS x2,
      costs.cost0 AS cost0, costs.cost1 AS cost1, CASE WHEN (costs.cost0 <= costs.cost1) THEN costs.cost0 ELSE
      costs.cost1 END AS lowest_cost
  FROM costs ), densities AS (SELECT lowest.row_key AS row_key, lowest.x0 AS x0, lowest.x1 AS x1, lowest.x2 AS
      x2, lowest.cost0 AS cost0, lowest.cost1 AS cost1, lowest.lowest_cost AS lowest_cost, CASE WHEN (lowest.cost0
      - lowest.lowest_cost < CAST(80.0e0 AS DOUBLE)) THEN exp((lowest.cost0 - lowest.lowest_cost) * CAST(-0.5e0
      AS DOUBLE)) ELSE CAST(0.0e0 AS DOUBLE) END AS density0, CASE WHEN (lowest.cost1 - lowest.lowest_cost <
      CAST(80.0e0 AS DOUBLE)) THEN exp((lowest.cost1 - lowest.lowest_cost) * CAST(-0.5e0 AS DOUBLE)) ELSE CAST(0.0e0
      AS DOUBLE) END AS density1
  FROM lowest ), summed AS (SELECT densities.row_key AS row_key, densities.x0 AS x0, densities.x1 AS x1,
      densities.x2 AS x2, densities.cost0 AS cost0, densities.cost1 AS cost1, densities.lowest_cost AS
      lowest_cost, densities.density0 AS density0, densities.density1 AS density1, densities.density0 +
      densities.density1 AS total_density
  FROM densities ), responsibilities AS (SELECT summed.row_key AS row_key, summed.x0 AS x0, summed.x1 AS x1,
      summed.x2 AS x2, summed.cost0 AS cost0, summed.cost1 AS cost1, summed.lowest_cost AS lowest_cost,
      summed.density0 AS density0, summed.density1 AS density1, summed.total_density AS total_density, (summed.density0
      / summed.total_density) * CAST(1.0e0 AS DOUBLE) AS responsibility0, (summed.density1 /
      summed.total_density) * CAST(1.0e0 AS DOUBLE) AS responsibility1, summed.x0 - CAST(0.0e0 AS DOUBLE) AS
      difference0_0, summed.x1 - CAST(1.0e0 AS DOUBLE) AS difference0_1, summed.x2 - CAST(0.5e0 AS DOUBLE) AS
      difference0_2, summed.x0 - CAST(-1.0e0 AS DOUBLE) AS difference1_0, summed.x1 - CAST(2.0e0 AS DOUBLE) AS
      difference1_1, summed.x2 - CAST(0.0e0 AS DOUBLE) AS difference1_2
  FROM summed )
SELECT sum(CAST(1.0e0 AS DOUBLE)) AS weight, sum((ln(responsibilities.total_density) -
    responsibilities.lowest_cost * CAST(0.5e0 AS DOUBLE)) * CAST(1.0e0 AS DOUBLE)) AS likelihood, sum(responsibilities.responsibility0)
    AS weight0, sum(responsibilities.responsibility0 * responsibilities.difference0_0) AS first0_0, sum(responsibilities.responsibility0
    * responsibilities.difference0_1) AS first0_1, sum(responsibilities.responsibility0 *
    responsibilities.difference0_2) AS first0_2, sum(responsibilities.responsibility0 *
    responsibilities.difference0_0 * responsibilities.difference0_0) AS second0_0_0, sum(responsibilities.responsibility0
    * responsibilities.difference0_1 * responsibilities.difference0_0) AS second0_1_0, sum(responsibilities.responsibility0
    * responsibilities.difference0_1 * responsibilities.difference0_1) AS second0_1_1, sum(responsibilities.responsibility0
    * responsibilities.difference0_2 * responsibilities.difference0_0) AS second0_2_0, sum(responsibilities.responsibility0
    * responsibilities.difference0_2 * responsibilities.difference0_1) AS second0_2_1, sum(responsibilities.responsibility0
    * responsibilities.difference0_2 * responsibilities.difference0_2) AS second0_2_2, sum(responsibilities.responsibility1)
    AS weight1, sum(responsibilities.responsibility1 * responsibilities.difference1_0) AS first1_0, sum(responsibilities.responsibility1
    * responsibilities.difference1_1) AS first1_1, sum(responsibilities.responsibility1 *
    responsibilities.difference1_2) AS first1_2, sum(responsibilities.responsibility1 *
    responsibilities.difference1_0 * responsibilities.difference1_0) AS second1_0_0, sum(responsibilities.responsibility1
    * responsibilities.difference1_1 * responsibilities.difference1_0) AS second1_1_0, sum(responsibilities.responsibility1
    * responsibilities.difference1_1 * responsibilities.difference1_1) AS second1_1_1, sum(responsibilities.responsibility1
    * responsibilities.difference1_2 * responsibilities.difference1_0) AS second1_2_0, sum(responsibilities.responsibility1
    * responsibilities.difference1_2 * responsibilities.difference1_1) AS second1_2_1, sum(responsibilities.responsibility1
    * responsibilities.difference1_2 * responsibilities.difference1_2) AS second1_2_2
FROM responsibilities;

-- squared_by_segment
WITH source_rows AS (SELECT sales.customers.customer_id AS row_key, CAST(sales.customers.income AS DOUBLE) AS
      number0, CAST(sales.customers.orders AS DOUBLE) AS number1, coalesce(CAST(sales.customers.city AS TEXT),
      '(missing)') AS text0
  FROM sales.customers), scaled AS (SELECT /* x = (value - center) / scale * weight */ source_rows.row_key AS
      row_key, (source_rows.number0 - CAST(-1.5e0 AS DOUBLE)) * CAST(0.3333333333333333e0 AS DOUBLE) AS x0, ln(CASE
      WHEN (source_rows.number1 > CAST(-1.0e0 AS DOUBLE)) THEN source_rows.number1 + CAST(1.0e0 AS DOUBLE) END)
      AS x1, CASE WHEN (source_rows.text0 = 'Oslo') THEN CAST(1.0e0 AS DOUBLE) ELSE CAST(0.0e0 AS DOUBLE) END
      AS x2
  FROM source_rows
  WHERE source_rows.number0 BETWEEN CAST(-1.7976931348623157e+308 AS DOUBLE) AND CAST(1.7976931348623157e+308
      AS DOUBLE) AND source_rows.number1 BETWEEN CAST(0.0e0 AS DOUBLE) AND CAST(1.7976931348623157e+308 AS
      DOUBLE)), distances AS (SELECT scaled.row_key AS row_key, scaled.x0 AS x0, scaled.x1 AS x1, scaled.x2 AS
      x2, scaled.x0 * CAST(0.8770580193070292e0 AS DOUBLE) * scaled.x0 * CAST(0.8770580193070292e0 AS DOUBLE) +
      (scaled.x0 * CAST(-0.2080125735844609e0 AS DOUBLE) + (scaled.x1 - CAST(1.0e0 AS DOUBLE)) * CAST(0.9013878188659973e0
      AS DOUBLE)) * (scaled.x0 * CAST(-0.2080125735844609e0 AS DOUBLE) + (scaled.x1 - CAST(1.0e0 AS DOUBLE)) *
      CAST(0.9013878188659973e0 AS DOUBLE)) + (scaled.x0 * CAST(-0.1720618004029213e0 AS DOUBLE) + (scaled.x1 -
      CAST(1.0e0 AS DOUBLE)) * CAST(-0.1720618004029213e0 AS DOUBLE) + (scaled.x2 - CAST(0.5e0 AS DOUBLE)) *
      CAST(0.917662935482247e0 AS DOUBLE)) * (scaled.x0 * CAST(-0.1720618004029213e0 AS DOUBLE) + (scaled.x1 -
      CAST(1.0e0 AS DOUBLE)) * CAST(-0.1720618004029213e0 AS DOUBLE) + (scaled.x2 - CAST(0.5e0 AS DOUBLE)) *
      CAST(0.917662935482247e0 AS DOUBLE)) AS squared0, (scaled.x0 - CAST(-1.0e0 AS DOUBLE)) * CAST(0.8770580193070292e0
      AS DOUBLE) * (scaled.x0 - CAST(-1.0e0 AS DOUBLE)) * CAST(0.8770580193070292e0 AS DOUBLE) + ((scaled.x0 -
      CAST(-1.0e0 AS DOUBLE)) * CAST(-0.2080125735844609e0 AS DOUBLE) + (scaled.x1 - CAST(2.0e0 AS DOUBLE)) *
      CAST(0.9013878188659973e0 AS DOUBLE)) * ((scaled.x0 - CAST(-1.0e0 AS DOUBLE)) * CAST(-0.2080125735844609e0
      AS DOUBLE) + (scaled.x1 - CAST(2.0e0 AS DOUBLE)) * CAST(0.9013878188659973e0 AS DOUBLE)) + ((scaled.x0 -
      CAST(-1.0e0 AS DOUBLE)) * CAST(-0.1720618004029213e0 AS DOUBLE) + (scaled.x1 - CAST(2.0e0 AS DOUBLE)) *
      CAST(-0.1720618004029213e0 AS DOUBLE) + scaled.x2 * CAST(0.917662935482247e0 AS DOUBLE)) * ((scaled.x0 -
      CAST(-1.0e0 AS DOUBLE)) * CAST(-0.1720618004029213e0 AS DOUBLE) + (scaled.x1 - CAST(2.0e0 AS DOUBLE)) *
      CAST(-0.1720618004029213e0 AS DOUBLE) + scaled.x2 * CAST(0.917662935482247e0 AS DOUBLE)) AS squared1
  FROM scaled ), costs AS (SELECT distances.row_key AS row_key, distances.x0 AS x0, distances.x1 AS x1,
      distances.x2 AS x2, distances.squared0 AS squared0, distances.squared1 AS squared1, distances.squared0 +
      CAST(2.028148247292286e0 AS DOUBLE) AS cost0, distances.squared1 + CAST(2.028148247292286e0 AS DOUBLE) AS
      cost1
  FROM distances ), assigned AS (SELECT costs.row_key AS row_key, costs.x0 AS x0, costs.x1 AS x1, costs.x2 AS
      x2, costs.squared0 AS squared0, costs.squared1 AS squared1, costs.cost0 AS cost0, costs.cost1 AS cost1,
      CASE WHEN (costs.cost0 <= costs.cost1) THEN 4 ELSE 2 END AS segment_id
  FROM costs )
SELECT assigned.segment_id, sum(CASE assigned.segment_id WHEN 4 THEN assigned.x0 * assigned.x0 + (assigned.x1 -
    CAST(1.0e0 AS DOUBLE)) * (assigned.x1 - CAST(1.0e0 AS DOUBLE)) + (assigned.x2 - CAST(0.5e0 AS DOUBLE)) * (assigned.x2
    - CAST(0.5e0 AS DOUBLE)) ELSE (assigned.x0 - CAST(-1.0e0 AS DOUBLE)) * (assigned.x0 - CAST(-1.0e0 AS DOUBLE))
    + (assigned.x1 - CAST(2.0e0 AS DOUBLE)) * (assigned.x1 - CAST(2.0e0 AS DOUBLE)) + assigned.x2 * assigned.x2
    END) AS squared
FROM assigned
GROUP BY assigned.segment_id;
