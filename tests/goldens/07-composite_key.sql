WITH
source AS (
  SELECT
    returns.return_id,
    order_lines.quantity,
    order_lines.line,
    returns.order_number,
    returns.sku,
    returns.returned_at,
    returns.refund
  FROM raw_data.returns
  LEFT JOIN raw_data.order_lines
    ON returns.order_number = order_lines.`order`
    AND returns.sku = order_lines.sku
)
SELECT
  return_id,
  quantity,
  line
FROM source
