WITH
source AS (
  SELECT
    orders.buyer_id,
    order_lines.sku,
    orders.ordered_at,
    order_lines.amount
  FROM raw_data.order_lines
  INNER JOIN raw_data.orders
    ON order_lines.`order` = orders.id
  FULL JOIN raw_data.products
    ON order_lines.sku = products.product_code
),
bucketed AS (
  SELECT
    source.*,
    ABS(MOD(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT('split' AS purpose, 'a' AS seed, CAST(buyer_id AS STRING) AS key1))), 100)) AS bucket
  FROM source
),
labelled AS (
  SELECT
    bucketed.*,
    CASE
      WHEN bucket < 70 THEN 'train'
      WHEN bucket < 90 THEN 'eval'
      ELSE 'test'
    END AS split
  FROM bucketed
),
analyzed AS (
  SELECT
    labelled.buyer_id,
    labelled.sku,
    labelled.ordered_at,
    labelled.amount,
    labelled.split
  FROM labelled
),
rows_of_users AS (
  SELECT
    COUNT(*) AS row_count,
    COUNT(CASE WHEN analyzed.split = 'train' THEN 1 END) AS train_rows,
    COUNT(CASE WHEN analyzed.split = 'eval' THEN 1 END) AS eval_rows,
    COUNT(CASE WHEN analyzed.split = 'test' THEN 1 END) AS test_rows,
    COUNT(CASE WHEN analyzed.split = 'gap' THEN 1 END) AS gap_rows
  FROM analyzed
  WHERE analyzed.buyer_id IS NOT NULL
  GROUP BY analyzed.buyer_id
),
rows_of_products AS (
  SELECT
    COUNT(*) AS row_count,
    COUNT(CASE WHEN analyzed.split = 'train' THEN 1 END) AS train_rows,
    COUNT(CASE WHEN analyzed.split = 'eval' THEN 1 END) AS eval_rows,
    COUNT(CASE WHEN analyzed.split = 'test' THEN 1 END) AS test_rows,
    COUNT(CASE WHEN analyzed.split = 'gap' THEN 1 END) AS gap_rows
  FROM analyzed
  WHERE analyzed.sku IS NOT NULL
  GROUP BY analyzed.sku
),
rows_of_pairs AS (
  SELECT
    COUNT(*) AS row_count,
    COUNT(CASE WHEN analyzed.split = 'train' THEN 1 END) AS train_rows,
    COUNT(CASE WHEN analyzed.split = 'eval' THEN 1 END) AS eval_rows,
    COUNT(CASE WHEN analyzed.split = 'test' THEN 1 END) AS test_rows,
    COUNT(CASE WHEN analyzed.split = 'gap' THEN 1 END) AS gap_rows
  FROM analyzed
  WHERE analyzed.buyer_id IS NOT NULL
    AND analyzed.sku IS NOT NULL
  GROUP BY analyzed.buyer_id, analyzed.sku
),
rows_of_events AS (
  SELECT
    COUNT(*) AS row_count,
    COUNT(CASE WHEN analyzed.split = 'train' THEN 1 END) AS train_rows,
    COUNT(CASE WHEN analyzed.split = 'eval' THEN 1 END) AS eval_rows,
    COUNT(CASE WHEN analyzed.split = 'test' THEN 1 END) AS test_rows,
    COUNT(CASE WHEN analyzed.split = 'gap' THEN 1 END) AS gap_rows
  FROM analyzed
  WHERE analyzed.buyer_id IS NOT NULL
    AND analyzed.sku IS NOT NULL
    AND analyzed.ordered_at IS NOT NULL
  GROUP BY analyzed.buyer_id, analyzed.sku, analyzed.ordered_at
),
rows_of_baskets AS (
  SELECT
    COUNT(*) AS row_count,
    COUNT(CASE WHEN analyzed.split = 'train' THEN 1 END) AS train_rows,
    COUNT(CASE WHEN analyzed.split = 'eval' THEN 1 END) AS eval_rows,
    COUNT(CASE WHEN analyzed.split = 'test' THEN 1 END) AS test_rows,
    COUNT(CASE WHEN analyzed.split = 'gap' THEN 1 END) AS gap_rows
  FROM analyzed
  WHERE analyzed.buyer_id IS NOT NULL
    AND analyzed.ordered_at IS NOT NULL
  GROUP BY analyzed.buyer_id, analyzed.ordered_at
),
first_eval AS (
  SELECT
    MIN(analyzed.ordered_at) AS first_at
  FROM analyzed
  WHERE analyzed.split = 'eval'
),
catalogue AS (
  SELECT
    products.product_code AS id
  FROM raw_data.products
  WHERE products.product_code IS NOT NULL
  GROUP BY products.product_code
),
used_products AS (
  SELECT
    analyzed.sku AS id
  FROM analyzed
  WHERE analyzed.sku IS NOT NULL
  GROUP BY analyzed.sku
),
rows_by_key_1 AS (
  SELECT
    order_lines.`order` AS key1,
    order_lines.sku AS key2,
    COUNT(*) AS row_count
  FROM raw_data.order_lines
  GROUP BY order_lines.`order`, order_lines.sku
),
rows_by_key_2 AS (
  SELECT
    orders.id AS key1,
    COUNT(*) AS row_count
  FROM raw_data.orders
  GROUP BY orders.id
),
rows_by_key_3 AS (
  SELECT
    products.product_code AS key1,
    COUNT(*) AS row_count
  FROM raw_data.products
  GROUP BY products.product_code
)
SELECT
  'dataset' AS section,
  'TIMESTAMP' AS item,
  CAST(NULL AS DATE) AS day,
  CAST(NULL AS INT64) AS row_count,
  CAST(NULL AS INT64) AS null_users,
  CAST(NULL AS INT64) AS null_products,
  CAST(NULL AS INT64) AS first_micros,
  CAST(NULL AS INT64) AS last_micros,
  CAST(NULL AS INT64) AS entity_count,
  CAST(NULL AS INT64) AS single_count,
  CAST(NULL AS INT64) AS train_count,
  CAST(NULL AS INT64) AS eval_count,
  CAST(NULL AS INT64) AS test_count,
  CAST(NULL AS INT64) AS gap_count,
  CAST(NULL AS INT64) AS cold_eval_count,
  CAST(NULL AS INT64) AS cold_eval_rows,
  CAST(NULL AS INT64) AS cold_test_count,
  CAST(NULL AS INT64) AS cold_test_rows,
  CAST(NULL AS INT64) AS shared_count,
  CAST(NULL AS INT64) AS user_count,
  CAST(NULL AS INT64) AS product_count,
  CAST(NULL AS INT64) AS key_count,
  CAST(NULL AS INT64) AS used_keys,
  CAST(NULL AS INT64) AS join1_rows_before,
  CAST(NULL AS INT64) AS join1_matched_rows,
  CAST(NULL AS INT64) AS join1_rows_after,
  CAST(NULL AS INT64) AS join1_largest_fan_out,
  CAST(NULL AS INT64) AS join2_rows_before,
  CAST(NULL AS INT64) AS join2_matched_rows,
  CAST(NULL AS INT64) AS join2_rows_after,
  CAST(NULL AS INT64) AS join2_largest_fan_out
