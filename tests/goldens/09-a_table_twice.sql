WITH
own_one_row AS (
  SELECT
    category_id,
    parent_id,
    name
  FROM raw_data.categories
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (PARTITION BY category_id ORDER BY name ASC NULLS FIRST, parent_id ASC NULLS FIRST) = 1
),
parent_one_row AS (
  SELECT
    category_id,
    name
  FROM raw_data.categories
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (PARTITION BY category_id ORDER BY name ASC NULLS FIRST) = 1
),
source AS (
  SELECT
    products.product_code,
    own.name,
    parent.name AS parent_name
  FROM raw_data.products
  LEFT JOIN own_one_row AS own
    ON products.category = own.category_id
  LEFT JOIN parent_one_row AS parent
    ON own.parent_id = parent.category_id
)
SELECT
  product_code,
  name,
  parent_name
FROM source
