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
    MAX(DATE(ordered_at, 'Europe/Berlin')) AS as_of
  FROM source
),
filtered AS (
  SELECT
    source.*
  FROM source
  CROSS JOIN bounds
  WHERE DATE(ordered_at, 'Europe/Berlin') > DATE_SUB(bounds.as_of, INTERVAL 30 DAY)
    AND DATE(ordered_at, 'Europe/Berlin') <= bounds.as_of
),
labelled AS (
  SELECT
    filtered.*,
    CASE WHEN DATE(ordered_at, 'Europe/Berlin') > DATE_SUB(bounds.as_of, INTERVAL 7 DAY) THEN 'eval' ELSE 'train' END AS split
  FROM filtered
  CROSS JOIN bounds
)
SELECT
  buyer_id,
  sku,
  ordered_at,
  amount
FROM labelled
WHERE labelled.split = 'eval'
