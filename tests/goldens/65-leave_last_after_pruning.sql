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
labelled AS (
  SELECT
    source.*,
    CASE WHEN buyer_id IS NOT NULL AND ROW_NUMBER() OVER (PARTITION BY buyer_id ORDER BY ordered_at DESC NULLS LAST, buyer_id ASC NULLS FIRST, sku ASC NULLS FIRST, amount ASC NULLS FIRST) <= 2 THEN 'eval' ELSE 'train' END AS split
  FROM source
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
kept_products AS (
  SELECT
    id
  FROM product_totals
  WHERE row_count >= 30
),
of_kept_products AS (
  SELECT
    labelled.*
  FROM labelled
  INNER JOIN kept_products
    ON labelled.sku = kept_products.id
)
SELECT
  buyer_id,
  sku,
  ordered_at,
  amount
FROM of_kept_products
WHERE of_kept_products.split = 'eval'
