from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from docs.examples.orders import demo, generate
from docs.examples.orders.accounts import Account, FaultKind, Letter, count_faults, order_in
from docs.examples.orders.report import print_report
from powertools_stream.local.activity import Tally
from powertools_stream.local.stack import Stack

ROOT = Path(__file__).resolve().parents[2]

LETTER = {"messageId": "m-2"}
ROW = {"dynamodb": {"Keys": {"pk": {"S": "o-3"}, "sk": {"S": "order"}}}}

NOTHING = Stack("orders", functions={}, mappings={}, physical_ids={}, types={}, left_out=())


def a_fault(
    record: object, disposition: str, function: str = "listener", rule: str = "accept_order"
) -> dict[str, object]:
    return {
        "tags": {"functionname": function, "pipeline": rule},
        "err": {"name": "ValueError", "message": "no [price]"},
        "uow": {"record": record},
        "disposition": disposition,
    }


WELL = Account(
    orders=("o-1", "o-2", "o-3"),
    rows=("o-1", "o-3"),
    letters=(Letter("o-2", "m-2"),),
    events=(
        {"type": "order-accepted", "order_id": "o-1"},
        {"type": "order-accepted", "order_id": "o-3"},
        {"type": "order-created", "order": {"id": "o-1"}},
    ),
    faults=(a_fault(LETTER, "reported"), a_fault(ROW, "set-aside", "trigger", "announce_order")),
)


@pytest.mark.slow
def test_the_demo_adds_up(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    command = [sys.executable, "-m", "docs.examples.orders.demo", "--log", str(log)]

    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)

    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stderr == ""
    assert "300 orders in = 284 processed + 16 dead-lettered, 0 lost. It adds up." in run.stdout
    # Every order once as an event, whatever came back; and each failure once as a fault event.
    assert re.search(r"order-accepted +│ +284 ", run.stdout)
    assert re.search(r"order-created +│ +281 ", run.stdout)
    assert re.search(r"fault +│ +27 ", run.stdout)
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    names = {line["function_name"] for line in lines if "function_name" in line}  # the runtime's own lines have none
    assert names == {"orders-listener", "orders-trigger"}


@pytest.mark.slow
def test_the_template_loses_no_events() -> None:
    command = [sys.executable, "-m", "powertools_stream", "check", "docs/examples/orders/template.yaml"]

    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)

    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.slow
def test_the_demo_takes_a_file_of_ones_own(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    orders = tmp_path / "orders.jsonl"
    orders.write_text("\n".join(["nothing", *generate.ORDERS.read_text(encoding="utf-8").splitlines()[:3]]))

    status = demo.main(["--orders", str(orders)])

    printed = capfd.readouterr()
    assert status == 0, printed
    assert "4 orders in = 3 processed + 1 dead-lettered, 0 lost." in printed.out


def test_the_file_of_orders_is_what_its_script_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = generate.ORDERS.read_text(encoding="utf-8")
    monkeypatch.setattr(generate, "ORDERS", tmp_path / "orders.jsonl")

    generate.main()

    assert generate.ORDERS.read_text(encoding="utf-8") == written


def test_an_account_adds_up_when_every_order_is_in_one_place_and_the_bus_knows() -> None:
    assert WELL.adds_up


@pytest.mark.parametrize(
    ("account", "what"),
    [
        (replace(WELL, rows=("o-3",)), "lost"),
        (replace(WELL, rows=("o-1", "o-2", "o-3")), "surplus"),
        (replace(WELL, rows=("o-1", "o-1", "o-3")), "surplus"),
        (replace(WELL, orders=("o-2", "o-3")), "surplus"),
        (replace(WELL, faults=WELL.faults[1:]), "unexplained"),
        (replace(WELL, faults=WELL.faults[:1]), "unheard"),
        (replace(WELL, events=WELL.events[1:]), "unheard"),
    ],
)
def test_an_account_does_not_add_up_when_an_order_is_in_doubt(account: Account, what: str) -> None:
    assert not account.adds_up
    assert getattr(account, what)


def test_the_report_names_the_orders_that_are_in_doubt() -> None:
    written = io.StringIO()
    console = Console(file=written, width=80)

    print_report(console, replace(WELL, rows=("o-3",)), NOTHING, Tally(), 1.0)

    printed = written.getvalue()
    assert "3 orders in = 1 processed + 1 dead-lettered, 1 lost. It does not add up." in printed
    assert "1 nowhere: o-1" in printed
    assert "ValueError: no [price]" in printed


@pytest.mark.parametrize(
    ("body", "order"),
    [
        ('{"order": {"id": "o-1"}}', "o-1"),
        ('{"detail": {"order": {"id": "o-1"}}}', "o-1"),
        ("not JSON", "not JSON"),
        ("null", "null"),
        ('["o-1"]', '["o-1"]'),
        ("{}", "{}"),
    ],
)
def test_an_order_is_named_by_its_id_or_else_by_its_text(body: str, order: str) -> None:
    assert order_in(body) == order


def test_fault_events_that_say_the_same_are_counted_together() -> None:
    kinds = count_faults([a_fault(LETTER, "reported"), a_fault({"messageId": "m-9"}, "reported")])

    assert kinds == {FaultKind("listener", "accept_order", "ValueError", "reported"): 2}
