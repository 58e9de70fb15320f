WITH
product_prices_one_row AS (
  SELECT
    sku,
    price,
    valid_from
  FROM raw_data.product_prices
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (PARTITION BY sku ORDER BY valid_from DESC NULLS LAST, price ASC NULLS FIRST) = 1
),
source AS (
  SELECT
    order_lines.sku,
    order_lines.unit_price,
    product_prices.price
  FROM raw_data.order_lines
  LEFT JOIN product_prices_one_row AS product_prices
    ON order_lines.sku = product_prices.sku
)
SELECT
  sku,
  unit_price,
  price
FROM source
