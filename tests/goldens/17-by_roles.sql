WITH
`source` AS (
  SELECT
    `order_lines`.`sku` AS `sku`,
    `order_lines`.`quantity` AS `quantity`,
    `orders`.`buyer_id` AS `buyer_id`,
    `orders`.`ordered_at` AS `ordered_at`,
    `order_lines`.`amount` AS `amount`
  FROM `raw_data.order_lines` AS `order_lines`
  LEFT JOIN `raw_data.orders` AS `orders`
    ON `order_lines`.`order` = `orders`.`id`
)
SELECT
  `buyer_id` AS `user_id`,
  `sku` AS `product_id`,
  `ordered_at` AS `timestamp`,
  `amount` AS `revenue`,
  `quantity` AS `quantity`
FROM `source`
