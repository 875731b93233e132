from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from docs.examples.fulfilment.accounts import Account
from docs.examples.fulfilment.demo import Demo
from docs.examples.fulfilment.report import print_report
from docs.examples.fulfilment.shop import ORDERS, Order, events_of
from powertools_stream.local import EmbeddedAWS

ROOT = Path(__file__).resolve().parents[2]
FEW = ORDERS[:30]
"""Orders of each kind: ready, expired and open, paid twice, and of regular customers."""

READY, EXPIRED, OPEN = Order(1), Order(5), Order(20)


@pytest.mark.slow
def test_the_demo_adds_up_and_makes_few_calls(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    command = [sys.executable, "-m", "docs.examples.fulfilment.demo", "--log", str(log)]

    demo = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)

    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert demo.stderr == ""
    assert "60 orders = 48 ready + 9 expired + 3 still open. It adds up." in demo.stdout
    # 112 events from two shards, and 60 of them are correlated twice; each order whose row was due has an event.
    assert re.search(r"listener +│ dynamodb │ BatchWriteItem │ +[56] │ +112 ", demo.stdout)
    assert re.search(r"trigger +│ dynamodb │ BatchWriteItem │ +\d │ +172 ", demo.stdout)
    assert re.search(r"order-created-expired +│ +45 │ +45 ", demo.stdout)
    assert re.search(r"order-ready +│ +\d+ │ +48 ", demo.stdout)
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert {line["function_name"] for line in lines} <= {"listener", "trigger", "recorder"}


@pytest.mark.slow
def test_it_holds_when_every_record_comes_twice_and_out_of_order_and_everything_again_after_the_end() -> None:
    now = int(time.time() * 1000)
    with EmbeddedAWS() as aws:
        demo = Demo(aws, io.StringIO(), seed=7)

        demo.publish(events_of(FEW, now))
        before = demo.account(FEW)
        demo.let_time_pass()
        after = demo.account(FEW)
        demo.publish([*events_of(FEW, now), *(order.paid(now, payment=3) for order in FEW if order.outcome != "open")])
        demo.let_time_pass()
        at_last = demo.account(FEW)

    assert set(before.outcomes.values()) == {"ready", "open"}
    assert after.adds_up, vars(after)
    # Events that come again, and a payment that comes too late, change nothing.
    assert at_last.adds_up, vars(at_last)
    assert by_key(at_last) == by_key(after)
    assert at_last.puts[False] > after.puts[False] > 0


def by_key(account: Account) -> dict[str, Any]:
    return {row["pk"]: row for row in account.rows}


HEARD = {"type": "order-ready", "id": "order-ready.o-01", "timestamp": 0, "order": {"id": "o-01"}}
WELL = Account(
    orders=(READY, EXPIRED, OPEN),
    rows=({"pk": "o-01", "sk": "order", "status": "ready"}, {"pk": "o-05", "sk": "order", "status": "expired"}),
    heard=(HEARD,),
    puts=Counter({True: 2, False: 5}),
)


def test_an_account_adds_up_when_every_order_came_to_its_end() -> None:
    assert WELL.adds_up
    assert WELL.outcomes == {"o-01": "ready", "o-05": "expired", "o-20": "open"}


@pytest.mark.parametrize(
    ("account", "what"),
    [
        (replace(WELL, rows=WELL.rows[:1]), "wrong"),
        (replace(WELL, orders=(READY,)), "wrong"),
        (replace(WELL, rows=(*WELL.rows, {"pk": "c-01", "sk": "regular"})), "wrong_regulars"),
        (replace(WELL, heard=({**HEARD, "id": "row-1.ready_orders"},)), "misnamed"),
        (replace(WELL, puts=Counter({True: 3})), "acted_twice"),
        (replace(WELL, heard=(HEARD, {"type": "fault", "id": "f-1"})), "faults"),
    ],
)
def test_an_account_does_not_add_up_when_something_is_in_doubt(account: Account, what: str) -> None:
    written = io.StringIO()

    print_report(Console(file=written, width=100), account, (), [], 1.0)

    assert not account.adds_up
    assert getattr(account, what)
    assert "It does not add up." in written.getvalue()
