from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from powertools_stream.cli.local.log import LogWriter
from powertools_stream.cli.local.summary import Summary, print_summary
from powertools_stream.cli.status import Status
from powertools_stream.local.accounting import SourceAccount
from powertools_stream.local.activity import Activity, FunctionTally, LogLine, MappingBatch, MappingTally, Reloaded
from powertools_stream.local.function import Invocation
from powertools_stream.local.mappings import BatchOutcome
from powertools_stream.local.stack import LeftOut

ACCOUNT = SourceAccount("ListenerOrders", "Orders", "Listener", 9, 6, 0, 2, 1, is_exact=True)
WELL = Summary(
    templates=["template.yaml"],
    target="Orders",
    sent=9,
    functions={"Listener": FunctionTally(invocations=4, errors=1, seconds=2.0, rule_runs=12, faults=3)},
    mappings={"ListenerOrders": MappingTally(4, 9, 12, 6, 6, 0)},
    failures={("Listener", "accept_order", "fault"): 3},
    accounts=[ACCOUNT],
    queues={"Orders": 1, "Letters": 2},
    left_out=[LeftOut("Archive", "AWS::Events::Archive", "The emulator does not know this type.")],
    problems=[],
    is_once=True,
    is_quiet=True,
    is_interrupted=False,
    seconds=12.34,
)


def printed(summary: Summary, width: int = 100) -> str:
    written = io.StringIO()
    print_summary(Console(file=written, width=width, highlight=False), summary)
    return written.getvalue()


def test_the_summary() -> None:
    lines = [line.rstrip() for line in printed(WELL).splitlines()]
    assert "Listener                4       1     12       3  500 ms" in lines
    assert "ListenerOrders        4          12        9     6      6          0" in lines
    assert "Listener  accept_order      fault       3" in lines
    assert "Letters              2" in lines
    assert (
        "Orders → Listener: 9 records = 6 done + 2 in the dead-letter queue + 1 to be sent again. It adds up." in lines
    )
    assert lines[-1] == "9 events sent to Orders. All is quiet after 12.3 s."


def test_on_a_narrow_terminal_it_has_fewer_columns() -> None:
    text = printed(WELL, width=60)
    assert "Rules" not in text
    assert max(len(line) for line in text.split("\n\n")[0].splitlines()) <= 60


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        ({"accounts": [replace(ACCOUNT, done=5)]}, "Orders: 1 record is nowhere."),
        ({"accounts": [replace(ACCOUNT, done=8)]}, "Orders: 2 records are in two places."),
        ({"problems": ["ListenerOrders polls no more: gone"]}, "ListenerOrders polls no more: gone"),
        ({"is_quiet": False}, "It did not become quiet in time: see what waits, and --timeout and --retry-delay."),
        ({"left_out": [LeftOut("Fn", "AWS::Lambda::Function", "No.")]}, "Fn does not run here. No."),
    ],
)
def test_what_a_person_should_look_at(change: Mapping[str, Any], finding: str) -> None:
    summary = replace(WELL, **change)
    assert list(summary.findings()) == [finding]
    assert summary.status is Status.FINDINGS
    assert finding in printed(summary)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"is_once": False, "is_quiet": False},
        # Stopped in the middle: records are on their way.
        {"is_interrupted": True, "is_quiet": False, "accounts": [replace(ACCOUNT, done=5)]},
    ],
)
def test_all_is_well(change: Mapping[str, Any]) -> None:
    assert replace(WELL, **change).status is Status.FINE


def test_the_document() -> None:
    document = json.loads(json.dumps(WELL.to_json()))
    assert document["failures"] == [{"function": "Listener", "rule": "accept_order", "reason": "fault", "times": 3}]
    assert document["accounts"][0]["missing"] == 0
    assert (document["adds_up"], document["seconds"]) == (True, 12.3)


# -- The log -----------------------------------------------------------------------------------------------------------


def shown(activity: Activity, *, verbose: bool = False) -> tuple[str, str]:
    console, file = io.StringIO(), io.StringIO()
    LogWriter(Console(file=console, width=100, highlight=False), file, verbose=verbose)(activity)
    return console.getvalue(), file.getvalue()


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("printed [bold]", "Listener: printed [bold]\n"),
        ('{"level": "INFO", "message": "fine"}', ""),
        ('{"level": "WARNING", "message": "look\\nhere"}', "Listener: look\n"),
        ('{"level": "ERROR", "message": "bad"}', "Listener: bad\n"),
        # What a handler raises is told with the invocation.
        ('{"level": "ERROR", "errorType": "ValueError", "stackTrace": []}', ""),
        ('{"level": "WARNING", "message": "LAMBDA_WARNING: Unhandled exception. …"}', ""),
        ("Traceback (most recent call last):", ""),
        ("", ""),
    ],
)
def test_a_line_is_short_on_the_console_and_whole_in_the_file(text: str, short: str) -> None:
    line = LogLine("Listener", text)
    assert shown(line) == (short, f"Listener: {text}\n")
    assert shown(line, verbose=True)[0] == f"Listener: {text}\n"


def test_an_invocation_that_failed_is_told() -> None:
    failed = Invocation("Listener", "1", {}, None, ValueError("bad\nand more"), 0.1)
    assert shown(failed)[0] == "Listener: bad\n"
    assert shown(replace(failed, error=None))[0] == ""


def test_an_error_that_each_invocation_has_is_told_once_until_one_succeeds() -> None:
    console = io.StringIO()
    write = LogWriter(Console(file=console, width=100))
    failed = Invocation("Listener", "1", {}, None, ValueError("bad"), 0.1)
    for each in (failed, failed, replace(failed, error=None), failed, replace(failed, error=ValueError("worse"))):
        write(each)
    assert console.getvalue() == "Listener: bad\nListener: bad\nListener: worse\n"


def test_what_filters_have_discarded_is_told() -> None:
    summary = replace(WELL, filtered={"ListenerOrders": 5})
    assert "ListenerOrders: 5 records discarded by its filters." in printed(summary).splitlines()
    assert summary.to_json()["filtered"] == {"ListenerOrders": 5}


def test_a_response_that_lambda_cannot_read_is_told_once_for_each_reason() -> None:
    console = io.StringIO()
    write = LogWriter(Console(file=console, width=100))
    for problem in ("", "It is none.", "It is none.", "It is another."):
        write(MappingBatch("ListenerOrders", BatchOutcome("arn", "Listener", None, problem=problem)))
    assert console.getvalue() == "ListenerOrders: It is none.\nListenerOrders: It is another.\n"


def test_what_was_moved_out_of_the_dead_letter_queue_is_a_place_of_its_own() -> None:
    account = replace(ACCOUNT, records=3, done=2, discarded=0, dead_letters=0, waiting=0, moved=1)
    text = printed(replace(WELL, accounts=[account]))
    assert "3 records = 2 done + 1 moved out of the dead-letter queue, as a new record. It adds up." in text


def test_one_event_is_no_plural() -> None:
    account = replace(ACCOUNT, records=1, done=1, discarded=0, dead_letters=0, waiting=0)
    text = printed(replace(WELL, sent=1, accounts=[account]))
    assert "1 record = 1 done" in text
    assert "1 event sent to" in text


def test_loading_code_anew_is_told() -> None:
    assert shown(Reloaded((Path("src/app.py"),)))[0] == "Loading code anew: app.py\n"
