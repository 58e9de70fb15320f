WITH
source AS (
  SELECT
    returns.return_id,
    returns.booked_on,
    returns.order_number,
    returns.sku,
    SAFE_CAST(CONCAT(SUBSTR(returns.booked_on, 1, 4), '-', SUBSTR(returns.booked_on, 5, 2), '-', SUBSTR(returns.booked_on, 7, 2)) AS DATE) AS event_time,
    returns.refund
  FROM raw_data.returns
),
bounds AS (
  SELECT
    MAX(event_time) AS as_of
  FROM source
),
labelled AS (
  SELECT
    source.*,
    CASE WHEN event_time > DATE_SUB(bounds.as_of, INTERVAL 21 DAY) THEN 'eval' ELSE 'train' END AS split
  FROM source
  CROSS JOIN bounds
)
SELECT
  return_id,
  booked_on
FROM labelled
WHERE labelled.split = 'eval'
