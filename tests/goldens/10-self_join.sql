WITH
`source` AS (
  SELECT
    `categories`.`name` AS `name`,
    `child`.`name` AS `child_name`
  FROM `raw_data.categories` AS `categories`
  INNER JOIN `raw_data.categories` AS `child`
    ON `categories`.`category_id` = `child`.`parent_id`
)
SELECT
  `name` AS `name`,
  `child_name` AS `child_name`
FROM `source`
