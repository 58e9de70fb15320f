"""The API as its own document describes it, tried by Schemathesis: examples, edges, fuzzed requests, and calls that follow one another by the links."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture
def served(tmp_path):
    """A server over the demo shop with an empty database; its address."""
    program = os.environ["TRAINSET_BIN"]
    subprocess.run([program, "demo", tmp_path / "shop"], check=True, capture_output=True)
    args = [program, "serve", "--addr", "127.0.0.1:0", "--database", tmp_path / "trainset.db", "--warehouse", tmp_path / "shop"]
    with open(tmp_path / "log", "w") as log, subprocess.Popen(args, stdout=subprocess.PIPE, stderr=log, text=True) as server:
        yield server.stdout.readline().strip().removeprefix("listening on ")
        server.terminate()
        assert server.wait(30) == 0
    assert "ERROR" not in (tmp_path / "log").read_text()


def test_nothing_differs_from_the_document(served, tmp_path):
    tool = Path(sys.executable).with_name("schemathesis")
    args = ["--config-file", HERE / "schemathesis.toml", "run", f"{served}/api/openapi.json", "--checks", "all"]
    args += ["--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "25", "--seed", "1", "--continue-on-failure"]
    done = subprocess.run([tool, *args], cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"}, timeout=600)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    # It tried something: every operation, thousands of requests, and the links.
    assert re.search(r"Operations:\s+(\d+) selected / \1 total", said), said
    assert int(re.search(r"(\d+) generated", said)[1]) > 5000, said
    assert int(re.search(r"API Links:\s+(\d+) covered", said)[1]) > 10, said
    print(said)
