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
filtered AS (
  SELECT
    source.*
  FROM source
  WHERE ordered_at >= TIMESTAMP '2024-02-29 00:00:00+00:00'
)
SELECT
  buyer_id,
  sku,
  ordered_at,
  amount
FROM filtered
