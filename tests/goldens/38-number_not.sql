WITH
source AS (
  SELECT
    orders.buyer_id,
    order_lines.sku,
    orders.ordered_at,
    order_lines.amount,
    order_lines.discount,
    order_lines.quantity
  FROM raw_data.order_lines
  LEFT JOIN raw_data.orders
    ON order_lines.`order` = orders.id
),
filtered AS (
  SELECT
    source.*
  FROM source
  WHERE (discount != 0.5 OR discount IS NULL)
    AND quantity >= 2
)
SELECT
  buyer_id,
  sku,
  ordered_at,
  amount
FROM filtered
