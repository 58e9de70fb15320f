WITH
`source` AS (
  SELECT
    `order_lines`.`sku` AS `sku`,
    `customers`.`country` AS `country`,
    `customers`.`joined_on` AS `joined_on`,
    `orders`.`buyer_id` AS `buyer_id`,
    `orders`.`ordered_at` AS `ordered_at`,
    `order_lines`.`amount` AS `amount`
  FROM `raw_data.order_lines` AS `order_lines`
  LEFT JOIN `raw_data.orders` AS `orders`
    ON `order_lines`.`order` = `orders`.`id`
  LEFT JOIN `raw_data.customers` AS `customers`
    ON `orders`.`buyer_id` = `customers`.`id`
)
SELECT
  `sku` AS `sku`,
  `country` AS `country`,
  `joined_on` AS `joined_on`
FROM `source`
