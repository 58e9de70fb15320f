WITH
source AS (
  SELECT
    order_history.order_id,
    order_history.line_count,
    order_history.total
  FROM raw_data.order_history
)
SELECT
  order_id,
  line_count,
  total
FROM source
