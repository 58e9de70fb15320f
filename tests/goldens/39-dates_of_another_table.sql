WITH
source AS (
  SELECT
    orders.buyer_id,
    order_lines.sku,
    orders.ordered_at,
    order_lines.amount,
    customers.joined_on
  FROM raw_data.order_lines
  LEFT JOIN raw_data.orders
    ON order_lines.`order` = orders.id
  LEFT JOIN raw_data.customers
    ON orders.buyer_id = customers.id
),
filtered AS (
  SELECT
    source.*
  FROM source
  WHERE joined_on >= DATE '2022-01-01' AND joined_on < DATE '2023-07-01'
)
SELECT
  buyer_id,
  sku,
  ordered_at,
  amount
FROM filtered
