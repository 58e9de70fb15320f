WITH
source AS (
  SELECT
    events.visitor,
    events.product,
    events.kind,
    events.occurred_at,
    CASE WHEN events.client_ms >= -62135596800000 AND events.client_ms <= 253402300799999 THEN TIMESTAMP_MILLIS(events.client_ms) ELSE CAST(NULL AS TIMESTAMP) END AS event_time
  FROM raw_data.events
),
bounds AS (
  SELECT
    MAX(DATE(event_time, 'UTC')) AS as_of
  FROM source
),
filtered AS (
  SELECT
    source.*
  FROM source
  CROSS JOIN bounds
  WHERE DATE(event_time, 'UTC') > DATE_SUB(bounds.as_of, INTERVAL 30 DAY)
    AND DATE(event_time, 'UTC') <= bounds.as_of
),
labelled AS (
  SELECT
    filtered.*,
    CASE WHEN DATE(event_time, 'UTC') > DATE_SUB(bounds.as_of, INTERVAL 7 DAY) THEN 'eval' ELSE 'train' END AS split
  FROM filtered
  CROSS JOIN bounds
)
SELECT
  visitor,
  product,
  kind,
  occurred_at
FROM labelled
WHERE labelled.split = 'eval'
