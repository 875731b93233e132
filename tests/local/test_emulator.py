from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from powertools_stream.local.emulator import Emulator, EmulatorError

ROOT = Path(__file__).resolve().parents[2]


def test_it_serves_this_machine_only_until_it_ends(emulator: Emulator) -> None:
    with Emulator(region="eu-central-1") as own:
        assert own.url.startswith("http://127.0.0.1:")
        assert own.url != emulator.url
        assert own.is_ours
        url = own.client("sqs").create_queue(QueueName="own")["QueueUrl"]
        arn = own.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        assert arn["Attributes"]["QueueArn"] == "arn:aws:sqs:eu-central-1:123456789012:own"
        ended = own.url
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(ended, timeout=1)


def test_another_one_is_used_as_it_is(emulator: Emulator) -> None:
    with Emulator(emulator.url) as other:
        assert not other.is_ours
        other.client("sqs").create_queue(QueueName="other")
    assert emulator.client("sqs").get_queue_url(QueueName="other")


def test_the_environment_may_name_another_one(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_STREAM_EMULATOR", emulator.url)
    with Emulator() as other:
        assert (other.url, other.is_ours) == (emulator.url, False)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "nonsense"])
def test_one_that_cannot_be_reached(url: str) -> None:
    with pytest.raises(EmulatorError, match=f"Expected an emulator of AWS at {url}"), Emulator(url):
        pass


def test_a_cache_directory_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(sys, "platform", "linux")
    says = r"Expected to install MiniStack into .*, but it cannot be written: Not a directory\. Set XDG_CACHE_HOME"
    with pytest.raises(EmulatorError, match=says), Emulator():
        pass


def test_it_ends_with_the_process_that_started_it(emulator: Emulator) -> None:
    code = (
        "import os; from powertools_stream.local.emulator import Emulator\n"
        "emulator = Emulator().__enter__(); print(emulator.url, flush=True); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment())
    url = killed.stdout.strip()
    assert url, killed.stderr
    limit = time.monotonic() + 5
    while time.monotonic() < limit:
        try:
            urllib.request.urlopen(f"{url}/_ministack/health", timeout=1).close()
        except OSError:
            return
        time.sleep(0.02)
    pytest.fail("It still serves.")


@pytest.mark.slow
def test_without_a_network_it_says_what_it_needs(tmp_path: Path) -> None:
    code = "from powertools_stream.local.emulator import Emulator\nwith Emulator(on_progress=print): pass"
    offline = {"XDG_CACHE_HOME": str(tmp_path), "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
    failed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**environment(), **offline}
    )
    assert failed.stdout.startswith("Installing MiniStack 1.")
    last = failed.stderr.strip().splitlines()[-1]
    assert "Expected to install MiniStack" in last
    assert "No matching distribution found for ministack" in last
    assert last.endswith("give --endpoint-url URL.")
    assert list((tmp_path / "powertools-stream").iterdir()) == [], "nothing is left half done"


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}
