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
bucketed AS (
  SELECT
    source.*,
    ABS(MOD(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT('split' AS purpose, 'O\'Brien' AS seed, sku AS key1))), 100)) AS bucket
  FROM source
),
labelled AS (
  SELECT
    bucketed.*,
    CASE WHEN bucket < 70 THEN 'train' ELSE 'eval' END AS split
  FROM bucketed
)
SELECT
  buyer_id,
  sku,
  ordered_at,
  amount
FROM labelled
WHERE labelled.split = 'eval'
