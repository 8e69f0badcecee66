-- typed_keys
WITH typed_keys AS (SELECT CAST('it''s' AS TEXT) AS typed UNION ALL
  SELECT CAST('7' AS TEXT) AS typed)
SELECT DISTINCT CAST(typed_keys.typed AS BIGINT) AS row_key
FROM typed_keys;

-- keys_of
SELECT DISTINCT CAST("s.ch".asked."a""b" AS BIGINT) AS row_key
FROM "s.ch".asked
WHERE "s.ch".asked."a""b" IS NOT NULL;

-- rounded_keys
SELECT count(*) AS "ROWS"
FROM "s.ch".asked
WHERE CAST("s.ch".asked."a""b" AS DOUBLE) != CAST(CAST("s.ch".asked."a""b" AS BIGINT) AS DOUBLE);

-- hashed
WITH hashes AS (SELECT sha2(concat((SELECT max(segments.salts.salt) AS max_1
    FROM segments.salts), concat(' customer_id: ', coalesce(CAST(segjob_forgotten_keys.row_key AS TEXT), ''))),
      256) AS salted_hash
  FROM segjob_forgotten_keys)
SELECT hashes.salted_hash
FROM hashes
ORDER BY hashes.salted_hash;

-- known_keys
WITH known AS (SELECT CAST(segments.groups_history.customer_id AS TEXT) AS row_key
  FROM segments.groups_history
  WHERE CAST(segments.groups_history.customer_id AS TEXT) IN (SELECT CAST(segjob_forgotten_keys.row_key AS TEXT)
        AS row_key
    FROM segjob_forgotten_keys) UNION
  SELECT CAST(segments.groups_movements.customer_id AS TEXT) AS row_key
  FROM segments.groups_movements
  WHERE CAST(segments.groups_movements.customer_id AS TEXT) IN (SELECT CAST(segjob_forgotten_keys.row_key AS
        TEXT) AS row_key
    FROM segjob_forgotten_keys))
SELECT count(*) AS keys
FROM known;

-- segment_sizes
SELECT segments.groups_history.run_id, segments.groups_history.segment_id, count(*) AS "ROWS"
FROM segments.groups_history
GROUP BY segments.groups_history.run_id, segments.groups_history.segment_id;
