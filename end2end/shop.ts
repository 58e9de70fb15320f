// The data of the views: a model with datasets of every kind, made once through the API, and a
// model without any.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, type APIRequestContext } from "@playwright/test";
import { test as base, threeTables, unique } from "./fixtures";

export type Shop = {
  model: number;
  /** A model without datasets. */
  empty: number;
  /** Every kind of filter, split by time, analysed. */
  full: number;
  /** Active, with two versions, edited since. */
  active: number;
  /** Split at random: its analysis finds a leak and is out of date. */
  leaky: number;
  /** A hundred columns of eight tables. */
  wide: number;
};

const of = (table: string) => (column: string) => ({ table, column });

async function post<T>(request: APIRequestContext, path: string, data: object): Promise<T> {
  const answer = await request.post(path, { data });
  expect(answer.status(), `${path}: ${await answer.text()}`).toBe(200);
  return answer.json();
}

/** Every kind of filter over three tables, as in the compiler's own tests. */
export function everything(): object {
  const golden = join(import.meta.dirname, "../tests/goldens/68-everything.json");
  return JSON.parse(readFileSync(golden, "utf8")).config;
}

/**
 * A config of a hundred columns: order lines with their orders and customers, and products several
 * times.
 */
export async function hundredColumns(request: APIRequestContext, model: number): Promise<object> {
  const columns = async (table: string) => {
    const answer = await (await request.get(`/api/models/${model}/bq-tables/${table}/schema/`)).json();
    return (answer.schema as { name: string; mode: string }[]).map((column) => column.name);
  };
  const lines = await columns("order_lines");
  const orders = await columns("orders");
  const customers = await columns("customers");
  const products = await columns("products");
  const on = (table: string, column: string, right: string) => [{ left: { table, column }, right }];
  const config = {
    primary_table: "raw_data.order_lines",
    secondary_tables: ["raw_data.orders", "raw_data.customers"] as (string | object)[],
    join_config: [
      { table: "orders", type: "left", on: on("order_lines", "order", "id") },
      { table: "customers", type: "left", on: on("orders", "buyer_id", "id") },
    ],
    selected_columns: [...lines.map(of("order_lines")), ...orders.map(of("orders")), ...customers.map(of("customers"))],
    column_mapping: threeTables.column_mapping,
    filters: { date_range: { type: "rolling", months: 6 }, rows: [{ table: "orders", column: "status", where: { op: "!=", value: "cancelled" } }] },
    split_config: { type: "time_based", eval_days: 14 },
  };
  for (let copy = 1; config.selected_columns.length < 100; copy++) {
    const name = `products_${copy}`;
    config.secondary_tables.push({ table: "raw_data.products", as: name });
    config.join_config.push({ table: name, type: "left", on: on("order_lines", "sku", "product_code") });
    const room = 100 - config.selected_columns.length;
    config.selected_columns.push(...products.slice(0, room).map(of(name)));
  }
  return config;
}

/** The configs of the views' datasets, by name. */
export type Material = { full: object; versions: [object, object, object]; leaky: object; leakyNow: object; wide: (request: APIRequestContext, model: number) => Promise<object> };

const event = of("events");
const visits = {
  primary_table: "raw_data.events",
  selected_columns: ["visitor", "product", "kind", "occurred_at"].map(event),
  column_mapping: { user_id: event("visitor"), product_id: event("product"), timestamp: event("occurred_at") },
  split_config: { type: "random", train_percent: 80 },
};

export const demoShop: Material = {
  full: everything(),
  versions: [
    { ...threeTables, filters: { date_range: { type: "rolling", months: 3 } }, split_config: { type: "time_based", eval_days: 14 } },
    { ...threeTables, split_config: { type: "time_based", eval_days: 7, test_days: 7 } },
    { ...threeTables, split_config: { type: "time_based", eval_days: 3 } },
  ],
  leaky: visits,
  leakyNow: { ...visits, filters: { date_range: { type: "rolling", months: 6 } } },
  wide: hundredColumns,
};

