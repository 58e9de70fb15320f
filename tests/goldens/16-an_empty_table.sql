WITH
source AS (
  SELECT
    wishlists.customer,
    wishlists.sku,
    wishlists.added_at
  FROM raw_data.wishlists
),
bounds AS (
  SELECT
    MAX(DATE(added_at, 'UTC')) AS as_of
  FROM source
),
filtered AS (
  SELECT
    source.*
  FROM source
  CROSS JOIN bounds
  WHERE DATE(added_at, 'UTC') > DATE_SUB(bounds.as_of, INTERVAL 30 DAY)
    AND DATE(added_at, 'UTC') <= bounds.as_of
),
labelled AS (
  SELECT
    filtered.*,
    CASE WHEN DATE(added_at, 'UTC') > DATE_SUB(bounds.as_of, INTERVAL 7 DAY) THEN 'eval' ELSE 'train' END AS split
  FROM filtered
  CROSS JOIN bounds
)
SELECT
  customer,
  sku
FROM labelled
WHERE labelled.split = 'eval'
