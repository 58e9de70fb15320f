"""The config's JSON Schema, held by a validator of its own against configs that the program takes and refuses."""

import json

import pytest
from conftest import goldens
from jsonschema import Draft202012Validator


@pytest.fixture(scope="session")
def validator(trainset):
    schema = json.loads(trainset("schema"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("name,config", goldens().items())
def test_what_the_program_takes_fits(trainset, validator, name, config):
    validator.validate(config)
    assert trainset("validate", "-", stdin=json.dumps(config)) == ""


TABLE = {"primary_table": "raw_data.orders", "selected_columns": [{"table": "orders", "column": "id"}]}


@pytest.mark.parametrize(
    "parts,path",
    [
        ({"bogus": 1}, "bogus"),
        ({"filters": {"date_range": {"type": "rolling", "weeks": 3}}}, "filters.date_range"),
        ({"filters": {"rows": [{"table": "orders", "column": "id", "where": {"op": "like", "value": 1}}]}}, "filters.rows[0].where"),
        ({"split_config": {"type": "random", "train_percent": "80"}}, "split_config"),
        ({"join_config": [{"table": "x", "type": "outer"}]}, "join_config[0].type"),
        ({"selected_columns": [{"table": "orders", "column": "id", "note": ""}]}, "selected_columns[0]"),
        ({"column_mapping": {"label": {"table": "orders", "column": "id"}}}, "column_mapping"),
        ({"primary_table": 7}, "primary_table"),
    ],
)
def test_what_the_program_refuses_does_not(trainset, validator, parts, path):
    config = {**TABLE, **parts}
    assert not validator.is_valid(config)
    said = trainset("validate", "-", stdin=json.dumps(config), status=1)
    assert said.startswith(path), said


def test_faults_are_lines_with_paths(trainset):
    config = {"primary_table": "raw_data.nowhere", "selected_columns": [{"table": "nowhere", "column": "x"}]}
    assert trainset("validate", "-", stdin=json.dumps(config), status=1) == "primary_table: Table raw_data.nowhere not found (line 1, column 2).\n"
    assert trainset("validate", "-", stdin="{", status=1) == ""