const buy = of("transactions");
const baskets = {
  primary_table: "raw_data.transactions",
  secondary_tables: ["raw_data.products", "raw_data.demographics"],
  join_config: [
    { table: "products", type: "left", on: [{ left: buy("product_id"), right: "product_id" }] },
    { table: "demographics", type: "left", on: [{ left: buy("household_id"), right: "household_id" }] },
  ],
  selected_columns: [
    ...["household_id", "product_id", "transaction_timestamp", "sales_value", "quantity"].map(buy),
    ...["department", "product_category"].map(of("products")),
    ...["age", "income"].map(of("demographics")),
  ],
  column_mapping: { user_id: buy("household_id"), product_id: buy("product_id"), timestamp: buy("transaction_timestamp"), revenue: buy("sales_value") },
};

/** A retailer's real transactions: see scripts/complete-journey.sh. */
export const completeJourney: Material = {
  full: {
    ...baskets,
    filters: {
      date_range: { type: "rolling", months: 3 },
      rows: [{ table: "products", column: "department", where: { op: "in", values: ["GROCERY", "PRODUCE"] } }],
      product_filter: { top_revenue_percent: 80 },
      customer_filter: { transactions: { min: 10 } },
    },
    split_config: { type: "time_based", eval_days: 14 },
  },
  versions: [
    { ...baskets, filters: { date_range: { type: "rolling", months: 3 } }, split_config: { type: "time_based", eval_days: 14 } },
    { ...baskets, filters: { date_range: { type: "rolling", months: 1 } }, split_config: { type: "time_based", eval_days: 7 } },
    { ...baskets, filters: { date_range: { type: "rolling", months: 1 } }, split_config: { type: "time_based", eval_days: 3 } },
  ],
  leaky: { ...baskets, filters: { date_range: { type: "rolling", months: 1 } }, split_config: { type: "random", train_percent: 80 } },
  leakyNow: { ...baskets, split_config: { type: "random", train_percent: 80 } },
  wide: async () => ({ ...baskets, filters: { date_range: { type: "rolling", days: 7 } } }),
};

/**
 * Makes all of it. The models have names of their own, so that tests that share the server do not
 * see each other's datasets.
 */
export async function furnish(request: APIRequestContext, material = demoShop): Promise<Shop> {
  const addModel = async (name: string, description: string) =>
    (await post<{ model: { id: number } }>(request, "/api/models/create/", { name: unique(name), description })).model.id;
  const model = await addModel("Shop ranking", "What to show next to somebody who looks at a product.");
  const empty = await addModel("Churn", "");
  const make = async (name: string, description: string, config: object) =>
    (await post<{ dataset_id: number }>(request, `/api/models/${model}/datasets/create/`, { name, description, config })).dataset_id;
  const change = (id: number, config: object) => post(request, `/api/datasets/${id}/update/`, { config });

  const full = await make("Repeat buyers", "Orders of a year without those that were cancelled, of products that sell.", material.full);
  await post(request, `/api/datasets/${full}/analyze/`, {});

  const active = await make("Lines of three months", "", material.versions[0]);
  await post(request, `/api/datasets/${active}/activate/`, {});
  await change(active, material.versions[1]);
  await post(request, `/api/datasets/${active}/activate/`, {});
  await change(active, material.versions[2]);

  const leaky = await make("Everything that visitors looked at, put in a basket or bought since the shop opened its doors", "Split at random.", material.leaky);
  await post(request, `/api/datasets/${leaky}/analyze/`, {});
  await change(leaky, material.leakyNow);

  const wide = await make("A hundred columns", "", await material.wide(request, model));
  return { model, empty, full, active, leaky, wide };
}

/** For tests that only read the shop: it is made once for all that run in one worker. */
export const test = base.extend<object, { shop: Shop }>({
  shop: [
    async ({ playwright }, use, { project }) => {
      const request = await playwright.request.newContext({ baseURL: project.use.baseURL });
      await use(await furnish(request));
      await request.dispose();
    },
    { scope: "worker", timeout: 120_000 },
  ],
});
