WITH
source AS (
  SELECT
    orders.buyer_id,
    order_lines.sku,
    orders.ordered_at,
    customers.joined_on,
    products.launched_on,
    order_lines.amount
  FROM raw_data.order_lines
  INNER JOIN raw_data.orders
    ON order_lines.`order` = orders.id
  LEFT JOIN raw_data.products
    ON order_lines.sku = products.product_code
  LEFT JOIN raw_data.customers
    ON orders.buyer_id = customers.id
),
filtered AS (
  SELECT
    source.*
  FROM source
  WHERE ordered_at >= TIMESTAMP '2024-06-01 00:00:00+00:00'
    AND ordered_at < TIMESTAMP '2025-06-01 00:00:00+00:00'
),
labelled AS (
  SELECT
    filtered.*,
    CASE
      WHEN ordered_at >= TIMESTAMP '2025-05-25 00:00:00+00:00' THEN 'test'
      WHEN ordered_at >= TIMESTAMP '2025-05-11 00:00:00+00:00' THEN 'eval'
      WHEN ordered_at >= TIMESTAMP '2025-05-08 00:00:00+00:00' THEN 'gap'
      ELSE 'train'
    END AS split
  FROM filtered
),
product_totals AS (
  SELECT
    labelled.sku AS id,
    COUNT(*) AS row_count,
    SUM(SAFE_CAST(labelled.amount AS NUMERIC)) AS revenue
  FROM labelled
  WHERE labelled.sku IS NOT NULL
  GROUP BY labelled.sku
),
product_ranks AS (
  SELECT
    *,
    COALESCE(SUM(revenue) OVER (ORDER BY revenue DESC NULLS LAST, id ASC NULLS FIRST ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS revenue_before,
    SUM(revenue) OVER () AS revenue_of_all
  FROM product_totals
  WHERE revenue > 0
),
kept_products AS (
  SELECT
    id
  FROM product_ranks
  WHERE (revenue_before * 100) < (revenue_of_all * 90)
),
of_kept_products AS (
  SELECT
    labelled.*
  FROM labelled
  INNER JOIN kept_products
    ON labelled.sku = kept_products.id
),
customer_totals AS (
  SELECT
    of_kept_products.buyer_id AS id,
    COUNT(*) AS row_count,
    SUM(SAFE_CAST(of_kept_products.amount AS NUMERIC)) AS revenue
  FROM of_kept_products
  WHERE of_kept_products.buyer_id IS NOT NULL
  GROUP BY of_kept_products.buyer_id
),
kept_customers AS (
  SELECT
    id
  FROM customer_totals
  WHERE row_count >= 2
),
of_kept_customers AS (
  SELECT
    of_kept_products.*
  FROM of_kept_products
  INNER JOIN kept_customers
    ON of_kept_products.buyer_id = kept_customers.id
),
analyzed AS (
  SELECT
    of_kept_customers.buyer_id,
    of_kept_customers.sku,
    of_kept_customers.ordered_at,
    of_kept_customers.joined_on,
    of_kept_customers.launched_on,
    of_kept_customers.amount,
    of_kept_customers.split
  FROM of_kept_customers
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
    orders.buyer_id AS key2,
    COUNT(*) AS row_count
  FROM raw_data.orders
  GROUP BY orders.id, orders.buyer_id
),
rows_by_key_3 AS (
  SELECT
    products.product_code AS key1,
    COUNT(*) AS row_count
  FROM raw_data.products
  GROUP BY products.product_code
),
rows_by_key_4 AS (
  SELECT
    customers.id AS key1,
    COUNT(*) AS row_count
  FROM raw_data.customers
  GROUP BY customers.id
)
SELECT
  'dataset' AS section,
  'TIMESTAMP' AS item,
  DATE '2025-05-31' AS day,
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
  CAST(NULL AS INT64) AS newer_rows,
  CAST(NULL AS INT64) AS key_count,
  CAST(NULL AS INT64) AS used_keys,
  CAST(NULL AS INT64) AS join1_rows_before,
  CAST(NULL AS INT64) AS join1_matched_rows,
  CAST(NULL AS INT64) AS join1_rows_after,
  CAST(NULL AS INT64) AS join1_largest_fan_out,
  CAST(NULL AS INT64) AS join2_rows_before,
  CAST(NULL AS INT64) AS join2_matched_rows,
  CAST(NULL AS INT64) AS join2_rows_after,
  CAST(NULL AS INT64) AS join2_largest_fan_out,
  CAST(NULL AS INT64) AS join3_rows_before,
  CAST(NULL AS INT64) AS join3_matched_rows,
  CAST(NULL AS INT64) AS join3_rows_after,
  CAST(NULL AS INT64) AS join3_largest_fan_out
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
  CAST(NULL AS INT64) AS newer_rows,
  CAST(NULL AS INT64) AS key_count,
  CAST(NULL AS INT64) AS used_keys,
  CAST(NULL AS INT64) AS join1_rows_before,
  CAST(NULL AS INT64) AS join1_matched_rows,
  CAST(NULL AS INT64) AS join1_rows_after,
  CAST(NULL AS INT64) AS join1_largest_fan_out,
  CAST(NULL AS INT64) AS join2_rows_before,
  CAST(NULL AS INT64) AS join2_matched_rows,
  CAST(NULL AS INT64) AS join2_rows_after,
  CAST(NULL AS INT64) AS join2_largest_fan_out,
  CAST(NULL AS INT64) AS join3_rows_before,
  CAST(NULL AS INT64) AS join3_matched_rows,
  CAST(NULL AS INT64) AS join3_rows_after,
  CAST(NULL AS INT64) AS join3_largest_fan_out
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
  CAST(NULL AS INT64) AS newer_rows,
  CAST(NULL AS INT64) AS key_count,
  CAST(NULL AS INT64) AS used_keys,
  CAST(NULL AS INT64) AS join1_rows_before,
  CAST(NULL AS INT64) AS join1_matched_rows,
  CAST(NULL AS INT64) AS join1_rows_after,
  CAST(NULL AS INT64) AS join1_largest_fan_out,
  CAST(NULL AS INT64) AS join2_rows_before,
  CAST(NULL AS INT64) AS join2_matched_rows,
  CAST(NULL AS INT64) AS join2_rows_after,
  CAST(NULL AS INT64) AS join2_largest_fan_out,
  CAST(NULL AS INT64) AS join3_rows_before,
  CAST(NULL AS INT64) AS join3_matched_rows,
  CAST(NULL AS INT64) AS join3_rows_after,
  CAST(NULL AS INT64) AS join3_largest_fan_out
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
  CAST(NULL AS INT64) AS newer_rows,
  CAST(NULL AS INT64) AS key_count,
  CAST(NULL AS INT64) AS used_keys,
  CAST(NULL AS INT64) AS join1_rows_before,
  CAST(NULL AS INT64) AS join1_matched_rows,
  CAST(NULL AS INT64) AS join1_rows_after,
  CAST(NULL AS INT64) AS join1_largest_fan_out,
  CAST(NULL AS INT64) AS join2_rows_before,
  CAST(NULL AS INT64) AS join2_matched_rows,
  CAST(NULL AS INT64) AS join2_rows_after,
  CAST(NULL AS INT64) AS join2_largest_fan_out,
  CAST(NULL AS INT64) AS join3_rows_before,
  CAST(NULL AS INT64) AS join3_matched_rows,
  CAST(NULL AS INT64) AS join3_rows_after,
  CAST(NULL AS INT64) AS join3_largest_fan_out
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
  CAST(NULL AS INT64) AS newer_rows,
  CAST(NULL AS INT64) AS key_count,
  CAST(NULL AS INT64) AS used_keys,
  CAST(NULL AS INT64) AS join1_rows_before,
  CAST(NULL AS INT64) AS join1_matched_rows,
  CAST(NULL AS INT64) AS join1_rows_after,
  CAST(NULL AS INT64) AS join1_largest_fan_out,
  CAST(NULL AS INT64) AS join2_rows_before,
  CAST(NULL AS INT64) AS join2_matched_rows,
  CAST(NULL AS INT64) AS join2_rows_after,
  CAST(NULL AS INT64) AS join2_largest_fan_out,
  CAST(NULL AS INT64) AS join3_rows_before,
  CAST(NULL AS INT64) AS join3_matched_rows,
  CAST(NULL AS INT64) AS join3_rows_after,
  CAST(NULL AS INT64) AS join3_largest_fan_out
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
  CAST(NULL AS INT64) AS newer_rows,
  CAST(NULL AS INT64) AS key_count,
  CAST(NULL AS INT64) AS used_keys,
  CAST(NULL AS INT64) AS join1_rows_before,
  CAST(NULL AS INT64) AS join1_matched_rows,
  CAST(NULL AS INT64) AS join1_rows_after,
  CAST(NULL AS INT64) AS join1_largest_fan_out,
  CAST(NULL AS INT64) AS join2_rows_before,
  CAST(NULL AS INT64) AS join2_matched_rows,
  CAST(NULL AS INT64) AS join2_rows_after,
  CAST(NULL AS INT64) AS join2_largest_fan_out,
  CAST(NULL AS INT64) AS join3_rows_before,
  CAST(NULL AS INT64) AS join3_matched_rows,
  CAST(NULL AS INT64) AS join3_rows_after,
  CAST(NULL AS INT64) AS join3_largest_fan_out
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
  CAST(NULL AS INT64) AS newer_rows,
  CAST(NULL AS INT64) AS key_count,
  CAST(NULL AS INT64) AS used_keys,
  CAST(NULL AS INT64) AS join1_rows_before,
  CAST(NULL AS INT64) AS join1_matched_rows,
  CAST(NULL AS INT64) AS join1_rows_after,
  CAST(NULL AS INT64) AS join1_largest_fan_out,
  CAST(NULL AS INT64) AS join2_rows_before,
  CAST(NULL AS INT64) AS join2_matched_rows,
  CAST(NULL AS INT64) AS join2_rows_after,
  CAST(NULL AS INT64) AS join2_largest_fan_out,
  CAST(NULL AS INT64) AS join3_rows_before,
  CAST(NULL AS INT64) AS join3_matched_rows,
  CAST(NULL AS INT64) AS join3_rows_after,
  CAST(NULL AS INT64) AS join3_largest_fan_out
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
  COUNT(DISTINCT source.buyer_id) AS user_count,
  COUNT(DISTINCT source.sku) AS product_count,
  CAST(NULL AS INT64) AS newer_rows,
  CAST(NULL AS INT64) AS key_count,
  CAST(NULL AS INT64) AS used_keys,
  CAST(NULL AS INT64) AS join1_rows_before,
  CAST(NULL AS INT64) AS join1_matched_rows,
  CAST(NULL AS INT64) AS join1_rows_after,
  CAST(NULL AS INT64) AS join1_largest_fan_out,
  CAST(NULL AS INT64) AS join2_rows_before,
  CAST(NULL AS INT64) AS join2_matched_rows,
  CAST(NULL AS INT64) AS join2_rows_after,
  CAST(NULL AS INT64) AS join2_largest_fan_out,
  CAST(NULL AS INT64) AS join3_rows_before,
  CAST(NULL AS INT64) AS join3_matched_rows,
  CAST(NULL AS INT64) AS join3_rows_after,
  CAST(NULL AS INT64) AS join3_largest_fan_out
FROM source
UNION ALL
SELECT
  'funnel' AS section,
  'filtered' AS item,
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
  COUNT(DISTINCT filtered.buyer_id) AS user_count,
  COUNT(DISTINCT filtered.sku) AS product_count,
  CAST(NULL AS INT64) AS newer_rows,
  CAST(NULL AS INT64) AS key_count,
  CAST(NULL AS INT64) AS used_keys,
  CAST(NULL AS INT64) AS join1_rows_before,
  CAST(NULL AS INT64) AS join1_matched_rows,
  CAST(NULL AS INT64) AS join1_rows_after,
  CAST(NULL AS INT64) AS join1_largest_fan_out,
  CAST(NULL AS INT64) AS join2_rows_before,
  CAST(NULL AS INT64) AS join2_matched_rows,
  CAST(NULL AS INT64) AS join2_rows_after,
  CAST(NULL AS INT64) AS join2_largest_fan_out,
  CAST(NULL AS INT64) AS join3_rows_before,
  CAST(NULL AS INT64) AS join3_matched_rows,
  CAST(NULL AS INT64) AS join3_rows_after,
  CAST(NULL AS INT64) AS join3_largest_fan_out
FROM filtered
UNION ALL
SELECT
  'funnel' AS section,
  'product_filter' AS item,
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
  COUNT(DISTINCT of_kept_products.buyer_id) AS user_count,
  COUNT(DISTINCT of_kept_products.sku) AS product_count,
  CAST(NULL AS INT64) AS newer_rows,
  CAST(NULL AS INT64) AS key_count,
  CAST(NULL AS INT64) AS used_keys,
  CAST(NULL AS INT64) AS join1_rows_before,
  CAST(NULL AS INT64) AS join1_matched_rows,
  CAST(NULL AS INT64) AS join1_rows_after,
  CAST(NULL AS INT64) AS join1_largest_fan_out,
  CAST(NULL AS INT64) AS join2_rows_before,
  CAST(NULL AS INT64) AS join2_matched_rows,
  CAST(NULL AS INT64) AS join2_rows_after,
  CAST(NULL AS INT64) AS join2_largest_fan_out,
  CAST(NULL AS INT64) AS join3_rows_before,
  CAST(NULL AS INT64) AS join3_matched_rows,
  CAST(NULL AS INT64) AS join3_rows_after,
  CAST(NULL AS INT64) AS join3_largest_fan_out
FROM of_kept_products
UNION ALL
SELECT
  'funnel' AS section,
  'customer_filter' AS item,
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
  CAST(NULL AS INT64) AS newer_rows,
  CAST(NULL AS INT64) AS key_count,
  CAST(NULL AS INT64) AS used_keys,
  CAST(NULL AS INT64) AS join1_rows_before,
  CAST(NULL AS INT64) AS join1_matched_rows,
  CAST(NULL AS INT64) AS join1_rows_after,
  CAST(NULL AS INT64) AS join1_largest_fan_out,
  CAST(NULL AS INT64) AS join2_rows_before,
  CAST(NULL AS INT64) AS join2_matched_rows,
  CAST(NULL AS INT64) AS join2_rows_after,
  CAST(NULL AS INT64) AS join2_largest_fan_out,
  CAST(NULL AS INT64) AS join3_rows_before,
  CAST(NULL AS INT64) AS join3_matched_rows,
  CAST(NULL AS INT64) AS join3_rows_after,
  CAST(NULL AS INT64) AS join3_largest_fan_out
FROM analyzed
UNION ALL
SELECT
  'seen' AS section,
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
  CAST(NULL AS INT64) AS newer_rows,
  CAST(NULL AS INT64) AS key_count,
  CAST(NULL AS INT64) AS used_keys,
  CAST(NULL AS INT64) AS join1_rows_before,
  CAST(NULL AS INT64) AS join1_matched_rows,
  CAST(NULL AS INT64) AS join1_rows_after,
  CAST(NULL AS INT64) AS join1_largest_fan_out,
  CAST(NULL AS INT64) AS join2_rows_before,
  CAST(NULL AS INT64) AS join2_matched_rows,
  CAST(NULL AS INT64) AS join2_rows_after,
  CAST(NULL AS INT64) AS join2_largest_fan_out,
  CAST(NULL AS INT64) AS join3_rows_before,
  CAST(NULL AS INT64) AS join3_matched_rows,
  CAST(NULL AS INT64) AS join3_rows_after,
  CAST(NULL AS INT64) AS join3_largest_fan_out
FROM labelled
WHERE labelled.split IN ('eval', 'test')
UNION ALL
SELECT
  'newer' AS section,
  'customers.joined_on' AS item,
  CAST(NULL AS DATE) AS day,
  COUNT(CASE WHEN analyzed.joined_on IS NOT NULL AND analyzed.ordered_at IS NOT NULL THEN 1 END) AS row_count,
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
  COUNT(CASE WHEN joined_on > DATE(ordered_at, 'UTC') THEN 1 END) AS newer_rows,
  CAST(NULL AS INT64) AS key_count,
  CAST(NULL AS INT64) AS used_keys,
  CAST(NULL AS INT64) AS join1_rows_before,
  CAST(NULL AS INT64) AS join1_matched_rows,
  CAST(NULL AS INT64) AS join1_rows_after,
  CAST(NULL AS INT64) AS join1_largest_fan_out,
  CAST(NULL AS INT64) AS join2_rows_before,
  CAST(NULL AS INT64) AS join2_matched_rows,
  CAST(NULL AS INT64) AS join2_rows_after,
  CAST(NULL AS INT64) AS join2_largest_fan_out,
  CAST(NULL AS INT64) AS join3_rows_before,
  CAST(NULL AS INT64) AS join3_matched_rows,
  CAST(NULL AS INT64) AS join3_rows_after,
  CAST(NULL AS INT64) AS join3_largest_fan_out
FROM analyzed
UNION ALL
SELECT
  'newer' AS section,
  'products.launched_on' AS item,
  CAST(NULL AS DATE) AS day,
  COUNT(CASE WHEN analyzed.launched_on IS NOT NULL AND analyzed.ordered_at IS NOT NULL THEN 1 END) AS row_count,
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
  COUNT(CASE WHEN launched_on > DATE(ordered_at, 'UTC') THEN 1 END) AS newer_rows,
  CAST(NULL AS INT64) AS key_count,
  CAST(NULL AS INT64) AS used_keys,
  CAST(NULL AS INT64) AS join1_rows_before,
  CAST(NULL AS INT64) AS join1_matched_rows,
  CAST(NULL AS INT64) AS join1_rows_after,
  CAST(NULL AS INT64) AS join1_largest_fan_out,
  CAST(NULL AS INT64) AS join2_rows_before,
  CAST(NULL AS INT64) AS join2_matched_rows,
  CAST(NULL AS INT64) AS join2_rows_after,
  CAST(NULL AS INT64) AS join2_largest_fan_out,
  CAST(NULL AS INT64) AS join3_rows_before,
  CAST(NULL AS INT64) AS join3_matched_rows,
  CAST(NULL AS INT64) AS join3_rows_after,
  CAST(NULL AS INT64) AS join3_largest_fan_out
FROM analyzed
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
  CAST(NULL AS INT64) AS newer_rows,
  COUNT(*) AS key_count,
  COUNT(used_products.id) AS used_keys,
  CAST(NULL AS INT64) AS join1_rows_before,
  CAST(NULL AS INT64) AS join1_matched_rows,
  CAST(NULL AS INT64) AS join1_rows_after,
  CAST(NULL AS INT64) AS join1_largest_fan_out,
  CAST(NULL AS INT64) AS join2_rows_before,
  CAST(NULL AS INT64) AS join2_matched_rows,
  CAST(NULL AS INT64) AS join2_rows_after,
  CAST(NULL AS INT64) AS join2_largest_fan_out,
  CAST(NULL AS INT64) AS join3_rows_before,
  CAST(NULL AS INT64) AS join3_matched_rows,
  CAST(NULL AS INT64) AS join3_rows_after,
  CAST(NULL AS INT64) AS join3_largest_fan_out
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
  CAST(NULL AS INT64) AS newer_rows,
  CAST(NULL AS INT64) AS key_count,
  CAST(NULL AS INT64) AS used_keys,
  COALESCE(SUM(CASE WHEN rows_by_key_1.row_count IS NOT NULL THEN COALESCE(rows_by_key_1.row_count, 1) ELSE 0 END), 0) AS join1_rows_before,
  COALESCE(SUM(CASE WHEN rows_by_key_1.row_count IS NOT NULL AND rows_by_key_2.row_count IS NOT NULL THEN COALESCE(rows_by_key_1.row_count, 1) ELSE 0 END), 0) AS join1_matched_rows,
  COALESCE(SUM(CASE WHEN rows_by_key_1.row_count IS NOT NULL AND rows_by_key_2.row_count IS NOT NULL THEN COALESCE(rows_by_key_1.row_count, 1) * COALESCE(rows_by_key_2.row_count, 1) ELSE 0 END), 0) AS join1_rows_after,
  COALESCE(MAX(CASE WHEN rows_by_key_1.row_count IS NOT NULL AND rows_by_key_2.row_count IS NOT NULL THEN rows_by_key_2.row_count ELSE 0 END), 0) AS join1_largest_fan_out,
  COALESCE(SUM(CASE WHEN rows_by_key_1.row_count IS NOT NULL AND rows_by_key_2.row_count IS NOT NULL THEN COALESCE(rows_by_key_1.row_count, 1) * COALESCE(rows_by_key_2.row_count, 1) ELSE 0 END), 0) AS join2_rows_before,
  COALESCE(SUM(CASE WHEN rows_by_key_1.row_count IS NOT NULL AND rows_by_key_2.row_count IS NOT NULL AND rows_by_key_3.row_count IS NOT NULL THEN COALESCE(rows_by_key_1.row_count, 1) * COALESCE(rows_by_key_2.row_count, 1) ELSE 0 END), 0) AS join2_matched_rows,
  COALESCE(SUM(CASE WHEN rows_by_key_1.row_count IS NOT NULL AND rows_by_key_2.row_count IS NOT NULL THEN (COALESCE(rows_by_key_1.row_count, 1) * COALESCE(rows_by_key_2.row_count, 1)) * COALESCE(rows_by_key_3.row_count, 1) ELSE 0 END), 0) AS join2_rows_after,
  COALESCE(MAX(CASE WHEN rows_by_key_1.row_count IS NOT NULL AND rows_by_key_2.row_count IS NOT NULL AND rows_by_key_3.row_count IS NOT NULL THEN rows_by_key_3.row_count ELSE 0 END), 0) AS join2_largest_fan_out,
  COALESCE(SUM(CASE WHEN rows_by_key_1.row_count IS NOT NULL AND rows_by_key_2.row_count IS NOT NULL THEN (COALESCE(rows_by_key_1.row_count, 1) * COALESCE(rows_by_key_2.row_count, 1)) * COALESCE(rows_by_key_3.row_count, 1) ELSE 0 END), 0) AS join3_rows_before,
  COALESCE(SUM(CASE WHEN rows_by_key_1.row_count IS NOT NULL AND rows_by_key_2.row_count IS NOT NULL AND rows_by_key_4.row_count IS NOT NULL THEN (COALESCE(rows_by_key_1.row_count, 1) * COALESCE(rows_by_key_2.row_count, 1)) * COALESCE(rows_by_key_3.row_count, 1) ELSE 0 END), 0) AS join3_matched_rows,
  COALESCE(SUM(CASE WHEN rows_by_key_1.row_count IS NOT NULL AND rows_by_key_2.row_count IS NOT NULL THEN ((COALESCE(rows_by_key_1.row_count, 1) * COALESCE(rows_by_key_2.row_count, 1)) * COALESCE(rows_by_key_3.row_count, 1)) * COALESCE(rows_by_key_4.row_count, 1) ELSE 0 END), 0) AS join3_rows_after,
  COALESCE(MAX(CASE WHEN rows_by_key_1.row_count IS NOT NULL AND rows_by_key_2.row_count IS NOT NULL AND rows_by_key_4.row_count IS NOT NULL THEN rows_by_key_4.row_count ELSE 0 END), 0) AS join3_largest_fan_out
FROM rows_by_key_1
LEFT JOIN rows_by_key_2
  ON rows_by_key_1.key1 = rows_by_key_2.key1
LEFT JOIN rows_by_key_3
  ON rows_by_key_1.key2 = rows_by_key_3.key1
LEFT JOIN rows_by_key_4
  ON rows_by_key_2.key2 = rows_by_key_4.key1