UNION ALL
SELECT
  'days' AS section,
  analyzed.split AS item,
  DATE(ordered_at, 'UTC') AS day,
  COUNT(*) AS row_count,
  COUNT(CASE WHEN analyzed.buyer_id IS NULL THEN 1 END) AS null_users,
  COUNT(CASE WHEN analyzed.sku IS NULL THEN 1 END) AS null_products,
  UNIX_MICROS(MIN(analyzed.ordered_at)) AS first_micros,
  UNIX_MICROS(MAX(analyzed.ordered_at)) AS last_micros,
  CAST(NULL AS INT64) AS entity_count,
  CAST(NULL AS INT64) AS single_count,
  CAST(NULL AS INT64) AS train_count,
  CAST(NULL AS INT64) AS eval_count,
  CAST(NULL AS INT64) AS test_count,
  CAST(NULL AS INT64) AS gap_count,
  CAST(NULL AS INT64) AS cold_eval_count,
  CAST(NULL AS INT64) AS cold_eval_rows,
  CAST(NULL AS INT64) AS cold_test_count,
  CAST(NULL AS INT64) AS cold_test_rows,
  CAST(NULL AS INT64) AS shared_count,
  CAST(NULL AS INT64) AS user_count,
  CAST(NULL AS INT64) AS product_count,
  CAST(NULL AS INT64) AS key_count,
  CAST(NULL AS INT64) AS used_keys,
  CAST(NULL AS INT64) AS join1_rows_before,
  CAST(NULL AS INT64) AS join1_matched_rows,
  CAST(NULL AS INT64) AS join1_rows_after,
  CAST(NULL AS INT64) AS join1_largest_fan_out,
  CAST(NULL AS INT64) AS join2_rows_before,
  CAST(NULL AS INT64) AS join2_matched_rows,
  CAST(NULL AS INT64) AS join2_rows_after,
  CAST(NULL AS INT64) AS join2_largest_fan_out
