from __future__ import annotations

import json
from pathlib import Path

import pytest

from powertools_stream.cli.faults.views import print_fault
from powertools_stream.cli.lake.moments import HOUR
from powertools_stream.cli.lake.stored import StoredEvent
from powertools_stream.cli.output import results
from tests.cli.conftest import Command
from tests.cli.lake.events import AT, enveloped, event, fault, lines
from tests.conftest import Aws

FAULTS = [
    enveloped(fault("3f2a91c0" + "0" * 24)),
    enveloped(fault("3f2a91c1" + "0" * 24, "ship", "KeyError", AT + HOUR, disposition="reported", attempt=1)),
    enveloped(event("o-1.paid", "order-paid")),
    enveloped(fault("77" * 16, "charge", "ValidationError", AT - HOUR, attempt=None)),
    # Firehose and EventBridge deliver at least once; a record that fails again has the same id.
    enveloped(fault("77" * 16, "charge", "ValidationError", AT + 2 * HOUR, attempt=4)),
]
DEEP = {"record": {"body": {"<json>": "[[1]]"}}, "event": event("o-2", "order-paid"), "pipeline": "charge"}


@pytest.fixture
def faults(tmp_path: Path) -> str:
    (tmp_path / "faults.jsonl.gz").write_bytes(lines(FAULTS, zipped=True))
    return "faults.jsonl.gz"


def test_a_list_of_faults(command: Command, faults: str) -> None:
    done = command("faults", "ls", faults, environment={"COLUMNS": "140"})
    assert (done.status, done.errors) == (0, "")
    assert [" ".join(line.split()) for line in done.output.splitlines()] == [
        "Time (UTC) Function Rule Error Outcome Try Id",
        "2025-11-29 22:00:00 orders-listener charge PaymentError: card [o-1] declined set-aside 3 3f2a91c0",
        "2025-11-29 23:00:00 orders-listener ship KeyError: card [o-1] declined reported 1 3f2a91c1",
        "2025-11-30 00:00:00 orders-listener charge ValidationError: card [o-1] declined set-aside 4 77777777",
        "3 faults.",
    ]
    assert max(map(len, done.output.splitlines())) <= 140


@pytest.mark.parametrize(("columns", "time"), [(100, "2025-11-30 00:00:00"), (80, "11-30 00:00")])
def test_a_list_fits_a_narrow_terminal_and_has_the_newest(
    command: Command, faults: str, columns: int, time: str
) -> None:
    done = command("faults", "ls", faults, "-n", "2", environment={"COLUMNS": str(columns)})
    assert max(map(len, done.output.splitlines())) <= columns
    lines = [" ".join(line.split()) for line in done.output.splitlines()]
    assert lines[-3:] == [
        f"{time} orders-listener charge set-aside 4 77777777",
        "ValidationError: card [o-1] declined",
        "The newest 2 of 3 faults. More: --limit.",
    ]


def test_a_long_name_of_a_function_leaves_room_for_the_rule(command: Command, tmp_path: Path) -> None:
    tags = {"functionname": "control-service-Trigger-F8A0B8005A2C4E6F8A0B8005A2C4E6", "pipeline": "fulfil_order"}
    (tmp_path / "faults.jsonl").write_text(json.dumps({"id": "1", "type": "fault", "tags": tags}))

    shown = command("faults", "ls", "faults.jsonl", environment={"COLUMNS": "80"}).output

    assert "fulfil_order" in shown


def test_faults_are_selected(command: Command, faults: str) -> None:
    for selected, found in {
        ("--rule", "charge", "--error", "Payment*"): ["3f2a91c0"],
        ("--function", "orders-*", "--type", "order-submitted", "--until", "2025-11-29T23:00"): [
            "77777777",
            "3f2a91c0",
        ],
        ("--since", "2025-11-29T23:00:00Z", "--id", "3f*"): ["3f2a91c1"],
        ("--type", "order-paid"): [],
    }.items():
        done = command("faults", "ls", faults, "--json", *selected)
        assert [each["id"][:8] for each in json.loads(done.output)] == found
    assert json.loads(command("faults", "ls", faults, "--json", "-n", "1").output) == [FAULTS[4]["detail"]]


def test_events_as_lines_are_a_lake_again(command: Command, faults: str) -> None:
    done = command("faults", "ls", faults, "--jsonl")
    assert [json.loads(line)["id"][:8] for line in done.output.splitlines()] == ["3f2a91c0", "3f2a91c1", "77777777"]
    again = command("faults", "count", "-", "--by", "rule", "--json", input=done.output)
    assert json.loads(again.output) == [{"rule": "charge", "count": 2}, {"rule": "ship", "count": 1}]


def test_all_of_a_fault(command: Command, faults: str) -> None:
    done = command("faults", "show", faults, "3f2a91c0", "77")
    assert done.status == 0
    first, second = done.output.split("\n─")
    assert first.startswith("PaymentError: card [o-1] declined\n")
    for fact in (
        "function       orders-listener",
        "where          dev, eu-central-1",
        "outcome        set-aside",
        "partition key  o-1",
        "stored in      faults.jsonl.gz:1",
        "  Traceback:\n    in charge",
        '"body": "{\\"id\\": \\"o-1\\"}"',
        '"total": 42',
    ):
        assert fact in first
    assert first.index("\nstack\n") < first.index("\nevent\n") < first.index("\nrecord\n") < first.index("\nfound\n")
    assert "attempt        4" in second


def test_the_record_for_a_test(command: Command, faults: str) -> None:
    done = command("faults", "show", faults, "3f2a91c0", "--record")
    assert json.loads(done.output) == FAULTS[0]["detail"]["uow"]["record"]
    done = command("faults", "show", faults, "3f2a", "--record")
    assert (done.status, done.output) == (2, "")
    assert "error: Expected one event, found 3f2a91c0" in done.errors


