WITH
`source` AS (
  SELECT
    `customers`.`name` AS `name`,
    `products`.`price` AS `price`,
    `order_lines`.`quantity` AS `quantity`,
    `orders`.`status` AS `status`,
    `products`.`launched_on` AS `launched_on`,
    `order_lines`.`discount` AS `discount`,
    `customers`.`newsletter` AS `newsletter`,
    `products`.`discontinued` AS `discontinued`,
    `orders`.`id` AS `id`,
    `order_lines`.`line` AS `line`,
    `orders`.`buyer_id` AS `buyer_id`,
    `order_lines`.`sku` AS `sku`,
    `orders`.`ordered_at` AS `ordered_at`,
    `order_lines`.`amount` AS `amount`
  FROM `raw_data.order_lines` AS `order_lines`
  LEFT JOIN `raw_data.orders` AS `orders`
    ON `order_lines`.`order` = `orders`.`id`
  LEFT JOIN `raw_data.products` AS `products`
    ON `order_lines`.`sku` = `products`.`product_code`
  LEFT JOIN `raw_data.customers` AS `customers`
    ON `orders`.`buyer_id` = `customers`.`id`
)
SELECT
  `name` AS `name`,
  `price` AS `price`,
  `quantity` AS `quantity`,
  `status` AS `status`,
  `launched_on` AS `launched_on`,
  `discount` AS `discount`,
  `newsletter` AS `newsletter`,
  `discontinued` AS `discontinued`,
  `id` AS `id`,
  `line` AS `line`
FROM `source`
