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
bounds AS (
  SELECT
    MAX(DATE(ordered_at, 'UTC')) AS as_of
  FROM source
),
filtered AS (
  SELECT
    source.*
  FROM source
  CROSS JOIN bounds
  WHERE DATE(ordered_at, 'UTC') > DATE_SUB(bounds.as_of, INTERVAL 12 MONTH)
    AND DATE(ordered_at, 'UTC') <= bounds.as_of
    AND (status != 'cancelled' OR status IS NULL)
    AND category <= 30
    AND ABS(MOD(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT('sample' AS purpose, '0' AS seed, CAST(buyer_id AS STRING) AS key1))), 100)) < 50
),
labelled AS (
  SELECT
    filtered.*,
    CASE
      WHEN DATE(ordered_at, 'UTC') > DATE_SUB(bounds.as_of, INTERVAL 7 DAY) THEN 'test'
      WHEN DATE(ordered_at, 'UTC') > DATE_SUB(bounds.as_of, INTERVAL 21 DAY) THEN 'eval'
      ELSE 'train'
    END AS split
  FROM filtered
  CROSS JOIN bounds
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
  'source' AS stage,
  COUNT(*) AS row_count,
  COUNT(DISTINCT buyer_id) AS user_count,
  COUNT(DISTINCT sku) AS product_count
FROM source
UNION ALL
SELECT
  'filtered' AS stage,
  COUNT(*) AS row_count,
  COUNT(DISTINCT buyer_id) AS user_count,
  COUNT(DISTINCT sku) AS product_count
FROM filtered
UNION ALL
SELECT
  'product_filter' AS stage,
  COUNT(*) AS row_count,
  COUNT(DISTINCT buyer_id) AS user_count,
  COUNT(DISTINCT sku) AS product_count
FROM of_kept_products
UNION ALL
SELECT
  'customer_filter' AS stage,
  COUNT(*) AS row_count,
  COUNT(DISTINCT buyer_id) AS user_count,
  COUNT(DISTINCT sku) AS product_count
FROM of_kept_customers
UNION ALL
SELECT
  'min_interactions' AS stage,
  COUNT(*) AS row_count,
  COUNT(DISTINCT buyer_id) AS user_count,
  COUNT(DISTINCT sku) AS product_count
FROM core_1
