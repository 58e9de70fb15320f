WITH
`source` AS (
  SELECT
    `order_lines`.`order` AS `order`,
    `order_lines`.`sku` AS `sku`,
    `products`.`title` AS `title`,
    `orders`.`channel` AS `channel`,
    `orders`.`buyer_id` AS `buyer_id`,
    `orders`.`ordered_at` AS `ordered_at`,
    `order_lines`.`amount` AS `amount`
  FROM `raw_data.order_lines` AS `order_lines`
  LEFT JOIN `raw_data.orders` AS `orders`
    ON `order_lines`.`order` = `orders`.`id`
  LEFT JOIN `raw_data.products` AS `products`
    ON `order_lines`.`sku` = `products`.`product_code`
)
SELECT
  `order` AS `order`,
  `sku` AS `sku`,
  `title` AS `title`,
  `channel` AS `channel`
FROM `source`
