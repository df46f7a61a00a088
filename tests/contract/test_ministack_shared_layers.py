"""A layer is unpacked once for all workers of MiniStack, and each still has all that its function names."""

import io
import json
import subprocess
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ops.local.ministack import shared_layers
from ops.local.ministack.venv import ministack_venv

# Runs in MiniStack's own virtual environment: workers of a function with two layers, and of one with none.
PROBE = """
import io, json, os, sys, zipfile
sys.path.insert(0, sys.argv[1])
import shared_layers
from ministack.core import lambda_runtime
from ministack.services import lambda_svc

def packed(name, text):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, text)
    return packed.getvalue()

layers = {"first": packed("python/one.py", "NAME = 'one'"), "second": packed("python/two.py", "NAME = 'two'")}
lambda_svc._resolve_layer_zip = lambda layer: layers.get(layer["Arn"])
shared_layers.patch(lambda_runtime, lambda_svc)
code = packed("index.py", '''
import os
def handler(event, context):
    try:
        import one, two
    except ImportError as error:
        return str(error)
    return [one.NAME, two.NAME, one.__file__, os.environ["OWN"], os.environ["AWS_REGION"]]
''')
config = {
    "FunctionName": "f", "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:f",
    "Runtime": "python3.11", "Handler": "index.handler", "Environment": {"Variables": {"OWN": "kept"}},
    "Role": "arn:aws:iam::000000000000:role/r",
}
names = [{"Arn": "first"}, {"Arn": "gone"}, {"Arn": "second"}]
workers = [lambda_runtime.Worker("f", {**config, "Layers": names}, code) for _ in range(2)]
workers.append(lambda_runtime.Worker("f", config, code))
answers = [worker.invoke({}, "request") for worker in workers]
kept = [len(worker.config.get("Layers", [])) for worker in workers]
for worker in workers:
    worker.kill()
print(json.dumps([[answer.get("result") for answer in answers], kept]))
"""


def test_workers_find_what_is_in_their_layers_and_share_it(tmp_path: Path):
    ministack_venv().install()
    folder = Path(shared_layers.__file__).parent
    done = subprocess.run(
        [ministack_venv().python, "-c", PROBE, folder],
        env={"TMPDIR": str(tmp_path), "GATEWAY_PORT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (first, second, without), kept = json.loads(done.stdout.splitlines()[-1])
    assert first[:2] == ["one", "two"]
    assert first[2].startswith(str(tmp_path / "layers"))
    assert first[3:] == ["kept", "us-east-1"]
    assert second == first
    assert without == "No module named 'one'"
    assert kept == [3, 3, 0]  # what the function has is not changed


def test_workers_that_start_at_once_unpack_once_and_find_the_whole(tmp_path: Path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number in range(300):
            archive.writestr(f"python/m{number}.py", f"N = {number}")
    with ThreadPoolExecutor(8) as threads:
        found = list(
            threads.map(lambda _: shared_layers.unpacked(packed.getvalue(), tmp_path / "layers"), range(8))
        )
    assert len(set(found)) == 1
    assert len(list((found[0] / "python").iterdir())) == 300
    assert list((tmp_path / "layers").iterdir()) == [found[0]]
