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
  WHERE ordered_at >= TIMESTAMP(DATE '2025-03-01', 'America/New_York')
    AND ordered_at < TIMESTAMP(DATE '2025-03-21', 'America/New_York')
    AND (ordered_at < TIMESTAMP(DATE '2025-03-21', 'America/New_York') OR ordered_at IS NULL)
),
labelled AS (
  SELECT
    filtered.*,
    CASE WHEN ordered_at >= TIMESTAMP(DATE '2025-03-16', 'America/New_York') THEN 'eval' ELSE 'train' END AS split
  FROM filtered
)
SELECT
  buyer_id,
  sku,
  ordered_at,
  amount
FROM labelled
WHERE labelled.split = 'eval'
