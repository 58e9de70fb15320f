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
),
core_1 AS (
  SELECT
    *
  FROM labelled
  WHERE TRUE
  QUALIFY split != 'train' OR (buyer_id IS NOT NULL AND sku IS NOT NULL AND COUNT(CASE WHEN split = 'train' THEN 1 END) OVER (PARTITION BY buyer_id) >= 3 AND COUNT(CASE WHEN split = 'train' THEN 1 END) OVER (PARTITION BY sku) >= 3)
),
core_2 AS (
  SELECT
    *
  FROM core_1
  WHERE TRUE
  QUALIFY split != 'train' OR (buyer_id IS NOT NULL AND sku IS NOT NULL AND COUNT(CASE WHEN split = 'train' THEN 1 END) OVER (PARTITION BY buyer_id) >= 3 AND COUNT(CASE WHEN split = 'train' THEN 1 END) OVER (PARTITION BY sku) >= 3)
)
SELECT
  buyer_id,
  sku,
  ordered_at,
  amount
FROM core_2
WHERE core_2.split = 'eval'
