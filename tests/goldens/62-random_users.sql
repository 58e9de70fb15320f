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
    ABS(MOD(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT('split' AS purpose, 'autumn' AS seed, CAST(buyer_id AS STRING) AS key1))), 100)) AS bucket
  FROM source
),
labelled AS (
  SELECT
    bucketed.*,
    CASE
      WHEN bucket < 80 THEN 'train'
      WHEN bucket < 90 THEN 'eval'
      ELSE 'test'
    END AS split
  FROM bucketed
)
SELECT
  buyer_id,
  sku,
  ordered_at,
  amount
FROM labelled
WHERE labelled.split = 'test'
