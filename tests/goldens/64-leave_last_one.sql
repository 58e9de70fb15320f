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
labelled AS (
  SELECT
    source.*,
    CASE WHEN buyer_id IS NOT NULL AND ROW_NUMBER() OVER (PARTITION BY buyer_id ORDER BY ordered_at DESC NULLS LAST, buyer_id ASC NULLS FIRST, sku ASC NULLS FIRST, amount ASC NULLS FIRST) <= 1 THEN 'eval' ELSE 'train' END AS split
  FROM source
)
SELECT
  buyer_id,
  sku,
  ordered_at,
  amount
FROM labelled
WHERE labelled.split = 'eval'
