WITH
`source` AS (
  SELECT
    `orders`.`id` AS `id`,
    `customers`.`id` AS `customers_id`,
    `customers`.`country` AS `country`,
    `orders`.`status` AS `status`
  FROM `raw_data.orders` AS `orders`
  LEFT JOIN `raw_data.customers` AS `customers`
    ON `orders`.`buyer_id` = `customers`.`id`
)
SELECT
  `id` AS `id`,
  `customers_id` AS `customers_id_2`,
  `country` AS `customers_id`,
  `status` AS `group`
FROM `source`