FROM analyzed
GROUP BY 2, 3
UNION ALL
SELECT
  'users' AS section,
  CAST(NULL AS STRING) AS item,
  CAST(NULL AS DATE) AS day,
  COALESCE(SUM(row_count), 0) AS row_count,
  CAST(NULL AS INT64) AS null_users,
  CAST(NULL AS INT64) AS null_products,
  CAST(NULL AS INT64) AS first_micros,
  CAST(NULL AS INT64) AS last_micros,
  COUNT(*) AS entity_count,
  COUNT(CASE WHEN row_count = 1 THEN 1 END) AS single_count,
  COUNT(CASE WHEN train_rows > 0 THEN 1 END) AS train_count,
  COUNT(CASE WHEN eval_rows > 0 THEN 1 END) AS eval_count,
  COUNT(CASE WHEN test_rows > 0 THEN 1 END) AS test_count,
  COUNT(CASE WHEN gap_rows > 0 THEN 1 END) AS gap_count,
  COUNT(CASE WHEN eval_rows > 0 AND train_rows = 0 THEN 1 END) AS cold_eval_count,
  COALESCE(SUM(CASE WHEN train_rows = 0 THEN eval_rows ELSE 0 END), 0) AS cold_eval_rows,
  COUNT(CASE WHEN test_rows > 0 AND train_rows = 0 THEN 1 END) AS cold_test_count,
  COALESCE(SUM(CASE WHEN train_rows = 0 THEN test_rows ELSE 0 END), 0) AS cold_test_rows,
  COUNT(CASE WHEN (train_rows > 0 AND eval_rows > 0) OR (train_rows > 0 AND test_rows > 0) OR (eval_rows > 0 AND test_rows > 0) THEN 1 END) AS shared_count,
  CAST(NULL AS INT64) AS user_count,
  CAST(NULL AS INT64) AS product_count,
  CAST(NULL AS INT64) AS key_count,
  CAST(NULL AS INT64) AS used_keys,
  CAST(NULL AS INT64) AS join1_rows_before,
  CAST(NULL AS INT64) AS join1_matched_rows,
  CAST(NULL AS INT64) AS join1_rows_after,
  CAST(NULL AS INT64) AS join1_largest_fan_out,
  CAST(NULL AS INT64) AS join2_rows_before,
  CAST(NULL AS INT64) AS join2_matched_rows,
  CAST(NULL AS INT64) AS join2_rows_after,
  CAST(NULL AS INT64) AS join2_largest_fan_out
