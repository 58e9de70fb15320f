WITH
source AS (
  SELECT
    products.price,
    product_prices.price AS product_prices_price,
    products.product_code
  FROM raw_data.products
  INNER JOIN raw_data.product_prices
    ON products.product_code = product_prices.sku
)
SELECT
  price,
  product_prices_price,
  product_code
FROM source
