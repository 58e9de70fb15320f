WITH
`source` AS (
  SELECT
    `products`.`price` AS `price`,
    `product_prices`.`price` AS `product_prices_price`,
    `products`.`product_code` AS `product_code`
  FROM `raw_data.products` AS `products`
  INNER JOIN `raw_data.product_prices` AS `product_prices`
    ON `products`.`product_code` = `product_prices`.`sku`
)
SELECT
  `price` AS `price`,
  `product_prices_price` AS `product_prices_price`,
  `product_code` AS `product_code`
FROM `source`
