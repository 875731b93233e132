from __future__ import annotations

import json
from base64 import b64encode
from gzip import compress
from pathlib import Path

import pytest

from powertools_stream.cli.lake.moments import HOUR
from tests.cli.conftest import Command
from tests.cli.lake.events import AT, enveloped, event, fault, lines

TAGS = {"functionname": "orders-trigger", "pipeline": "publish", "source": "orders"}
EVENTS = [
    enveloped(event("o-1.submitted", tags=TAGS)),
    enveloped(event("o-1.paid", "order-paid", AT + HOUR, tags=TAGS)),
    fault("f-1", at=AT + 2 * HOUR),
    event("o-2.submitted", at=AT + 3 * HOUR, partition_key="o-2"),
    enveloped({"instance-id": "i-1"}, source="aws.ec2", id="7b", **{"detail-type": "EC2 Instance State-change"}),
]


@pytest.fixture(autouse=True)
def _lake(tmp_path: Path) -> None:
    for hour, events in enumerate((EVENTS[:2], EVENTS[1:])):
        folder = tmp_path / f"lake/2025/11/29/{22 + hour}"
        folder.mkdir(parents=True)
        (folder / "events").write_bytes(lines(events))


def test_a_list_of_events(command: Command) -> None:
    done = command("events", "ls", "lake", "--since", "2025-11-29", "--type", "order-*")
    assert (done.status, done.errors) == (0, "")
    assert [" ".join(line.split()) for line in done.output.splitlines()] == [
        "Time (UTC) Type Partition key Function Id",
        "2025-11-29 22:00:00 order-submitted o-1 orders-trigger o-1.submitted",
        "2025-11-29 23:00:00 order-paid o-1 orders-trigger o-1.paid",
        "2025-11-30 01:00:00 order-submitted o-2 – o-2.submitted",
        "3 events.",
    ]


def test_the_events_themselves(command: Command) -> None:
    done = command("events", "ls", "lake", "--jsonl", "--function", "orders-trigger", "--rule", "publish")
    assert list(map(json.loads, done.output.splitlines())) == [EVENTS[0]["detail"], EVENTS[1]["detail"]]
    done = command("events", "ls", "lake", "--json", "--id", "7b")
    ((found),) = json.loads(done.output)
    assert (found["type"], found["instance-id"], found["timestamp"]) == ("EC2 Instance State-change", "i-1", AT)


def test_all_of_an_event(command: Command) -> None:
    done = command("events", "show", "lake", "o-2")
    assert done.output.startswith("order-submitted  2025-11-30 01:00:00 UTC\nlake/2025/11/29/23/events:3\n{\n")
    packed = event("o-3", order="COMPRESSED" + b64encode(compress(b'{"total": 42}')).decode())
    done = command("events", "show", "-", "o-3", "--json", input=lines([packed]).decode())
    assert json.loads(done.output)[0]["order"] == {"total": 42}
    broken = event("o-3", order="COMPRESSED" + b64encode(compress(b'{"total": 42}')[:20]).decode())
    done = command("events", "show", "-", "o-3", "--json", input=lines([broken]).decode())
    assert (done.status, json.loads(done.output)) == (1, [broken])
    assert "warning: standard input:1: Of the event: " in done.errors


def test_counts(command: Command) -> None:
    done = command("events", "count", "lake")
    assert [line.split() for line in done.output.splitlines()] == [
        ["Type", "Events"],
        ["order-submitted", "2"],
        ["EC2", "Instance", "State-change", "1"],
        ["fault", "1"],
        ["order-paid", "1"],
        ["5", "events."],
    ]
    done = command("events", "count", "lake", "--by", "source", "--by", "day", "--json", "--until", "2025-11-30")
    assert json.loads(done.output) == [
        {"source": None, "day": "2025-11-29", "count": 1},
        {"source": "orders", "day": "2025-11-29", "count": 2},
    ]


def test_an_empty_lake(command: Command, tmp_path: Path) -> None:
    done = command("events", "ls", "-", input="\n")
    assert (done.status, done.output) == (0, "0 events.\n")
    assert done.errors == "Nothing is selected: found 0 events in standard input.\n"
    done = command("events", "count", "lake", "--type", "order-shipped", "--json")
    assert (done.status, done.output) == (0, "[]\n")
    assert done.errors == "Nothing is selected: found 6 events in lake.\n"
    done = command("events", "ls", "lake", "--since", "2026-11-29")
    assert done.errors == "Nothing is selected: found nothing to read at that time in lake.\n"
    (tmp_path / "empty").mkdir()
    done = command("events", "ls", "empty")
    assert done.errors == "Nothing is selected: found nothing to read in empty.\n"
