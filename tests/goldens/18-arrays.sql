WITH
`source` AS (
  SELECT
    `products`.`product_code` AS `product_code`,
    `products`.`tags` AS `tags`
  FROM `raw_data.products` AS `products`
)
SELECT
  `product_code` AS `product_code`,
  `tags` AS `tags`
FROM `source`
