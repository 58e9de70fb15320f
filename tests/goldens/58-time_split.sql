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
`bounds` AS (
  SELECT
    MAX(DATE(`ordered_at`, 'UTC')) AS `as_of`
  FROM `source`
),
`labelled` AS (
  SELECT
    `source`.*,
    CASE WHEN DATE(`ordered_at`, 'UTC') > DATE_SUB(`bounds`.`as_of`, INTERVAL 14 DAY) THEN 'eval' ELSE 'train' END AS `split`
  FROM `source`
  CROSS JOIN `bounds`
)
SELECT
  `buyer_id` AS `buyer_id`,
  `sku` AS `sku`,
  `ordered_at` AS `ordered_at`,
  `amount` AS `amount`
FROM `labelled`
WHERE `labelled`.`split` = 'eval'
