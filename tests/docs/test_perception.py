from __future__ import annotations

import io
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from docs.examples.perception.accounts import Account
from docs.examples.perception.demo import CAMERAS, Demo
from docs.examples.perception.pipeline import MODULES, UNKNOWN
from powertools_stream.local import EmbeddedAWS

ROOT = Path(__file__).resolve().parents[2]


def test_the_demo_adds_up() -> None:
    command = [sys.executable, "-m", "docs.examples.perception.demo"]

    demo = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)

    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert demo.stderr == ""
    assert "4 syncs = 3 completed + 1 expired. It adds up." in demo.stdout
    assert "1 records failed, and came again: worker, A camera of sync002" in demo.stdout
    assert "sync003: tracking never came, and has expired" in demo.stdout
    assert "1 rows of a module that there is not" in demo.stdout


@pytest.mark.parametrize("seed", [None, 7])
def test_every_sync_comes_to_its_end_whatever_is_delivered_how_often(seed: int | None) -> None:
    with EmbeddedAWS() as aws:
        demo = Demo(aws, io.StringIO(), seed=seed)
        demo.run()
        account = demo.account()

    assert account.mistakes == []
    assert account.completed == {"sync001", "sync002", "sync004"}
    assert account.expired == {("sync003", "tracking")}
    # Each module was asked for once, and each camera that failed came through.
    assert Counter(sync for sync, _ in account.requests) == {"sync001": 10, "sync002": 10, "sync003": 5, "sync004": 10}
    assert account.work["sync002", "pose"] == {"cam1", "cam2"}
    assert {event["module"] for event in account.unknown} == {UNKNOWN}
    assert [event["err"]["name"] for event in account.heard if event["type"] == "fault"] == ["RuntimeError"]


def test_an_account_says_what_does_not_add_up() -> None:
    request = {"site": "s", "date#event_type": f"d#{MODULES[0]}#sync001#request", "status": "DONE"}
    told = {"type": "sync-completed", "sync": "sync001"}

    account = Account(CAMERAS, (request,), ({**told, "id": "1"}, {**told, "id": "2"}), ())

    assert "sync001: not every camera is there" in account.mistakes
    assert "sync001 is completed, but only pose was reached" in account.mistakes
    assert "sync002 is neither completed nor expired, or both" in account.mistakes
    assert "sync001 was told of under 2 ids" in account.mistakes
