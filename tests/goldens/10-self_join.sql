WITH
source AS (
  SELECT
    categories.name,
    child.name AS child_name
  FROM raw_data.categories
  INNER JOIN raw_data.categories AS child
    ON categories.category_id = child.parent_id
)
SELECT
  name,
  child_name
FROM source