FROM rows_of_users
UNION ALL
SELECT
  'products' AS section,
  CAST(NULL AS STRING) AS item,
  CAST(NULL AS DATE) AS day,
  COALESCE(SUM(row_count), 0) AS row_count,
  CAST(NULL AS INT64) AS null_users,
  CAST(NULL AS INT64) AS null_products,
  CAST(NULL AS INT64) AS first_micros,
  CAST(NULL AS INT64) AS last_micros,
  COUNT(*) AS entity_count,
  COUNT(CASE WHEN row_count = 1 THEN 1 END) AS single_count,
  COUNT(CASE WHEN train_rows > 0 THEN 1 END) AS train_count,
  COUNT(CASE WHEN eval_rows > 0 THEN 1 END) AS eval_count,
  COUNT(CASE WHEN test_rows > 0 THEN 1 END) AS test_count,
  COUNT(CASE WHEN gap_rows > 0 THEN 1 END) AS gap_count,
  COUNT(CASE WHEN eval_rows > 0 AND train_rows = 0 THEN 1 END) AS cold_eval_count,
  COALESCE(SUM(CASE WHEN train_rows = 0 THEN eval_rows ELSE 0 END), 0) AS cold_eval_rows,
  COUNT(CASE WHEN test_rows > 0 AND train_rows = 0 THEN 1 END) AS cold_test_count,
  COALESCE(SUM(CASE WHEN train_rows = 0 THEN test_rows ELSE 0 END), 0) AS cold_test_rows,
  COUNT(CASE WHEN (train_rows > 0 AND eval_rows > 0) OR (train_rows > 0 AND test_rows > 0) OR (eval_rows > 0 AND test_rows > 0) THEN 1 END) AS shared_count,
  CAST(NULL AS INT64) AS user_count,
  CAST(NULL AS INT64) AS product_count,
  CAST(NULL AS INT64) AS key_count,
  CAST(NULL AS INT64) AS used_keys,
  CAST(NULL AS INT64) AS join1_rows_before,
  CAST(NULL AS INT64) AS join1_matched_rows,
  CAST(NULL AS INT64) AS join1_rows_after,
  CAST(NULL AS INT64) AS join1_largest_fan_out,
  CAST(NULL AS INT64) AS join2_rows_before,
  CAST(NULL AS INT64) AS join2_matched_rows,
  CAST(NULL AS INT64) AS join2_rows_after,
  CAST(NULL AS INT64) AS join2_largest_fan_out
FROM rows_of_products
UNION ALL
SELECT
  'pairs' AS section,
  CAST(NULL AS STRING) AS item,
  CAST(NULL AS DATE) AS day,
  COALESCE(SUM(row_count), 0) AS row_count,
  CAST(NULL AS INT64) AS null_users,
  CAST(NULL AS INT64) AS null_products,
  CAST(NULL AS INT64) AS first_micros,
  CAST(NULL AS INT64) AS last_micros,
  COUNT(*) AS entity_count,
  COUNT(CASE WHEN row_count = 1 THEN 1 END) AS single_count,
  COUNT(CASE WHEN train_rows > 0 THEN 1 END) AS train_count,
  COUNT(CASE WHEN eval_rows > 0 THEN 1 END) AS eval_count,
  COUNT(CASE WHEN test_rows > 0 THEN 1 END) AS test_count,
  COUNT(CASE WHEN gap_rows > 0 THEN 1 END) AS gap_count,
  COUNT(CASE WHEN eval_rows > 0 AND train_rows = 0 THEN 1 END) AS cold_eval_count,
  COALESCE(SUM(CASE WHEN train_rows = 0 THEN eval_rows ELSE 0 END), 0) AS cold_eval_rows,
  COUNT(CASE WHEN test_rows > 0 AND train_rows = 0 THEN 1 END) AS cold_test_count,
  COALESCE(SUM(CASE WHEN train_rows = 0 THEN test_rows ELSE 0 END), 0) AS cold_test_rows,
  COUNT(CASE WHEN (train_rows > 0 AND eval_rows > 0) OR (train_rows > 0 AND test_rows > 0) OR (eval_rows > 0 AND test_rows > 0) THEN 1 END) AS shared_count,
  CAST(NULL AS INT64) AS user_count,
  CAST(NULL AS INT64) AS product_count,
  CAST(NULL AS INT64) AS key_count,
  CAST(NULL AS INT64) AS used_keys,
  CAST(NULL AS INT64) AS join1_rows_before,
  CAST(NULL AS INT64) AS join1_matched_rows,
  CAST(NULL AS INT64) AS join1_rows_after,
  CAST(NULL AS INT64) AS join1_largest_fan_out,
  CAST(NULL AS INT64) AS join2_rows_before,
  CAST(NULL AS INT64) AS join2_matched_rows,
  CAST(NULL AS INT64) AS join2_rows_after,
  CAST(NULL AS INT64) AS join2_largest_fan_out
