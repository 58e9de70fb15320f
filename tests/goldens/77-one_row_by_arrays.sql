WITH
products_one_row AS (
  SELECT
    category,
    product_code,
    tags
  FROM raw_data.products
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (PARTITION BY category ORDER BY TO_JSON_STRING(tags) ASC NULLS FIRST, product_code ASC NULLS FIRST) = 1
),
product_prices_one_row AS (
  SELECT
    sku,
    price,
    valid_from
  FROM raw_data.product_prices
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (PARTITION BY sku ORDER BY valid_from ASC NULLS FIRST, price ASC NULLS FIRST) = 1
),
source AS (
  SELECT
    categories.name,
    products.tags,
    product_prices.price
  FROM raw_data.categories
  LEFT JOIN products_one_row AS products
    ON categories.category_id = products.category
  LEFT JOIN product_prices_one_row AS product_prices
    ON products.product_code = product_prices.sku
)
SELECT
  name,
  tags,
  price
FROM source
