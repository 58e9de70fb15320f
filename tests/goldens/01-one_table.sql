WITH
source AS (
  SELECT
    events.event_id,
    events.kind
  FROM raw_data.events
)
SELECT
  event_id,
  kind
FROM source
