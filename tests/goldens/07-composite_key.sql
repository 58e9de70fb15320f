WITH
`source` AS (
  SELECT
    `returns`.`return_id` AS `return_id`,
    `order_lines`.`quantity` AS `quantity`,
    `order_lines`.`line` AS `line`,
    `returns`.`order_number` AS `order_number`,
    `returns`.`sku` AS `sku`,
    `returns`.`returned_at` AS `returned_at`,
    `returns`.`refund` AS `refund`
  FROM `raw_data.returns` AS `returns`
  LEFT JOIN `raw_data.order_lines` AS `order_lines`
    ON `returns`.`order_number` = `order_lines`.`order`
    AND `returns`.`sku` = `order_lines`.`sku`
)
SELECT
  `return_id` AS `return_id`,
  `quantity` AS `quantity`,
  `line` AS `line`
FROM `source`
