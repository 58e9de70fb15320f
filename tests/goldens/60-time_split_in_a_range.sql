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
  WHERE ordered_at < TIMESTAMP '2024-12-25 00:00:00+00:00'
),
filtered AS (
  SELECT
    source.*
  FROM source
  CROSS JOIN bounds
  WHERE ordered_at >= TIMESTAMP '2024-06-01 00:00:00+00:00'
    AND ordered_at < TIMESTAMP '2024-12-25 00:00:00+00:00'
),
labelled AS (
  SELECT
    filtered.*,
    CASE WHEN DATE(ordered_at, 'UTC') > DATE_SUB(bounds.as_of, INTERVAL 10 DAY) THEN 'eval' ELSE 'train' END AS split
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
