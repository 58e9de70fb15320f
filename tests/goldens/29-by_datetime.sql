WITH
source AS (
  SELECT
    returns.order_number,
    returns.sku,
    returns.returned_at,
    returns.refund
  FROM raw_data.returns
),
bounds AS (
  SELECT
    MAX(DATE(returned_at)) AS as_of
  FROM source
),
filtered AS (
  SELECT
    source.*
  FROM source
  CROSS JOIN bounds
  WHERE DATE(returned_at) > DATE_SUB(bounds.as_of, INTERVAL 90 DAY)
    AND DATE(returned_at) <= bounds.as_of
),
labelled AS (
  SELECT
    filtered.*,
    CASE WHEN DATE(returned_at) > DATE_SUB(bounds.as_of, INTERVAL 14 DAY) THEN 'eval' ELSE 'train' END AS split
  FROM filtered
  CROSS JOIN bounds
)
SELECT
  order_number,
  sku,
  returned_at,
  refund
FROM labelled
WHERE labelled.split = 'eval'
