WITH
order_lines_one_row AS (
  SELECT
    `order`,
    sku,
    quantity,
    line
  FROM raw_data.order_lines
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (PARTITION BY `order`, sku ORDER BY quantity DESC NULLS LAST, line ASC NULLS FIRST) = 1
),
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
  LEFT JOIN order_lines_one_row AS order_lines
    ON returns.order_number = order_lines.`order`
    AND returns.sku = order_lines.sku
)
SELECT
  return_id,
  quantity,
  line
FROM source
