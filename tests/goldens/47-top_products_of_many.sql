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
    AND row_count >= 20
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
