WITH
`source` AS (
  SELECT
    `orders`.`buyer_id` AS `buyer_id`,
    `order_lines`.`sku` AS `sku`,
    `orders`.`ordered_at` AS `ordered_at`,
    `order_lines`.`amount` AS `amount`,
    `order_lines`.`discount` AS `discount`,
    `order_lines`.`quantity` AS `quantity`
  FROM `raw_data.order_lines` AS `order_lines`
  LEFT JOIN `raw_data.orders` AS `orders`
    ON `order_lines`.`order` = `orders`.`id`
),
`filtered` AS (
  SELECT
    `source`.*
  FROM `source`
  WHERE (`discount` != 0.5 OR `discount` IS NULL)
    AND `quantity` >= 2
)
SELECT
  `buyer_id` AS `buyer_id`,
  `sku` AS `sku`,
  `ordered_at` AS `ordered_at`,
  `amount` AS `amount`
FROM `filtered`
