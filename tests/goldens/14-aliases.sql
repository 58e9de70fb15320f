WITH
source AS (
  SELECT
    orders.id,
    customers.id AS customers_id,
    customers.country,
    orders.status
  FROM raw_data.orders
  LEFT JOIN raw_data.customers
    ON orders.buyer_id = customers.id
)
SELECT
  id,
  customers_id AS customers_id_2,
  country AS customers_id,
  status AS `group`
FROM source
