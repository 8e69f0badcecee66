-- typed_keys
WITH `typed_keys` AS (SELECT CAST("it's" AS STRING) AS `typed` UNION ALL
  SELECT CAST('7' AS STRING) AS `typed`)
SELECT DISTINCT CAST(`typed_keys`.`typed` AS INT64) AS `row_key`
FROM `typed_keys`;

-- keys_of
SELECT DISTINCT CAST(`asked`.`a""b` AS INT64) AS `row_key`
FROM `s.ch`.`asked`
WHERE `asked`.`a""b` IS NOT NULL;

-- hashed
WITH `hashes` AS (SELECT to_hex(sha256(concat((SELECT max(`salts`.`salt`) AS `max_1`
    FROM `segments`.`salts`), concat(' customer_id: ', coalesce(CAST(`segjob_forgotten_keys`.`row_key` AS
      STRING), ''))))) AS `salted_hash`
  FROM `segjob_forgotten_keys`)
SELECT `hashes`.`salted_hash`
FROM `hashes`
ORDER BY `hashes`.`salted_hash`;

-- known_keys
WITH `known` AS (SELECT CAST(`groups_history`.`customer_id` AS STRING) AS `row_key`
  FROM `segments`.`groups_history`
  WHERE CAST(`groups_history`.`customer_id` AS STRING) IN (SELECT CAST(`segjob_forgotten_keys`.`row_key` AS
        STRING) AS `row_key`
    FROM `segjob_forgotten_keys`) UNION DISTINCT
  SELECT CAST(`groups_movements`.`customer_id` AS STRING) AS `row_key`
  FROM `segments`.`groups_movements`
  WHERE CAST(`groups_movements`.`customer_id` AS STRING) IN (SELECT CAST(`segjob_forgotten_keys`.`row_key` AS
        STRING) AS `row_key`
    FROM `segjob_forgotten_keys`))
SELECT count(*) AS `keys`
FROM `known`;

-- segment_sizes
SELECT `groups_history`.`run_id`, `groups_history`.`segment_id`, count(*) AS `rows`
FROM `segments`.`groups_history`
GROUP BY `groups_history`.`run_id`, `groups_history`.`segment_id`;
