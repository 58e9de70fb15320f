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
`core_1` AS (
  SELECT
    *
  FROM `source`
  WHERE TRUE
  QUALIFY `buyer_id` IS NOT NULL AND `sku` IS NOT NULL AND COUNT(*) OVER (PARTITION BY `buyer_id`) >= 5 AND COUNT(*) OVER (PARTITION BY `sku`) >= 10
),
`core_2` AS (
  SELECT
    *
  FROM `core_1`
  WHERE TRUE
  QUALIFY `buyer_id` IS NOT NULL AND `sku` IS NOT NULL AND COUNT(*) OVER (PARTITION BY `buyer_id`) >= 5 AND COUNT(*) OVER (PARTITION BY `sku`) >= 10
),
`core_3` AS (
  SELECT
    *
  FROM `core_2`
  WHERE TRUE
  QUALIFY `buyer_id` IS NOT NULL AND `sku` IS NOT NULL AND COUNT(*) OVER (PARTITION BY `buyer_id`) >= 5 AND COUNT(*) OVER (PARTITION BY `sku`) >= 10
)
SELECT
  `buyer_id` AS `buyer_id`,
  `sku` AS `sku`,
  `ordered_at` AS `ordered_at`,
  `amount` AS `amount`
FROM `core_3`
