"""What the outside world makes of Trainset's answers: other people's programs read them."""

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def trainset(tmp_path_factory):
    """Runs the program over the demo shop and gives what it printed."""
    program = os.environ["TRAINSET_BIN"]
    shop = tmp_path_factory.mktemp("demo") / "shop"
    subprocess.run([program, "demo", shop], check=True, capture_output=True)

    def run(*args, stdin=None, status=0):
        done = subprocess.run(
            [program, *args], input=stdin, text=True, capture_output=True, env={**os.environ, "TRAINSET_WAREHOUSE": str(shop)}
        )
        assert done.returncode == status, (args, done.stdout, done.stderr)
        return done.stdout

    return run


def goldens():
    """The golden configs, by name."""
    files = sorted((ROOT / "tests/goldens").glob("*.json"))
    found = {file.stem: json.loads(file.read_text())["config"] for file in files if file.stem != "catalog"}
    assert len(found) >= 60
    return found
