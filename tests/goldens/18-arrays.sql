WITH
source AS (
  SELECT
    products.product_code,
    products.tags
  FROM raw_data.products
)
SELECT
  product_code,
  tags
FROM source
