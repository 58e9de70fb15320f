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
`labelled` AS (
  SELECT
    `source`.*,
    CASE WHEN `buyer_id` IS NOT NULL AND ROW_NUMBER() OVER (PARTITION BY `buyer_id` ORDER BY `ordered_at` DESC NULLS LAST, `buyer_id` ASC NULLS FIRST, `sku` ASC NULLS FIRST, `amount` ASC NULLS FIRST) <= 1 THEN 'eval' ELSE 'train' END AS `split`
  FROM `source`
)
SELECT
  `buyer_id` AS `buyer_id`,
  `sku` AS `sku`,
  `ordered_at` AS `ordered_at`,
  `amount` AS `amount`
FROM `labelled`
WHERE `labelled`.`split` = 'eval'
