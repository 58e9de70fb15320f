WITH
source AS (
  SELECT
    order_lines.`order`,
    order_lines.sku,
    products.title,
    orders.channel,
    orders.buyer_id,
    orders.ordered_at,
    order_lines.amount
  FROM raw_data.order_lines
  LEFT JOIN raw_data.orders
    ON order_lines.`order` = orders.id
  LEFT JOIN raw_data.products
    ON order_lines.sku = products.product_code
)
SELECT
  `order`,
  sku,
  title,
  channel
FROM source
