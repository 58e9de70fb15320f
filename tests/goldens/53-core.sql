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
core_1 AS (
  SELECT
    *
  FROM source
  WHERE TRUE
  QUALIFY buyer_id IS NOT NULL AND sku IS NOT NULL AND COUNT(*) OVER (PARTITION BY buyer_id) >= 5 AND COUNT(*) OVER (PARTITION BY sku) >= 10
),
core_2 AS (
  SELECT
    *
  FROM core_1
  WHERE TRUE
  QUALIFY buyer_id IS NOT NULL AND sku IS NOT NULL AND COUNT(*) OVER (PARTITION BY buyer_id) >= 5 AND COUNT(*) OVER (PARTITION BY sku) >= 10
),
core_3 AS (
  SELECT
    *
  FROM core_2
  WHERE TRUE
  QUALIFY buyer_id IS NOT NULL AND sku IS NOT NULL AND COUNT(*) OVER (PARTITION BY buyer_id) >= 5 AND COUNT(*) OVER (PARTITION BY sku) >= 10
)
SELECT
  buyer_id,
  sku,
  ordered_at,
  amount
FROM core_3
