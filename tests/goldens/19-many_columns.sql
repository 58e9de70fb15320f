WITH
source AS (
  SELECT
    customers.name,
    products.price,
    order_lines.quantity,
    orders.status,
    products.launched_on,
    order_lines.discount,
    customers.newsletter,
    products.discontinued,
    orders.id,
    order_lines.line,
    orders.buyer_id,
    order_lines.sku,
    orders.ordered_at,
    order_lines.amount
  FROM raw_data.order_lines
  LEFT JOIN raw_data.orders
    ON order_lines.`order` = orders.id
  LEFT JOIN raw_data.products
    ON order_lines.sku = products.product_code
  LEFT JOIN raw_data.customers
    ON orders.buyer_id = customers.id
)
SELECT
  name,
  price,
  quantity,
  status,
  launched_on,
  discount,
  newsletter,
  discontinued,
  id,
  line
FROM source
