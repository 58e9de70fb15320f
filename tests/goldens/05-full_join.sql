WITH
`source` AS (
  SELECT
    `events`.`event_id` AS `event_id`,
    `customers`.`email` AS `email`
  FROM `raw_data.events` AS `events`
  FULL JOIN `raw_data.customers` AS `customers`
    ON `events`.`visitor` = `customers`.`id`
)
SELECT
  `event_id` AS `event_id`,
  `email` AS `email`
FROM `source`
