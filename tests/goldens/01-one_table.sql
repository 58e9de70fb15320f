WITH
`source` AS (
  SELECT
    `events`.`event_id` AS `event_id`,
    `events`.`kind` AS `kind`
  FROM `raw_data.events` AS `events`
)
SELECT
  `event_id` AS `event_id`,
  `kind` AS `kind`
FROM `source`
