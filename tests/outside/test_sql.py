"""The SQL, read by sqlglot, which knows BigQuery's words by itself."""

import json
import os
import subprocess

import duckdb
import pytest
import sqlglot
from conftest import goldens
from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery

RESERVED = sorted(BigQuery.Generator.RESERVED_KEYWORDS)
# Words that mean something in some place, and names that people have.
OTHERS = ["date", "timestamp", "datetime", "time", "user", "value", "name", "year", "offset", "ordinal", "pivot", "unpivot",
          "current_date", "current_timestamp", "safe", "key", "index", "table", "view", "replace", "row", "json", "numeric"]


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    """A table whose columns are words: one row, each value its column's name twice."""
    folder = tmp_path_factory.mktemp("words")
    names = RESERVED + OTHERS
    (folder / "words.csv").write_text(f"{','.join(names)}\n{','.join(2 * name for name in names)}\n")
    return folder, names


def compiled(folder, config):
    program = [os.environ["TRAINSET_BIN"], "sql", "--warehouse", str(folder), "-"]
    done = subprocess.run(program, input=json.dumps(config), text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_word_is_read_as_the_name_that_it_is(words):
    folder, names = words
    column = lambda name: {"table": "words", "column": name}
    config = {
        "primary_table": "raw_data.words",
        "selected_columns": [column(name) for name in names],
        "filters": {"rows": [{**column(name), "where": {"op": "=", "value": 2 * name}} for name in names[:50]]},
        "column_mapping": {"user_id": column("order"), "product_id": column("group")},
        "split_config": {"type": "random", "train_percent": 50, "unit": "user"},
    }
    sql = compiled(folder, config)
    tree = sqlglot.parse_one(sql, read="bigquery")
    assert [select.alias_or_name for select in tree.selects] == names
    reserved = {name.name.lower() for name in tree.find_all(exp.Identifier) if name.args.get("quoted")}
    assert set(RESERVED) <= reserved, "a reserved word stands bare"
    # What another engine makes of it, after another program's translation.
    database = duckdb.connect()
    database.execute("CREATE SCHEMA raw_data")
    database.execute(f"CREATE TABLE raw_data.words AS SELECT * FROM read_csv('{folder}/words.csv', header=true)")
    without_hash = {**config, "split_config": {"type": "none"}}
    translated = sqlglot.transpile(compiled(folder, without_hash), read="bigquery", write="duckdb", identify=True)[0]
    assert database.execute(translated).fetchall() == [tuple(2 * name for name in names)]


@pytest.mark.parametrize("name,config", goldens().items())
def test_names_are_in_backticks_only_where_they_have_to(trainset, name, config):
    tree = sqlglot.parse_one(trainset("sql", "-", stdin=json.dumps(config)), read="bigquery")
    needless = {
        identifier.name
        for identifier in tree.find_all(exp.Identifier)
        if identifier.args.get("quoted")
        and identifier.name.isascii()
        and identifier.name.replace("_", "a").isalnum()
        and not identifier.name[0].isdigit()
        and identifier.name.lower() not in RESERVED
        and not identifier.name.lower().startswith("current_")
    }
    assert not needless
    # No alias repeats the name that a column has anyway.
    assert not [
        alias.sql() for alias in tree.find_all(exp.Alias) if isinstance(alias.this, exp.Column) and alias.this.name == alias.alias
    ]
