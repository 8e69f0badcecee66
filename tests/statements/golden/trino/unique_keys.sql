-- key_range
SELECT min("sales"."customers"."customer_id") AS low, max("sales"."customers"."customer_id") AS high
FROM "sales"."customers";

-- distinct_keys
SELECT count(DISTINCT "sales"."customers"."customer_id") AS keys
FROM "sales"."customers";

-- distinct_whole_keys
SELECT sum(words.keys) AS keys
FROM (SELECT count(DISTINCT placed.place) AS keys
  FROM (SELECT "sales"."customers"."customer_id" - mod("sales"."customers"."customer_id", 32) AS word, mod("sales"."customers"."customer_id",
        32) + 31 AS place
    FROM "sales"."customers"
    WHERE "sales"."customers"."customer_id" IS NOT NULL) AS placed
  GROUP BY placed.word) AS words;

-- keys_out_of_order
SELECT count(*) AS keys
FROM (SELECT "sales"."customers"."customer_id" AS k, lag("sales"."customers"."customer_id") OVER (ORDER BY
      "sales"."customers"."customer_id") AS before
  FROM "sales"."customers"
  WHERE "sales"."customers"."customer_id" IS NOT NULL) AS in_turn
WHERE in_turn.k <= in_turn.before;
