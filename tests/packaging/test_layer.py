"""A function under the real runtime client runs with a layer, and with nothing that it could use instead."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from powertools_stream.testing import to_sqs_records
from powertools_stream.testing.endpoint import ScriptedEndpoint
from tests.runtime.runtime_api import Function

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="awslambdaric runs on Linux only"),
]

SCRIPT = Path(".ci/layer.py").resolve()
HANDLER = Path("tests/runtime/handlers/layered.py").resolve()
INSTALLED = Path(pytest.__file__).parents[1]

# As far as it is used: https://docs.powertools.aws.dev/lambda/python/latest/getting-started/install/
IN_THE_LAYER_OF_POWERTOOLS = (
    "annotated_types",
    "aws_lambda_powertools",
    "pydantic",
    "pydantic_core",
    "typing_extensions.py",
    "typing_inspection",
)
# boto3 and what it brings, and the runtime client with what it brings.
IN_THE_RUNTIME = (
    *("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six.py", "urllib3"),
    *("awslambdaric", "runtime_client*.so", "simplejson", "snapshot_restore_py"),
)


def build(wheel: Path, folder: Path, *options: str) -> Path:
    command = [sys.executable, str(SCRIPT), "--wheel", str(wheel), "--to", str(folder), *options]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    (layer,) = folder.glob("*.zip")
    return layer


def stand_in(folder: Path, patterns: tuple[str, ...]) -> Path:
    """Make a folder that holds only some of the packages that are installed here."""
    folder.mkdir()
    for pattern in patterns:
        for path in INSTALLED.glob(pattern):
            (folder / path.name).symlink_to(path)
    return folder


def unzipped(layer: Path, folder: Path) -> Path:
    with zipfile.ZipFile(layer) as archive:
        archive.extractall(folder)
    return folder / "python"


def invoke(tmp_path: Path, *path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Run two orders, one of them broken, in a process that has only these folders; return what came of it."""
    code = tmp_path / "task"
    code.mkdir()
    shutil.copy(HANDLER, code)
    with ScriptedEndpoint() as endpoint:
        environment = {
            "PYTHONPATH": os.pathsep.join(map(str, path)),
            "AWS_ENDPOINT_URL": endpoint.url,
            "AWS_DEFAULT_REGION": "eu-west-1",
            "BUS_NAME": "bus",
        }
        orders = [{"type": "order-created", "order": order} for order in ({"lines": [{"price": 7}]}, {})]
        event = to_sqs_records(orders)
        with Function("layered.handler", code, environment, options=["-S"]) as function:
            invocation = function.invoke(event)
        assert invocation.error is None, function.log()
        return {**invocation.response, "sent": event}, [body for operation, body in endpoint.calls]


def check(response: dict[str, Any], calls: list[dict[str, Any]], *homes: Path) -> None:
    failed = [failure["itemIdentifier"] for failure in response["batchItemFailures"]]
    assert failed == [response["sent"]["Records"][1]["messageId"]]
    published = [entry["DetailType"] for call in calls for entry in call["Entries"]]
    assert sorted(published) == ["fault", "order-accepted"]
    assert [Path(file).parents[1] for file in response["files"]] == list(homes)
    assert not any(Path(entry) == INSTALLED for entry in response["path"])


@pytest.fixture(scope="module")
def layer(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the layer of the library alone."""
    return build(wheel, tmp_path_factory.mktemp("layer"))


def test_the_library_alone_runs_above_the_layer_of_powertools(layer: Path, tmp_path: Path) -> None:
    ours = unzipped(layer, tmp_path / "opt")
    powertools = stand_in(tmp_path / "powertools", IN_THE_LAYER_OF_POWERTOOLS)
    runtime = stand_in(tmp_path / "runtime", IN_THE_RUNTIME)

    response, calls = invoke(tmp_path, ours, powertools, runtime)

    check(response, calls, ours, powertools, runtime)
    assert {path.name.partition("-")[0] for path in ours.iterdir()} == {"powertools_stream"}
    assert Path(response["compiled"]).exists()


def test_a_layer_is_the_same_bytes_whenever_it_is_built(wheel: Path, layer: Path, tmp_path: Path) -> None:
    again = build(wheel, tmp_path)

    assert layer.read_bytes() == again.read_bytes()
    with zipfile.ZipFile(layer) as archive:
        assert archive.namelist() == sorted(archive.namelist())
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_options_of_everything_are_refused_for_the_library_alone(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), "--boto3", "--to", str(tmp_path)]

    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)

    assert done.returncode == 2
    assert "--extras and --boto3 go with --with everything" in done.stderr


def test_the_page_tells_how_large_the_layer_is(layer: Path) -> None:
    page = Path("docs/installation.md").read_text(encoding="utf-8")
    told = re.search(r"^\| `make layer` \|.*\| ([\d.]+) MB \| ([\d.]+) MB \|$", page, re.MULTILINE)
    with zipfile.ZipFile(layer) as archive:
        unzipped = sum(entry.file_size for entry in archive.infolist())

    assert told
    # How large compiled modules are depends on the version of Python.
    assert float(told[1]) == pytest.approx(layer.stat().st_size / 1e6, rel=0.4)
    assert float(told[2]) == pytest.approx(unzipped / 1e6, rel=0.4)
