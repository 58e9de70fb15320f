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
  WHERE ABS(MOD(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT('sample' AS purpose, '0' AS seed, CAST(buyer_id AS STRING) AS key1))), 100)) < 20
)
SELECT
  buyer_id,
  sku,
  ordered_at,
  amount
FROM filtered
