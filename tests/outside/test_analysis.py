"""Analyses of the Complete Journey, held against a computation in pandas."""

import json
import os
import subprocess
from pathlib import Path

import pandas as pd
import pytest

JOURNEY = Path(os.environ["TRAINSET_COMPLETE_JOURNEY"])
EVAL_DAYS = 14


def config(filters, split):
    """The main job: transactions with their products, the last three months."""
    of = lambda column: {"table": "transactions", "column": column}  # noqa: E731
    return {
        "primary_table": "raw_data.transactions",
        "secondary_tables": ["raw_data.products"],
        "join_config": [{"table": "products", "type": "left", "on": [{"left": of("product_id"), "right": "product_id"}]}],
        "selected_columns": [
            *map(of, ["household_id", "product_id", "transaction_timestamp", "sales_value"]),
            {"table": "products", "column": "department"},
            {"table": "products", "column": "product_category"},
        ],
        "column_mapping": {
            "user_id": of("household_id"), "product_id": of("product_id"),
            "timestamp": of("transaction_timestamp"), "revenue": of("sales_value"),
        },
        "filters": {"date_range": {"type": "rolling", "months": 3}, **filters},
        "split_config": split,
    }


BY_TIME = {"type": "time_based", "eval_days": EVAL_DAYS}
CASES = {
    "main": ({}, BY_TIME),
    "top_80": ({"product_filter": {"top_revenue_percent": 80}}, BY_TIME),
    "returning": ({"customer_filter": {"transactions": {"min": 10}}}, BY_TIME),
    "last_of_each": ({}, {"type": "leave_last", "n": 1}),
}


@pytest.fixture(scope="session")
def analyses(tmp_path_factory):
    def run(name):
        file = tmp_path_factory.mktemp("configs") / f"{name}.json"
        file.write_text(json.dumps(config(*CASES[name])))
        program = [os.environ["TRAINSET_BIN"], "analyze", file, "--warehouse", JOURNEY, "--json"]
        done = subprocess.run(program, text=True, capture_output=True)
        # 1: a check failed with an error, as a split that leaks does.
        assert done.returncode == (1 if name == "last_of_each" else 0), done.stderr
        return json.loads(done.stdout)

    return {name: run(name) for name in CASES}


@pytest.fixture(scope="session")
def source():
    transactions = pd.read_parquet(JOURNEY / "transactions.parquet")
    products = pd.read_parquet(JOURNEY / "products.parquet")
    rows = transactions.merge(products, on="product_id", how="left", indicator=True)
    rows["day"] = rows["transaction_timestamp"].dt.normalize()
    return rows


def top_products(train, percent):
    """The products that together make the share of train's revenue, in whole cents; the one that crosses it stays."""
    cents = (train["sales_value"] * 100).round().astype("int64").groupby(train["product_id"]).sum()
    cents = cents[cents > 0].rename("cents").reset_index().sort_values(["cents", "product_id"], ascending=[False, True])
    before = cents["cents"].cumsum() - cents["cents"]
    return set(cents.loc[before * 100 < cents["cents"].sum() * percent, "product_id"])


@pytest.fixture(scope="session")
def expected(source):
    as_of = source["day"].max()
    window = source[(source["day"] > as_of - pd.DateOffset(months=3)) & (source["day"] <= as_of)].copy()

    def rows(name):
        left = window.copy()
        if name == "last_of_each":
            # The latest of each household; ties as the compiler breaks them, by the columns in their order.
            ties = ["household_id", "product_id", "sales_value", "department", "product_category"]
            order = left.sort_values(
                ["transaction_timestamp", *ties], ascending=[False] + [True] * len(ties), na_position="first", kind="stable"
            )
            left["part"] = "train"
            left.loc[order.groupby("household_id").head(1).index, "part"] = "eval"
            return left
        left["part"] = "train"
        left.loc[left["day"] > as_of - pd.Timedelta(days=EVAL_DAYS), "part"] = "eval"
        train = left[left["part"] == "train"]
        if name == "top_80":
            left = left[left["product_id"].isin(top_products(train, 80))]
        if name == "returning":
            often = train.groupby("household_id").size()
            left = left[left["household_id"].isin(often[often >= 10].index)]
        return left

    return {name: rows(name) for name in CASES}


