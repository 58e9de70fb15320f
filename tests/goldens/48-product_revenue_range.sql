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
product_totals AS (
  SELECT
    source.sku AS id,
    COUNT(*) AS row_count,
    SUM(SAFE_CAST(source.amount AS NUMERIC)) AS revenue
  FROM source
  WHERE source.sku IS NOT NULL
  GROUP BY source.sku
),
kept_products AS (
  SELECT
    id
  FROM product_totals
  WHERE revenue >= CAST('100' AS NUMERIC)
    AND revenue <= CAST('2500.5' AS NUMERIC)
),
of_kept_products AS (
  SELECT
    source.*
  FROM source
  INNER JOIN kept_products
    ON source.sku = kept_products.id
)
SELECT
  buyer_id,
  sku,
  ordered_at,
  amount
FROM of_kept_products
