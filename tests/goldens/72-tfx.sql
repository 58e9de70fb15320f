WITH
source AS (
  SELECT
    orders.buyer_id,
    order_lines.sku,
    orders.ordered_at,
    order_lines.unit_price,
    products.discontinued,
    products.launched_on,
    products.tags,
    order_lines.discount,
    order_lines.amount
  FROM raw_data.order_lines
  LEFT JOIN raw_data.orders
    ON order_lines.`order` = orders.id
  LEFT JOIN raw_data.products
    ON order_lines.sku = products.product_code
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
  COALESCE(buyer_id, 0) AS buyer_id,
  COALESCE(sku, '') AS sku,
  COALESCE(UNIX_SECONDS(ordered_at), 0) AS ordered_at,
  COALESCE(CAST(unit_price AS FLOAT64), 0.0) AS unit_price,
  COALESCE(CAST(discontinued AS INT64), 0) AS discontinued,
  COALESCE(UNIX_SECONDS(TIMESTAMP(launched_on)), 0) AS launched_on,
  tags,
  COALESCE(discount, 0.0) AS discount
FROM labelled
