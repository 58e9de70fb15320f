WITH
source AS (
  SELECT
    order_lines.sku,
    order_lines.quantity,
    orders.buyer_id,
    orders.ordered_at,
    order_lines.amount
  FROM raw_data.order_lines
  LEFT JOIN raw_data.orders
    ON order_lines.`order` = orders.id
)
SELECT
  buyer_id AS user_id,
  sku AS product_id,
  ordered_at AS timestamp,
  amount AS revenue,
  quantity
FROM source
