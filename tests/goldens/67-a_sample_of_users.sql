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
  WHERE ABS(MOD(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT('sample' AS `purpose`, '0' AS `seed`, CAST(`buyer_id` AS STRING) AS `key1`))), 100)) < 20
)
SELECT
  `buyer_id` AS `buyer_id`,
  `sku` AS `sku`,
  `ordered_at` AS `ordered_at`,
  `amount` AS `amount`
FROM `filtered`