FROM rows_of_pairs
UNION ALL
SELECT
  'events' AS section,
  CAST(NULL AS STRING) AS item,
  CAST(NULL AS DATE) AS day,
  COALESCE(SUM(row_count), 0) AS row_count,
  CAST(NULL AS INT64) AS null_users,
  CAST(NULL AS INT64) AS null_products,
  CAST(NULL AS INT64) AS first_micros,
  CAST(NULL AS INT64) AS last_micros,
  COUNT(*) AS entity_count,
  COUNT(CASE WHEN row_count = 1 THEN 1 END) AS single_count,
  COUNT(CASE WHEN train_rows > 0 THEN 1 END) AS train_count,
  COUNT(CASE WHEN eval_rows > 0 THEN 1 END) AS eval_count,
  COUNT(CASE WHEN test_rows > 0 THEN 1 END) AS test_count,
  COUNT(CASE WHEN gap_rows > 0 THEN 1 END) AS gap_count,
  COUNT(CASE WHEN eval_rows > 0 AND train_rows = 0 THEN 1 END) AS cold_eval_count,
  COALESCE(SUM(CASE WHEN train_rows = 0 THEN eval_rows ELSE 0 END), 0) AS cold_eval_rows,
  COUNT(CASE WHEN test_rows > 0 AND train_rows = 0 THEN 1 END) AS cold_test_count,
  COALESCE(SUM(CASE WHEN train_rows = 0 THEN test_rows ELSE 0 END), 0) AS cold_test_rows,
  COUNT(CASE WHEN (train_rows > 0 AND eval_rows > 0) OR (train_rows > 0 AND test_rows > 0) OR (eval_rows > 0 AND test_rows > 0) THEN 1 END) AS shared_count,
  CAST(NULL AS INT64) AS user_count,
  CAST(NULL AS INT64) AS product_count,
  CAST(NULL AS INT64) AS key_count,
  CAST(NULL AS INT64) AS used_keys,
  CAST(NULL AS INT64) AS join1_rows_before,
  CAST(NULL AS INT64) AS join1_matched_rows,
  CAST(NULL AS INT64) AS join1_rows_after,
  CAST(NULL AS INT64) AS join1_largest_fan_out,
  CAST(NULL AS INT64) AS join2_rows_before,
  CAST(NULL AS INT64) AS join2_matched_rows,
  CAST(NULL AS INT64) AS join2_rows_after,
  CAST(NULL AS INT64) AS join2_largest_fan_out
