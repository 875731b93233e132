from __future__ import annotations

import io
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from docs.examples.perception import demo
from docs.examples.perception.accounts import Account
from docs.examples.perception.demo import CAMERAS, Demo
from docs.examples.perception.pipeline import MODULES, UNKNOWN
from docs.examples.perception.service import PerceptionService
from powertools_stream.local import EmbeddedAWS, drain

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_demo_adds_up(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    accounts: list[tuple[Demo, Account]] = []

    class Kept(Demo):
        def account(self) -> Account:
            account = super().account()
            accounts.append((self, account))
            return account

    monkeypatch.setattr(demo, "Demo", Kept)

    status = demo.main([])

    printed = capfd.readouterr()
    assert status == 0, printed
    assert printed.err == ""
    assert "4 syncs = 3 completed + 1 expired. It adds up." in printed.out
    assert "Records that failed, and came again: 1 (worker: A camera of sync002" in printed.out
    assert "sync003: tracking never came, and has expired" in printed.out
    assert "Rows of a module that there is not, in a queue of their own: 1" in printed.out
    ((ran, account),) = accounts
    assert_every_sync_came_to_its_end(ran, account, deliveries=1)


@pytest.mark.slow
def test_every_sync_comes_to_its_end_though_every_record_comes_twice_and_out_of_order() -> None:
    with EmbeddedAWS() as aws:
        twice = Demo(aws, io.StringIO(), seed=7)
        twice.run()
        account = twice.account()

    assert_every_sync_came_to_its_end(twice, account, deliveries=2)


def assert_every_sync_came_to_its_end(ran: Demo, account: Account, *, deliveries: int) -> None:
    assert account.mistakes == []
    assert account.completed == {"sync001", "sync002", "sync004"}
    assert account.expired == {("sync003", "tracking")}
    assert Counter(sync for sync, _ in account.requests) == {"sync001": 10, "sync002": 10, "sync003": 5, "sync004": 10}
    # The camera that failed came through, and each module has a function of its own.
    assert account.work["sync002", "pose"] == {"cam1", "cam2"}
    assert set(ran.invocations) == {"trigger", "worker", *MODULES}
    # The one row that nobody understands was told of, and where every record comes twice, twice.
    assert [event["module"] for event in account.unknown] == [UNKNOWN] * deliveries
    assert len({event["id"] for event in account.unknown}) == 1
    assert [event["err"]["name"] for event in account.heard if event["type"] == "fault"] == ["RuntimeError"]


@pytest.mark.slow
def test_the_demo_can_be_started() -> None:
    command = [sys.executable, "-m", "docs.examples.perception.demo", "--help"]

    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False)

    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert shown.stderr == ""
    assert "--twice" in shown.stdout


@pytest.mark.slow
def test_a_row_that_cannot_be_told_of_does_not_hold_up_the_rows_behind_it() -> None:
    without_parts = {"site": "plant-a", "date#event_type": "2025-07-15#pose#sync001#request", "status": "REQUESTED"}
    behind_it = {"site": "plant-a", "date#event_type": "2025-07-15#coffee#sync001", "status": "COMPLETED"}
    with EmbeddedAWS() as aws:
        service = PerceptionService.deploy(aws, io.StringIO())
        service.put(without_parts)
        service.put(behind_it)

        list(drain(*service.pollers, rounds=3))

        (fault,) = service.events("heard")
        (unknown,) = service.events(UNKNOWN)
    assert (fault["err"]["name"], fault["disposition"]) == ("KeyError", "set-aside")
    assert unknown["module"] == UNKNOWN


def row(module: str, sync: str, part: str, status: str) -> dict[str, Any]:
    return {"site": "s", "date#event_type": f"d#{module}#{sync}#{part}", "status": status, "parts": [""]}


def test_an_account_says_what_does_not_add_up() -> None:
    first, second, *_ = MODULES
    written = (
        row(first, "sync001", "request", "REQUESTED"),
        row(second, "sync001", "request", "REQUESTED"),
        row(first, "sync001", "cam1", "COMPLETED"),
        row(first, "sync001", "cam1", "COMPLETED"),
    )
    told = {"type": "sync-completed", "sync": "sync001"}

    account = Account(CAMERAS, written, ({**told, "id": "1"}, {**told, "id": "2"}), ())

    assert "sync001: pose was passed over" in account.mistakes
    assert "sync001: recon was asked for too early" in account.mistakes
    assert "sync001: not every camera is there" in account.mistakes
    assert "sync001 is completed, but only recon was reached" in account.mistakes
    assert "sync002 is neither completed nor expired, or both" in account.mistakes
    assert "sync001 was told of under 2 ids" in account.mistakes
    assert "d#pose#sync001#cam1 was put 2 times" in account.mistakes