@pytest.mark.parametrize(
    ("given", "record"),
    [
        (fault("f", uow={"batch": [{"record": {"messageId": "1"}}, {"record": {"messageId": "2"}}]}), ["1", "2"]),
        (fault("f", trimmed=True), None),
        (fault("f", uow="<cut>"), None),
    ],
)
def test_records_of_a_batch_and_none(command: Command, given: object, record: list[str] | None) -> None:
    done = command("faults", "show", "-", "f", "--record", input=lines([given]).decode())
    if record is None:
        assert done.status == 2
        assert "Expected a fault event with its whole record, found that f has none." in done.errors
    else:
        assert [each["messageId"] for each in json.loads(done.output)] == record


@pytest.mark.parametrize("s3", [{}, {"bucket": "b"}, {"bucket": 1, "key": []}, "s3", {"{": "}"}])
def test_a_place_that_is_none_is_not_shown(capsys: pytest.CaptureFixture[str], s3: object) -> None:
    print_fault(results(), StoredEvent(fault("f", s3=s3), "faults.jsonl:1"))
    assert "whole event" not in capsys.readouterr().out


def test_what_is_not_found_is_told(command: Command, faults: str) -> None:
    done = command("faults", "show", faults, "3f2a91c0", "4f", "--json")
    assert done.status == 1
    assert [each["id"] for each in json.loads(done.output)] == ["3f2a91c0" + "0" * 24]
    assert "error: Expected an event whose id is or begins with 4f, found none in faults.jsonl.gz." in done.errors


def test_counts(command: Command, faults: str) -> None:
    done = command("faults", "count", faults)
    assert [line.split() for line in done.output.splitlines()] == [
        ["Function", "Rule", "Error", "Faults"],
        ["orders-listener", "charge", "PaymentError", "1"],
        ["orders-listener", "charge", "ValidationError", "1"],
        ["orders-listener", "ship", "KeyError", "1"],
        ["3", "faults."],
    ]
    done = command("faults", "count", faults, "--by", "hour", "--by", "type", "--json", "--error", "*Error")
    assert json.loads(done.output) == [
        {"hour": "2025-11-29 21:00", "type": "order-submitted", "count": 1},
        {"hour": "2025-11-29 22:00", "type": "order-submitted", "count": 1},
        {"hour": "2025-11-29 23:00", "type": "order-submitted", "count": 1},
    ]


def test_what_cannot_be_read_is_told_and_the_command_exits_with_1(command: Command) -> None:
    stored = lines([fault("1"), "{no JSON", fault("\ud83d"), {"id": "x"}]).decode()
    done = command("faults", "ls", "-", "--json", input=stored)
    assert done.status == 1
    assert [each["id"] for each in json.loads(done.output)] == ["1", "\ud83d"]
    assert [line.partition(": Expected")[0] for line in done.errors.splitlines()] == [
        "warning: standard input:2",
        "warning: standard input:4",
    ]


def test_a_terminal_is_not_told_what_to_do_by_an_event(command: Command) -> None:
    evil = "\x1b[2J\x9b[\ud83d"
    broken = fault("f" + evil, rule=evil, error=evil, err={"name": evil, "message": evil, "stack": evil})
    stored = lines([broken, {"id": 1, evil: 2}]).decode()
    for arguments in (["ls", "-"], ["show", "-", "f"], ["count", "-"], ["count", "-", "--by", evil]):
        done = command("faults", *arguments, input=stored)
        assert "Traceback (most" not in done.errors
        assert "\x1b" not in done.output + done.errors
        assert "\x9b" not in done.output
        assert "--by" in arguments or "\\x1b[2J\\x9b[" in done.output


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["ls", "nowhere.jsonl"], "Expected a file or a folder with events, found none at nowhere.jsonl."),
        (["ls", "-", "--since", "soon"], "found 'soon'."),
        (["ls", "-", "--late", "soon"], "Expected how long, such as 30m, 2h or 7d, found 'soon'."),
        (["ls", "-", "--json", "--jsonl"], "Expected --json or --jsonl, found both: leave one out."),
        (["count", "sqs://faults"], "Cannot call AWS: Could not connect to the endpoint URL"),
        (
            ["show", "s3://lake", "1", "--profile", "none"],
            "Cannot call AWS: The config profile (none) could not be found",
        ),
    ],
)
def test_bad_input_is_answered_by_one_line(command: Command, arguments: list[str], why: str) -> None:
    done = command("faults", *arguments, environment={"AWS_MAX_ATTEMPTS": "1"})
    assert (done.status, done.output) == (2, "")
    assert done.errors.startswith("error: ")
    assert why in done.errors
    assert done.errors.count("\n") == 1


@pytest.mark.slow
def test_a_lake_in_s3_and_a_claim_check(installed: Command, aws: Aws) -> None:
    s3, key = aws.client("s3"), "eu-central-1/claimchecks/2025/11/29/22/f-1/0f3a5b7c9d1e2f40"
    large = {**fault("f-1"), "s3": {"bucket": "lake", "key": key}}
    del large["uow"]
    s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_object(Bucket="lake", Key=key, Body=json.dumps(fault("f-1", uow=DEEP)))
    s3.put_object(Bucket="lake", Key="faults/2025/11/29/22/1.gz", Body=lines([enveloped(large)], "", zipped=True))
    done = installed("faults", "show", "s3://lake/faults/", "f", "--since", "2025-11-29", "--record")
    assert (done.status, done.errors) == (0, "")
    assert json.loads(done.output) == {"body": [[1]]}