FROM rows_of_events
UNION ALL
SELECT
  'baskets' AS section,
  CAST(NULL AS STRING) AS item,
  CAST(NULL AS DATE) AS day,
  COALESCE(SUM(row_count), 0) AS row_count,
  CAST(NULL AS INT64) AS null_users,
  CAST(NULL AS INT64) AS null_products,
  CAST(NULL AS INT64) AS first_micros,
  CAST(NULL AS INT64) AS last_micros,
  COUNT(*) AS entity_count,
  COUNT(CASE WHEN row_count = 1 THEN 1 END) AS single_count,
  COUNT(CASE WHEN train_rows > 0 THEN 1 END) AS train_count,
  COUNT(CASE WHEN eval_rows > 0 THEN 1 END) AS eval_count,
  COUNT(CASE WHEN test_rows > 0 THEN 1 END) AS test_count,
  COUNT(CASE WHEN gap_rows > 0 THEN 1 END) AS gap_count,
  COUNT(CASE WHEN eval_rows > 0 AND train_rows = 0 THEN 1 END) AS cold_eval_count,
  COALESCE(SUM(CASE WHEN train_rows = 0 THEN eval_rows ELSE 0 END), 0) AS cold_eval_rows,
  COUNT(CASE WHEN test_rows > 0 AND train_rows = 0 THEN 1 END) AS cold_test_count,
  COALESCE(SUM(CASE WHEN train_rows = 0 THEN test_rows ELSE 0 END), 0) AS cold_test_rows,
  COUNT(CASE WHEN (train_rows > 0 AND eval_rows > 0) OR (train_rows > 0 AND test_rows > 0) OR (eval_rows > 0 AND test_rows > 0) THEN 1 END) AS shared_count,
  CAST(NULL AS INT64) AS user_count,
  CAST(NULL AS INT64) AS product_count,
  CAST(NULL AS INT64) AS key_count,
  CAST(NULL AS INT64) AS used_keys,
  CAST(NULL AS INT64) AS join1_rows_before,
  CAST(NULL AS INT64) AS join1_matched_rows,
  CAST(NULL AS INT64) AS join1_rows_after,
  CAST(NULL AS INT64) AS join1_largest_fan_out,
  CAST(NULL AS INT64) AS join2_rows_before,
  CAST(NULL AS INT64) AS join2_matched_rows,
  CAST(NULL AS INT64) AS join2_rows_after,
  CAST(NULL AS INT64) AS join2_largest_fan_out
FROM rows_of_baskets
UNION ALL
SELECT
  'funnel' AS section,
  'source' AS item,
  CAST(NULL AS DATE) AS day,
  COUNT(*) AS row_count,
  CAST(NULL AS INT64) AS null_users,
  CAST(NULL AS INT64) AS null_products,
  CAST(NULL AS INT64) AS first_micros,
  CAST(NULL AS INT64) AS last_micros,
  CAST(NULL AS INT64) AS entity_count,
  CAST(NULL AS INT64) AS single_count,
  CAST(NULL AS INT64) AS train_count,
  CAST(NULL AS INT64) AS eval_count,
  CAST(NULL AS INT64) AS test_count,
  CAST(NULL AS INT64) AS gap_count,
  CAST(NULL AS INT64) AS cold_eval_count,
  CAST(NULL AS INT64) AS cold_eval_rows,
  CAST(NULL AS INT64) AS cold_test_count,
  CAST(NULL AS INT64) AS cold_test_rows,
  CAST(NULL AS INT64) AS shared_count,
  CAST(NULL AS INT64) AS user_count,
  CAST(NULL AS INT64) AS product_count,
  CAST(NULL AS INT64) AS key_count,
  CAST(NULL AS INT64) AS used_keys,
  CAST(NULL AS INT64) AS join1_rows_before,
  CAST(NULL AS INT64) AS join1_matched_rows,
  CAST(NULL AS INT64) AS join1_rows_after,
  CAST(NULL AS INT64) AS join1_largest_fan_out,
  CAST(NULL AS INT64) AS join2_rows_before,
  CAST(NULL AS INT64) AS join2_matched_rows,
  CAST(NULL AS INT64) AS join2_rows_after,
  CAST(NULL AS INT64) AS join2_largest_fan_out