@pytest.mark.parametrize("name", CASES)
def test_counts_days_and_distinct_are_those_of_pandas(analyses, expected, name):
    analysis, rows = analyses[name], expected[name]
    if name != "last_of_each":
        assert analysis["as_of"] == "2018-01-01"
    for counts in analysis["counts"]:
        part = rows if counts["part"] == "full" else rows[rows["part"] == counts["part"]]
        assert counts["rows"] == len(part)
        assert counts["users"] == part["household_id"].nunique()
        assert counts["products"] == part["product_id"].nunique()
        assert counts["first_day"] == str(part["day"].min().date())
        assert counts["last_day"] == str(part["day"].max().date())
    per_day = rows.groupby(["day", "part"]).size()
    assert {(d["day"], d["part"]): d["rows"] for d in analysis["per_day"]} == {
        (str(day.date()), part): n for (day, part), n in per_day.items()
    }
    assert [e["rows"] for e in analysis["split_estimates"]] == [int((rows["part"] == p).sum()) for p in ("train", "eval")]


def test_the_main_job_has_its_known_size(analyses):
    counts = {c["part"]: c["rows"] for c in analyses["main"]["counts"]}
    assert counts == {"full": 368_614, "train": 313_853, "eval": 54_761}


@pytest.mark.parametrize("name", CASES)
def test_the_proof_is_that_of_pandas(analyses, expected, name):
    rows, proof = expected[name], analyses[name]["split_proof"]
    train, held_out = rows[rows["part"] == "train"], rows[rows["part"] == "eval"]
    at = "transaction_timestamp"
    [of_train, of_eval] = proof["parts"]
    for told, part in [(of_train, train), (of_eval, held_out)]:
        # To the second that the data has.
        assert pd.Timestamp(told["first_at"]) == part[at].min()
        assert pd.Timestamp(told["last_at"]) == part[at].max()
    for told, column in [("cold_users", "household_id"), ("cold_products", "product_id")]:
        cold = held_out[~held_out[column].isin(train[column])]
        assert of_eval[told]["count"] == cold[column].nunique()
        assert of_eval[told]["rows"] == len(cold)
        assert of_eval[told]["share"] == pytest.approx(len(cold) / len(held_out))
    late = int((train[at] > held_out[at].min()).sum())
    assert proof["train_rows_after_first_eval"] == late
    assert proof["rows_in_two_splits"] == proof["rows_in_no_split"] == 0
    found = {check["code"] for check in analyses[name]["leaks"] if check["outcome"] == "failed"}
    baskets = train[["household_id", at]].drop_duplicates().merge(held_out[["household_id", at]].drop_duplicates())
    events = ["household_id", "product_id", at]
    doubles = train[events].drop_duplicates().merge(held_out[events].drop_duplicates())
    leaks = {"train_after_eval": late, "basket_in_two_splits": len(baskets), "row_in_two_splits": len(doubles)}
    assert found == {code for code, number in leaks.items() if number > 0}
    for check in analyses[name]["leaks"]:
        if check["code"] in leaks:
            assert check["value"] == leaks[check["code"]]


@pytest.mark.parametrize("name", CASES)
def test_quality_and_funnel_are_those_of_pandas(analyses, expected, source, name):
    analysis, rows = analyses[name], expected[name]
    quality = analysis["quality_metrics"]
    users, products = rows["household_id"].nunique(), rows["product_id"].nunique()
    assert quality["interactions_per_user"] == pytest.approx(len(rows) / users)
    assert quality["interactions_per_product"] == pytest.approx(len(rows) / products)
    pairs = len(rows[["household_id", "product_id"]].drop_duplicates())
    assert quality["sparsity"] == pytest.approx(1 - pairs / (users * products))
    assert quality["span_days"] == (rows["day"].max() - rows["day"].min()).days + 1
    assert analysis["users"]["once"] == int((rows.groupby("household_id").size() == 1).sum())
    assert analysis["events"]["all"] == len(rows[["household_id", "product_id", "transaction_timestamp"]].drop_duplicates())
    first, last = analysis["funnel"][0], analysis["funnel"][-1]
    assert first["rows"] == len(source) and first["users"] == source["household_id"].nunique()
    assert (last["rows"], last["users"], last["products"]) == (len(rows), users, products)
    [join] = analysis["joins"]
    assert join["rows_before"] == join["rows_after"] == len(source)
    assert join["matched_rows"] == int((source["_merge"] == "both").sum())
    assert join["largest_fan_out"] == 1
