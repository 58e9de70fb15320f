WITH
source AS (
  SELECT
    customers.id,
    customers.joined_on
  FROM raw_data.customers
),
bounds AS (
  SELECT
    MAX(joined_on) AS as_of
  FROM source
),
filtered AS (
  SELECT
    source.*
  FROM source
  CROSS JOIN bounds
  WHERE joined_on > DATE_SUB(bounds.as_of, INTERVAL 45 DAY)
    AND joined_on <= bounds.as_of
),
labelled AS (
  SELECT
    filtered.*,
    CASE WHEN joined_on > DATE_SUB(bounds.as_of, INTERVAL 10 DAY) THEN 'eval' ELSE 'train' END AS split
  FROM filtered
  CROSS JOIN bounds
)
SELECT
  id,
  joined_on
FROM labelled
WHERE labelled.split = 'eval'