FROM analyzed
UNION ALL
SELECT
  'late' AS section,
  CAST(NULL AS STRING) AS item,
  CAST(NULL AS DATE) AS day,
  COUNT(*) AS row_count,
  CAST(NULL AS INT64) AS null_users,
  CAST(NULL AS INT64) AS null_products,
  CAST(NULL AS INT64) AS first_micros,
  CAST(NULL AS INT64) AS last_micros,
  CAST(NULL AS INT64) AS entity_count,
  CAST(NULL AS INT64) AS single_count,
  CAST(NULL AS INT64) AS train_count,
  CAST(NULL AS INT64) AS eval_count,
  CAST(NULL AS INT64) AS test_count,
  CAST(NULL AS INT64) AS gap_count,
  CAST(NULL AS INT64) AS cold_eval_count,
  CAST(NULL AS INT64) AS cold_eval_rows,
  CAST(NULL AS INT64) AS cold_test_count,
  CAST(NULL AS INT64) AS cold_test_rows,
  CAST(NULL AS INT64) AS shared_count,
  CAST(NULL AS INT64) AS user_count,
  CAST(NULL AS INT64) AS product_count,
  CAST(NULL AS INT64) AS key_count,
  CAST(NULL AS INT64) AS used_keys,
  CAST(NULL AS INT64) AS join1_rows_before,
  CAST(NULL AS INT64) AS join1_matched_rows,
  CAST(NULL AS INT64) AS join1_rows_after,
  CAST(NULL AS INT64) AS join1_largest_fan_out,
  CAST(NULL AS INT64) AS join2_rows_before,
  CAST(NULL AS INT64) AS join2_matched_rows,
  CAST(NULL AS INT64) AS join2_rows_after,
  CAST(NULL AS INT64) AS join2_largest_fan_out
FROM analyzed
CROSS JOIN first_eval
WHERE analyzed.split = 'train'
  AND analyzed.ordered_at > first_eval.first_at
UNION ALL
SELECT
  'catalogue' AS section,
  CAST(NULL AS STRING) AS item,
  CAST(NULL AS DATE) AS day,
  CAST(NULL AS INT64) AS row_count,
  CAST(NULL AS INT64) AS null_users,
  CAST(NULL AS INT64) AS null_products,
  CAST(NULL AS INT64) AS first_micros,
  CAST(NULL AS INT64) AS last_micros,
  CAST(NULL AS INT64) AS entity_count,
  CAST(NULL AS INT64) AS single_count,
  CAST(NULL AS INT64) AS train_count,
  CAST(NULL AS INT64) AS eval_count,
  CAST(NULL AS INT64) AS test_count,
  CAST(NULL AS INT64) AS gap_count,
  CAST(NULL AS INT64) AS cold_eval_count,
  CAST(NULL AS INT64) AS cold_eval_rows,
  CAST(NULL AS INT64) AS cold_test_count,
  CAST(NULL AS INT64) AS cold_test_rows,
  CAST(NULL AS INT64) AS shared_count,
  CAST(NULL AS INT64) AS user_count,
  CAST(NULL AS INT64) AS product_count,
  COUNT(*) AS key_count,
  COUNT(used_products.id) AS used_keys,
  CAST(NULL AS INT64) AS join1_rows_before,
  CAST(NULL AS INT64) AS join1_matched_rows,
  CAST(NULL AS INT64) AS join1_rows_after,
  CAST(NULL AS INT64) AS join1_largest_fan_out,
  CAST(NULL AS INT64) AS join2_rows_before,
  CAST(NULL AS INT64) AS join2_matched_rows,
  CAST(NULL AS INT64) AS join2_rows_after,
  CAST(NULL AS INT64) AS join2_largest_fan_out
FROM catalogue
LEFT JOIN used_products
  ON catalogue.id = used_products.id
