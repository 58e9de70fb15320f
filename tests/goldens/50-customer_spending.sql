WITH
source AS (
  SELECT
    orders.buyer_id,
    order_lines.sku,
    orders.ordered_at,
    order_lines.amount
  FROM raw_data.order_lines
  LEFT JOIN raw_data.orders
    ON order_lines.`order` = orders.id
),
customer_totals AS (
  SELECT
    source.buyer_id AS id,
    COUNT(*) AS row_count,
    SUM(SAFE_CAST(source.amount AS NUMERIC)) AS revenue
  FROM source
  WHERE source.buyer_id IS NOT NULL
  GROUP BY source.buyer_id
),
kept_customers AS (
  SELECT
    id
  FROM customer_totals
  WHERE revenue >= CAST('50' AS NUMERIC)
    AND revenue <= CAST('400' AS NUMERIC)
),
of_kept_customers AS (
  SELECT
    source.*
  FROM source
  INNER JOIN kept_customers
    ON source.buyer_id = kept_customers.id
)
SELECT
  buyer_id,
  sku,
  ordered_at,
  amount
FROM of_kept_customers
