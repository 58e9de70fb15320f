WITH
source AS (
  SELECT
    orders.id,
    customers.id AS customers_id,
    customers.country
  FROM raw_data.orders
  RIGHT JOIN raw_data.customers
    ON orders.buyer_id = customers.id
)
SELECT
  id,
  customers_id,
  country
FROM source
