"""The TFX artefact, read by TFX's own messages and by Python."""

import json
import sys
import types

import pytest
from conftest import goldens
from google.protobuf import json_format
from tfx.proto import example_gen_pb2


@pytest.mark.parametrize("name,config", goldens().items())
def test_the_messages_are_tfx_own(trainset, name, config):
    artefact = json.loads(trainset("tfx", "-", stdin=json.dumps(config)))
    # Strict: an unknown field is an error.
    given = json_format.ParseDict(artefact["input_config"], example_gen_pb2.Input())
    json_format.ParseDict(artefact["output_config"], example_gen_pb2.Output())
    # One complete query per split, and nothing lost in serialisation.
    assert json_format.MessageToDict(given) == artefact["input_config"]
    split = config.get("split_config", {})
    last = ["test"] if split.get("test_days") or split.get("test_percent") else []
    assert [s.name for s in given.splits] == (["train", "eval", *last] if split else ["train"])
    for part in given.splits:
        assert not part.pattern.rstrip().endswith(";")
        assert "SELECT" in part.pattern


def test_the_snippet_makes_the_component(trainset, tmp_path, monkeypatch):
    [config] = [config for name, config in goldens().items() if name.endswith("-tfx")]
    artefact = json.loads(trainset("tfx", "-", stdin=json.dumps(config)))
    (tmp_path / "trainset.tfx.json").write_text(json.dumps(artefact))
    monkeypatch.chdir(tmp_path)
    made = []
    component = types.ModuleType("component")
    component.BigQueryExampleGen = lambda **arguments: made.append(arguments)
    # All of TFX except its messages is left out: the snippet passes its arguments to the component.
    path = "tfx.extensions.google_cloud_big_query.example_gen.component"
    parts = path.split(".")
    for i in range(2, len(parts)):
        monkeypatch.setitem(sys.modules, ".".join(parts[:i]), types.ModuleType(parts[i - 1]))
    monkeypatch.setitem(sys.modules, path, component)
    scope = {}
    exec(compile(artefact["snippet"], "snippet.py", "exec"), scope)
    [arguments] = made
    assert isinstance(arguments["input_config"], example_gen_pb2.Input)
    assert [s.name for s in arguments["input_config"].splits] == ["train", "eval"]
    assert isinstance(arguments["output_config"], example_gen_pb2.Output)
    assert len(scope["beam_pipeline_args"]) == 2
