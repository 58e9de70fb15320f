WITH
source AS (
  SELECT
    orders.buyer_id,
    order_lines.sku,
    orders.ordered_at,
    order_lines.amount,
    orders.status,
    products.category
  FROM raw_data.order_lines
  LEFT JOIN raw_data.orders
    ON order_lines.`order` = orders.id
  LEFT JOIN raw_data.products
    ON order_lines.sku = products.product_code
),
filtered AS (
  SELECT
    source.*
  FROM source
  WHERE ordered_at >= TIMESTAMP '2024-06-01 00:00:00+00:00'
    AND ordered_at < TIMESTAMP '2025-06-01 00:00:00+00:00'
    AND (status != 'cancelled' OR status IS NULL)
    AND category <= 30
    AND ABS(MOD(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT('sample' AS purpose, '0' AS seed, CAST(buyer_id AS STRING) AS key1))), 100)) < 50
),
labelled AS (
  SELECT
    filtered.*,
    CASE
      WHEN ordered_at >= TIMESTAMP '2025-05-25 00:00:00+00:00' THEN 'test'
      WHEN ordered_at >= TIMESTAMP '2025-05-11 00:00:00+00:00' THEN 'eval'
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
    AND split = 'train'
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
    AND split = 'train'
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
core_1 AS (
  SELECT
    *
  FROM of_kept_customers
  WHERE TRUE
  QUALIFY buyer_id IS NOT NULL AND sku IS NOT NULL AND COUNT(CASE WHEN split = 'train' THEN 1 END) OVER (PARTITION BY buyer_id) >= 2 AND COUNT(CASE WHEN split = 'train' THEN 1 END) OVER (PARTITION BY sku) >= 2
)
SELECT
  'full' AS part,
  COUNT(*) AS row_count,
  COUNT(DISTINCT buyer_id) AS user_count,
  COUNT(DISTINCT sku) AS product_count,
  MIN(DATE(ordered_at, 'UTC')) AS first_day,
  MAX(DATE(ordered_at, 'UTC')) AS last_day,
  DATE '2025-05-31' AS as_of
FROM core_1
UNION ALL
SELECT
  split AS part,
  COUNT(*) AS row_count,
  COUNT(DISTINCT buyer_id) AS user_count,
  COUNT(DISTINCT sku) AS product_count,
  MIN(DATE(ordered_at, 'UTC')) AS first_day,
  MAX(DATE(ordered_at, 'UTC')) AS last_day,
  DATE '2025-05-31' AS as_of
FROM core_1
GROUP BY split
