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
labelled AS (
  SELECT
    source.*,
    CASE WHEN DATE(ordered_at, 'UTC') > DATE_SUB(bounds.as_of, INTERVAL 14 DAY) THEN 'eval' ELSE 'train' END AS split
  FROM source
  CROSS JOIN bounds
)
SELECT
  buyer_id,
  sku,
  ordered_at,
  amount
FROM labelled
WHERE labelled.split = 'eval'
