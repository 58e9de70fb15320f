WITH
`source` AS (
  SELECT
    `orders`.`buyer_id` AS `buyer_id`,
    `order_lines`.`sku` AS `sku`,
    `orders`.`ordered_at` AS `ordered_at`,
    `order_lines`.`amount` AS `amount`,
    `customers`.`joined_on` AS `joined_on`
  FROM `raw_data.order_lines` AS `order_lines`
  LEFT JOIN `raw_data.orders` AS `orders`
    ON `order_lines`.`order` = `orders`.`id`
  LEFT JOIN `raw_data.customers` AS `customers`
    ON `orders`.`buyer_id` = `customers`.`id`
),
`filtered` AS (
  SELECT
    `source`.*
  FROM `source`
  WHERE `joined_on` >= DATE '2022-01-01' AND `joined_on` < DATE '2023-07-01'
)
SELECT
  `buyer_id` AS `buyer_id`,
  `sku` AS `sku`,
  `ordered_at` AS `ordered_at`,
  `amount` AS `amount`
FROM `filtered`
