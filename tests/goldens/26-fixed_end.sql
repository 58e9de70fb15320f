WITH
`source` AS (
  SELECT
    `orders`.`buyer_id` AS `buyer_id`,
    `order_lines`.`sku` AS `sku`,
    `orders`.`ordered_at` AS `ordered_at`,
    `order_lines`.`amount` AS `amount`
  FROM `raw_data.order_lines` AS `order_lines`
  LEFT JOIN `raw_data.orders` AS `orders`
    ON `order_lines`.`order` = `orders`.`id`
),
`filtered` AS (
  SELECT
    `source`.*
  FROM `source`
  WHERE `ordered_at` < TIMESTAMP '2025-01-01 00:00:00+00:00'
)
SELECT
  `buyer_id` AS `buyer_id`,
  `sku` AS `sku`,
  `ordered_at` AS `ordered_at`,
  `amount` AS `amount`
FROM `filtered`
