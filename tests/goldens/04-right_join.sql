WITH
`source` AS (
  SELECT
    `orders`.`id` AS `id`,
    `customers`.`id` AS `customers_id`,
    `customers`.`country` AS `country`
  FROM `raw_data.orders` AS `orders`
  RIGHT JOIN `raw_data.customers` AS `customers`
    ON `orders`.`buyer_id` = `customers`.`id`
)
SELECT
  `id` AS `id`,
  `customers_id` AS `customers_id`,
  `country` AS `country`
FROM `source`
