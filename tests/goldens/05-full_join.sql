WITH
source AS (
  SELECT
    events.event_id,
    customers.email
  FROM raw_data.events
  FULL JOIN raw_data.customers
    ON events.visitor = customers.id
)
SELECT
  event_id,
  email
FROM source
