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
    ABS(MOD(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT('split' AS purpose, '42' AS seed, CAST(buyer_id AS STRING) AS key1, sku AS key2, CAST(UNIX_MICROS(ordered_at) AS STRING) AS key3))), 100)) AS bucket
  FROM source
),
labelled AS (
  SELECT
    bucketed.*,
    CASE WHEN bucket < 80 THEN 'train' ELSE 'eval' END AS split
  FROM bucketed
)
SELECT
  buyer_id,
  sku,
  ordered_at,
  amount
FROM labelled
WHERE labelled.split = 'eval'
