WITH
source AS (
  SELECT
    orders.buyer_id,
    order_lines.sku,
    orders.ordered_at,
    order_lines.amount,
    products.title
  FROM raw_data.order_lines
  LEFT JOIN raw_data.orders
    ON order_lines.`order` = orders.id
  LEFT JOIN raw_data.products
    ON order_lines.sku = products.product_code
),
filtered AS (
  SELECT
    source.*
  FROM source
  WHERE (title NOT IN ('\' OR 1=1 --', 'a\\b', 'line\nbreak', '`tick`', 'größe 🦀', '"quoted"') OR title IS NULL)
)
SELECT
  buyer_id,
  sku,
  ordered_at,
  amount
FROM filtered
