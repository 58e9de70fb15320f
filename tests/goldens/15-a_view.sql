WITH
`source` AS (
  SELECT
    `order_history`.`order_id` AS `order_id`,
    `order_history`.`line_count` AS `line_count`,
    `order_history`.`total` AS `total`
  FROM `raw_data.order_history` AS `order_history`
)
SELECT
  `order_id` AS `order_id`,
  `line_count` AS `line_count`,
  `total` AS `total`
FROM `source`
