WITH
`source` AS (
  SELECT
    `orders`.`buyer_id` AS `buyer_id`,
    `order_lines`.`sku` AS `sku`,
    `orders`.`ordered_at` AS `ordered_at`,
    `order_lines`.`amount` AS `amount`,
    `products`.`title` AS `title`
  FROM `raw_data.order_lines` AS `order_lines`
  LEFT JOIN `raw_data.orders` AS `orders`
    ON `order_lines`.`order` = `orders`.`id`
  LEFT JOIN `raw_data.products` AS `products`
    ON `order_lines`.`sku` = `products`.`product_code`
),
`filtered` AS (
  SELECT
    `source`.*
  FROM `source`
  WHERE (`title` NOT IN ('\' OR 1=1 --', 'a\\b', 'line\nbreak', '`tick`', 'größe 🦀', '"quoted"') OR `title` IS NULL)
)
SELECT
  `buyer_id` AS `buyer_id`,
  `sku` AS `sku`,
  `ordered_at` AS `ordered_at`,
  `amount` AS `amount`
FROM `filtered`
