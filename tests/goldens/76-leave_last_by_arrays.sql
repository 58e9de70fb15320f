WITH
source AS (
  SELECT
    orders.buyer_id,
    products.tags,
    orders.ordered_at
  FROM raw_data.order_lines
  LEFT JOIN raw_data.orders
    ON order_lines.`order` = orders.id
  INNER JOIN raw_data.products
    ON order_lines.sku = products.product_code
),
labelled AS (
  SELECT
    source.*,
    CASE WHEN buyer_id IS NOT NULL AND ROW_NUMBER() OVER (PARTITION BY buyer_id ORDER BY ordered_at DESC NULLS LAST, buyer_id ASC NULLS FIRST, TO_JSON_STRING(tags) ASC NULLS FIRST) <= 2 THEN 'eval' ELSE 'train' END AS split
  FROM source
)
SELECT
  buyer_id,
  tags
FROM labelled
WHERE labelled.split = 'eval'
