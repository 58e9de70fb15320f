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
bucketed AS (
  SELECT
    source.*,
    ABS(MOD(FARM_FINGERPRINT(TO_JSON_STRING(STRUCT('split' AS purpose, '0' AS seed, CAST(buyer_id AS STRING) AS key1))), 100)) AS bucket
  FROM source
),
labelled AS (
  SELECT
    bucketed.*,
    CASE WHEN bucket < 80 THEN 'train' ELSE 'eval' END AS split
  FROM bucketed
),
customer_totals AS (
  SELECT
    labelled.buyer_id AS id,
    COUNT(*) AS row_count,
    SUM(SAFE_CAST(labelled.amount AS NUMERIC)) AS revenue
  FROM labelled
  WHERE labelled.buyer_id IS NOT NULL
  GROUP BY labelled.buyer_id
),
kept_customers AS (
  SELECT
    id
  FROM customer_totals
  WHERE row_count >= 3
),
of_kept_customers AS (
  SELECT
    labelled.*
  FROM labelled
  LEFT JOIN kept_customers
    ON labelled.buyer_id = kept_customers.id
  WHERE (split != 'train' OR kept_customers.id IS NOT NULL)
)
SELECT
  buyer_id,
  sku,
  ordered_at,
  amount
FROM of_kept_customers
WHERE of_kept_customers.split = 'eval'
