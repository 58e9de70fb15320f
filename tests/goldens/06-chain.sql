WITH
source AS (
  SELECT
    order_lines.sku,
    customers.country,
    customers.joined_on,
    orders.buyer_id,
    orders.ordered_at,
    order_lines.amount
  FROM raw_data.order_lines
  LEFT JOIN raw_data.orders
    ON order_lines.`order` = orders.id
  LEFT JOIN raw_data.customers
    ON orders.buyer_id = customers.id
)
SELECT
  sku,
  country,
  joined_on
FROM source
