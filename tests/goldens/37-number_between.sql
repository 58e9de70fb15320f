WITH
source AS (
  SELECT
    orders.buyer_id,
    order_lines.sku,
    orders.ordered_at,
    order_lines.amount,
    order_lines.unit_price
  FROM raw_data.order_lines
  LEFT JOIN raw_data.orders
    ON order_lines.`order` = orders.id
),
filtered AS (
  SELECT
    source.*
  FROM source
  WHERE unit_price >= CAST('9.99' AS NUMERIC) AND unit_price <= CAST('25' AS NUMERIC)
)
SELECT
  buyer_id,
  sku,
  ordered_at,
  amount
FROM filtered
