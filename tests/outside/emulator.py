"""A BigQuery server to test against: bqemulator with a folder's Parquet files and views in its dataset raw_data.

    python emulator.py FOLDER [PROJECT]

Prints its endpoint on one line once all is loaded, and runs until its stdin ends or it is stopped.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

DATASET = "raw_data"
# A server that has not started within this time will not start.
PATIENCE = 60


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def field(f):
    """A column in BigQuery's terms."""
    t, mode = f.type, "NULLABLE"
    if pa.types.is_list(t):
        t, mode = t.value_type, "REPEATED"
    kinds = [
        (pa.types.is_boolean, "BOOLEAN"), (pa.types.is_integer, "INTEGER"), (pa.types.is_floating, "FLOAT"),
        (pa.types.is_decimal, "NUMERIC"), (pa.types.is_date, "DATE"), (pa.types.is_string, "STRING"),
        (pa.types.is_large_string, "STRING"), (pa.types.is_binary, "BYTES"),
        (pa.types.is_timestamp, "TIMESTAMP" if pa.types.is_timestamp(t) and t.tz else "DATETIME"),
    ]
    name = next(name for fits, name in kinds if fits(t))
    return {"name": f.name, "type": name, "mode": mode}


class Emulator:
    def __init__(self, project):
        self.project, port = project, free_port()
        self.endpoint = f"http://127.0.0.1:{port}/bigquery/v2"
        program = Path(sys.executable).with_name("bqemulator")
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [program, "start", "--project", project, "--rest-port", str(port), "--grpc-port", str(free_port()), "--log-level", "warning"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
        )
        self.wait(f"http://127.0.0.1:{port}/healthz")

    def wait(self, url):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if self.process.poll() is not None:
                self.log.seek(0)
                raise SystemExit("the emulator ended:\n" + self.log.read().decode()[-2000:])
            try:
                urllib.request.urlopen(url, timeout=2)
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit("the emulator does not answer")

    def call(self, path, body):
        request = urllib.request.Request(
            f"{self.endpoint}/projects/{self.project}/{path}", json.dumps(body).encode(), {"content-type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{path}: {error.read().decode()[:500]}") from None

    def load(self, folder):
        self.call("datasets", {"datasetReference": {"projectId": self.project, "datasetId": DATASET}, "location": "EU"})
        for file in sorted(folder.glob("*.parquet")):
            table = {"projectId": self.project, "datasetId": DATASET, "tableId": file.stem}
            fields = [field(f) for f in pq.read_schema(file)]
            self.call(f"datasets/{DATASET}/tables", {"tableReference": table, "schema": {"fields": fields}})
            load = {"destinationTable": table, "sourceUris": [file.resolve().as_uri()], "sourceFormat": "PARQUET", "writeDisposition": "WRITE_APPEND"}
            job = self.call("jobs", {"configuration": {"load": load}})
            if job["status"].get("errorResult"):
                raise SystemExit(f"{file.name}: {job['status']['errorResult']}")
        for file in sorted(folder.glob("*.sql")):
            table = {"projectId": self.project, "datasetId": DATASET, "tableId": file.stem}
            view = {"query": file.read_text(), "useLegacySql": False}
            # BigQuery infers a view's columns; the emulator needs them declared.
            schema = self.call("queries", {"query": view["query"], "useLegacySql": False, "maxResults": 0})["schema"]
            self.call(f"datasets/{DATASET}/tables", {"tableReference": table, "view": view, "schema": schema})

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


def main():
    folder, project = Path(sys.argv[1]), (sys.argv[2:] or ["demo-project"])[0]
    emulator = Emulator(project)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        emulator.load(folder)
        print(emulator.endpoint, flush=True)
        # The process that started us holds the other end.
        while os.read(0, 1024):
            pass
    finally:
        emulator.stop()


if __name__ == "__main__":
    main()
