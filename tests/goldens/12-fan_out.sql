WITH
`source` AS (
  SELECT
    `order_lines`.`sku` AS `sku`,
    `product_prices`.`valid_from` AS `valid_from`
  FROM `raw_data.order_lines` AS `order_lines`
  LEFT JOIN `raw_data.product_prices` AS `product_prices`
    ON `order_lines`.`sku` = `product_prices`.`sku`
)
SELECT
  `sku` AS `sku`,
  `valid_from` AS `valid_from`
FROM `source`
