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
bounds AS (
  SELECT
    MAX(DATE(ordered_at, 'UTC')) AS as_of
  FROM source
),
filtered AS (
  SELECT
    source.*
  FROM source
  CROSS JOIN bounds
  WHERE DATE(ordered_at, 'UTC') > DATE_SUB(bounds.as_of, INTERVAL 30 DAY)
    AND DATE(ordered_at, 'UTC') <= bounds.as_of
)
SELECT
  buyer_id,
  sku,
  ordered_at,
  amount
FROM filtered