UNION ALL
SELECT
  'joins' AS section,
  CAST(NULL AS STRING) AS item,
  CAST(NULL AS DATE) AS day,
  CAST(NULL AS INT64) AS row_count,
  CAST(NULL AS INT64) AS null_users,
  CAST(NULL AS INT64) AS null_products,
  CAST(NULL AS INT64) AS first_micros,
  CAST(NULL AS INT64) AS last_micros,
  CAST(NULL AS INT64) AS entity_count,
  CAST(NULL AS INT64) AS single_count,
  CAST(NULL AS INT64) AS train_count,
  CAST(NULL AS INT64) AS eval_count,
  CAST(NULL AS INT64) AS test_count,
  CAST(NULL AS INT64) AS gap_count,
  CAST(NULL AS INT64) AS cold_eval_count,
  CAST(NULL AS INT64) AS cold_eval_rows,
  CAST(NULL AS INT64) AS cold_test_count,
  CAST(NULL AS INT64) AS cold_test_rows,
  CAST(NULL AS INT64) AS shared_count,
  CAST(NULL AS INT64) AS user_count,
  CAST(NULL AS INT64) AS product_count,
  CAST(NULL AS INT64) AS key_count,
  CAST(NULL AS INT64) AS used_keys,
  COALESCE(SUM(CASE WHEN rows_by_key_1.row_count IS NOT NULL THEN COALESCE(rows_by_key_1.row_count, 1) ELSE 0 END), 0) AS join1_rows_before,
  COALESCE(SUM(CASE WHEN rows_by_key_1.row_count IS NOT NULL AND rows_by_key_2.row_count IS NOT NULL THEN COALESCE(rows_by_key_1.row_count, 1) ELSE 0 END), 0) AS join1_matched_rows,
  COALESCE(SUM(CASE WHEN rows_by_key_1.row_count IS NOT NULL AND rows_by_key_2.row_count IS NOT NULL THEN COALESCE(rows_by_key_1.row_count, 1) * COALESCE(rows_by_key_2.row_count, 1) ELSE 0 END), 0) AS join1_rows_after,
  COALESCE(MAX(CASE WHEN rows_by_key_1.row_count IS NOT NULL AND rows_by_key_2.row_count IS NOT NULL THEN rows_by_key_2.row_count ELSE 0 END), 0) AS join1_largest_fan_out,
  COALESCE(SUM(CASE WHEN rows_by_key_1.row_count IS NOT NULL AND rows_by_key_2.row_count IS NOT NULL THEN COALESCE(rows_by_key_1.row_count, 1) * COALESCE(rows_by_key_2.row_count, 1) ELSE 0 END), 0) AS join2_rows_before,
  COALESCE(SUM(CASE WHEN rows_by_key_1.row_count IS NOT NULL AND rows_by_key_2.row_count IS NOT NULL AND rows_by_key_3.row_count IS NOT NULL THEN COALESCE(rows_by_key_1.row_count, 1) * COALESCE(rows_by_key_2.row_count, 1) ELSE 0 END), 0) AS join2_matched_rows,
  COALESCE(SUM(CASE WHEN (rows_by_key_1.row_count IS NOT NULL AND rows_by_key_2.row_count IS NOT NULL) OR rows_by_key_3.row_count IS NOT NULL THEN (COALESCE(rows_by_key_1.row_count, 1) * COALESCE(rows_by_key_2.row_count, 1)) * COALESCE(rows_by_key_3.row_count, 1) ELSE 0 END), 0) AS join2_rows_after,
  COALESCE(MAX(CASE WHEN rows_by_key_1.row_count IS NOT NULL AND rows_by_key_2.row_count IS NOT NULL AND rows_by_key_3.row_count IS NOT NULL THEN rows_by_key_3.row_count ELSE 0 END), 0) AS join2_largest_fan_out
FROM rows_by_key_1
LEFT JOIN rows_by_key_2
  ON rows_by_key_1.key1 = rows_by_key_2.key1
FULL JOIN rows_by_key_3
  ON rows_by_key_1.key2 = rows_by_key_3.key1
  AND rows_by_key_1.row_count IS NOT NULL AND rows_by_key_2.row_count IS NOT NULL
