WITH
source AS (
  SELECT
    orders.buyer_id,
    order_lines.sku,
    orders.ordered_at,
    order_lines.amount
  FROM raw_data.order_lines
  LEFT JOIN raw_data.orders
    ON order_lines.`order` = orders.id
),
bounds AS (
  SELECT
    MAX(DATE(ordered_at, 'UTC')) AS as_of
  FROM source
),
labelled AS (
  SELECT
    source.*,
    CASE WHEN DATE(ordered_at, 'UTC') > DATE_SUB(bounds.as_of, INTERVAL 28 DAY) THEN 'eval' ELSE 'train' END AS split
  FROM source
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
  WHERE (revenue_before * 100) < (revenue_of_all * 80)
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
)
SELECT
  buyer_id,
  sku,
  ordered_at,
  amount
FROM of_kept_customers
WHERE of_kept_customers.split = 'eval'
