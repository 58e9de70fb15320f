WITH
source AS (
  SELECT
    order_lines.sku,
    product_prices.valid_from
  FROM raw_data.order_lines
  LEFT JOIN raw_data.product_prices
    ON order_lines.sku = product_prices.sku
)
SELECT
  sku,
  valid_from
FROM source
