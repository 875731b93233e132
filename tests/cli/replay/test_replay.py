"""`events replay`: to a bus, a queue, a function, and to what Step Functions needs."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from powertools_stream import RuleRegistry, StreamProcessor
from powertools_stream.cli.aws import Account
from powertools_stream.cli.lake import Selection, open_lake
from powertools_stream.cli.replay.again import key_of, replayed
from powertools_stream.cli.replay.command import _check_apart
from powertools_stream.cli.replay.running import Outcome, Replaying
from powertools_stream.cli.sending import Journal, Pace
from powertools_stream.cli.status import CannotRunError
from powertools_stream.flavors import task
from powertools_stream.testing.endpoint import Answer, ScriptedEndpoint
from tests.cli.conftest import COMMAND, ROOT, Command, environment_of
from tests.cli.fake_lambda import FakeLambda, HangUpError
from tests.conftest import Aws

Event = dict[str, Any]


def stored(count: int, **more: Any) -> list[Event]:
    return [
        {"id": f"i{n}", "type": "order-submitted", "timestamp": 1000 + n, "tags": {"source": "shop"}, "n": n, **more}
        for n in range(count)
    ]


def written(path: Path, events: list[Event]) -> str:
    path.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    return str(path)


def details(endpoint: ScriptedEndpoint) -> list[Event]:
    return [json.loads(entry["Detail"]) for body in endpoint.bodies("PutEvents") for entry in body["Entries"]]


def test_events_go_to_a_bus_once_each_as_they_were(
    command: Command, tmp_path: Path, endpoint: ScriptedEndpoint
) -> None:
    fault = {"id": "f", "type": "fault", "timestamp": 1, "tags": {"skip": True}}
    lake = written(tmp_path / "lake.jsonl", [*stored(25), fault, *stored(3)])
    replay = ["events", "replay", lake, "--bus", "hub"]

    dry = command(*replay)
    assert (endpoint.count(), [*tmp_path.glob("replay-*")]) == (0, [])
    done = command(*replay, "--source", "mine", "--yes")
    again = command(*replay, "--yes", "--json")
    faults = command(*replay, "--type", "fault", "--yes", "--json")

    assert [each.status for each in (dry, done, again, faults)] == [0, 0, 0, 0]
    assert "order-submitted      25" in dry.output
    assert "1 fault event left out: --type fault asks for them." in dry.output
    assert "25 events would go to bus://hub; nothing was sent." in dry.output
    assert "25 sent to bus://hub." in done.output
    assert json.loads(again.output)["done_before"] == 25
    assert sorted(details(endpoint), key=lambda event: event.get("n", 100)) == [
        *({**event, "tags": {"source": "shop", "replayed": True}} for event in stored(25)),
        {**fault, "tags": {"skip": True, "replayed": True}},
    ]
    bodies = endpoint.bodies("PutEvents")
    assert sorted(len(body["Entries"]) for body in bodies) == [1, 5, 10, 10]
    assert {(entry["EventBusName"], entry["Source"]) for body in bodies[:3] for entry in body["Entries"]} == {
        ("hub", "mine")
    }


def test_what_fails_is_told_and_sent_the_next_time(
    command: Command, tmp_path: Path, endpoint: ScriptedEndpoint
) -> None:
    lake = written(tmp_path / "lake.jsonl", [*stored(3), {**stored(1)[0], "id": "big", "text": "x" * 1_100_000}])

    def second_fails(operation: str, body: Event) -> Answer:
        entries = [{"EventId": "1"} if "i1" not in entry["Detail"] else _REFUSED for entry in body["Entries"]]
        return 200, {"FailedEntryCount": 1, "Entries": entries}

    endpoint.script = second_fails
    first = command("events", "replay", lake, "--bus", "hub", "--yes")
    endpoint.script = None
    second = command("events", "replay", lake, "--bus", "hub", "--yes")

    assert (first.status, second.status) == (1, 1)
    assert f"failed: i1, {lake}:2: " in first.output
    assert f"failed: big, {lake}:4: EntryTooLargeError" in first.output
    assert "2 sent to bus://hub, 2 failed." in first.output
    assert "1 sent to bus://hub, 1 failed." in second.output


def test_a_switch_of_the_environment_makes_nothing_count_as_sent(
    command: Command, tmp_path: Path, endpoint: ScriptedEndpoint
) -> None:
    lake = written(tmp_path / "lake.jsonl", stored(2))

    off = command("events", "replay", lake, "--bus", "hub", "--yes", environment={"DISABLED_PIPELINES": "replay"})

    assert (off.status, endpoint.count()) == (1, 0)
    assert "not sent: see ENABLED_PIPELINES" in off.output
    assert "2 failed." in off.output


_REFUSED = {"ErrorCode": "MalformedDetail", "ErrorMessage": "no"}


def test_a_refusal_ends_it_with_one_line(command: Command, tmp_path: Path, endpoint: ScriptedEndpoint) -> None:
    lake = written(tmp_path / "lake.jsonl", stored(3))
    refusal = {"__type": "AccessDeniedException", "message": "no events:PutEvents"}
    endpoint.script = lambda operation, body: (400, refusal)

    refused = command("events", "replay", lake, "--bus", "hub", "--yes", "--batch-size", "2")

    assert refused.status == 2
    assert "error: The events cannot be sent:" in refused.errors
    assert "no events:PutEvents" in refused.errors
    assert endpoint.count() <= 2


def test_events_go_to_queues_in_order(command: Command, tmp_path: Path, aws: Aws) -> None:
    sqs = aws.client("sqs")
    plain = sqs.create_queue(QueueName="orders")["QueueUrl"]
    fifo = sqs.create_queue(QueueName="orders.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    events = [{**event, "partition_key": "a b ü"} for event in stored(12)]
    lake = written(tmp_path / "lake.jsonl", events)
    group = {"MessageGroupId": "a", "MessageDeduplicationId": "i3"}
    sqs.delete_message(QueueUrl=fifo, ReceiptHandle=_received(sqs, fifo, MessageBody="the original", **group))

    for name in ("orders", "orders.fifo"):
        assert command("events", "replay", lake, "--to", f"sqs://{name}", "--yes").status == 0

    received = []
    wanted = {"QueueUrl": fifo, "MaxNumberOfMessages": 10, "AttributeNames": ["All"]}
    while messages := sqs.receive_message(**wanted).get("Messages"):
        received += messages
        for message in messages:
            sqs.delete_message(QueueUrl=fifo, ReceiptHandle=message["ReceiptHandle"])
    assert [json.loads(message["Body"])["n"] for message in received] == [*range(12)]
    assert {message["Attributes"]["MessageGroupId"] for message in received} == {"a_b__"}
    count = sqs.get_queue_attributes(QueueUrl=plain, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    assert count["ApproximateNumberOfMessages"] == "12"
    assert command("events", "replay", lake, "--to", "sqs://gone", "--yes").status == 2


def _received(sqs: Any, url: str, **message: Any) -> str:
    sqs.send_message(QueueUrl=url, **message)
    return str(sqs.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"])


def processor(seen: list[Any]) -> StreamProcessor:
    rules = RuleRegistry()
    rules.add(id="view", flavor=task, event_type="order-submitted", execute=lambda uow: seen.append(uow.event["n"]))
    return StreamProcessor(rules=rules)


def test_events_go_to_a_function_that_takes_them_as_from_a_distributed_map(command: Command, tmp_path: Path) -> None:
    seen: list[Any] = []
    views, calls = processor(seen), list[int]()
    lake = written(tmp_path / "lake.jsonl", stored(5))
    replay = ["events", "replay", lake, "--to", "lambda://views:live", "--batch-size", "2", "--yes"]

    def handler(event: Any, context: Any) -> Any:
        calls.append(len(event["Items"]))
        if len(calls) == 2:
            raise TimeoutError("no database")
        if len(calls) == 3:
            raise HangUpError
        return views.process_event(event, context)

    with FakeLambda({"views:live": handler}) as aws:
        first = command(*replay, environment=aws.environment)
        second = command(*replay, "--json", environment=aws.environment)

    assert (first.status, second.status) == (1, 0)
    assert "failed: i2" in first.output
    assert "no database" in first.output
    assert "2 sent to lambda://views:live, 2 failed, 1 in doubt." in first.output
    found = json.loads(second.output)
    assert (found["done"], found["done_before"], found["in_doubt_before"]) == (3, 2, 1)
    assert (seen, calls) == ([0, 1, 2, 3, 4], [2, 2, 1, 2, 1])


def test_what_a_distributed_map_hands_over_is_understood(
    command: Command, tmp_path: Path, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
    lake = written(tmp_path / "lake.jsonl", [*stored(5), {**stored(1)[0], "id": "big", "text": "x" * 300_000}])
    options = ["--to", "lambda://views", "--distributed", "s3://lake/again/", "--batch-size", "2"]
    replay = ["events", "replay", lake, *options]

    dry = command(*replay)
    assert s3.list_objects_v2(Bucket="lake")["KeyCount"] == 0
    done = command(*replay, "--yes")

    objects = {one["Key"]: s3.get_object(Bucket="lake", Key=one["Key"])["Body"].read() for one in _contents(s3)}
    assert sorted(objects) == ["again/events.jsonl", "again/input.json", "again/state-machine.asl.json"]
    machine, given = (json.loads(objects[f"again/{name}"]) for name in ("state-machine.asl.json", "input.json"))
    seen: list[Any] = []
    for event in _handed_over(machine, given, objects):
        processor(seen).process_event(event)
    assert seen == [0, 1, 2, 3, 4]
    assert (dry.status, done.status) == (0, 1)
    assert "6 events would go to lambda://views; nothing was sent." in dry.output
    assert "5 events written to s3://lake/again/events.jsonl." in done.output
    assert f"left out: big, {lake}:6: too large for an execution" in done.output
    assert "--input file://input.json" in done.output
    assert not [*tmp_path.glob("replay-*")]


def _contents(s3: Any) -> Any:
    return s3.list_objects_v2(Bucket="lake").get("Contents", ())


def _handed_over(machine: Event, given: Event, objects: dict[str, bytes]) -> list[Event]:
    """Return what the state machine hands to the function: its own fields say which."""
    state = machine["States"][machine["StartAt"]]
    reader = state["ItemReader"]
    assert reader["ReaderConfig"] == {"InputType": "JSONL"}
    assert given[reader["Parameters"]["Bucket.$"].removeprefix("$.")] == "lake"
    lines = objects[given[reader["Parameters"]["Key.$"].removeprefix("$.")]].splitlines()
    items, count = [json.loads(line) for line in lines], state["ItemBatcher"]["MaxItemsPerBatch"]
    (invoke,) = state["ItemProcessor"]["States"].values()
    assert invoke["Parameters"] == {"FunctionName": "views", "Payload.$": "$"}
    return [{"Items": items[start : start + count]} for start in range(0, len(items), count)]


def test_bad_options_are_one_clear_line(command: Command, tmp_path: Path) -> None:
    lake = written(tmp_path / "lake.jsonl", stored(1))
    for options, message in (
        ([], "Expected --bus NAME, or --to"),
        (["--bus", "a", "--to", "sqs://b"], "and one of them"),
        (["--to", "views"], "Expected --to sqs://queue or lambda://function"),
        (["--bus", "a", "--distributed", "s3://b/c"], "a state machine invokes a function"),
        (["--to", "lambda://a", "--distributed", "s3://b", "--yes"], "Expected --distributed s3://bucket/folder"),
        (["--to", "lambda://a", "--distributed", "s3://b"], "Expected --distributed s3://bucket/folder"),
        (["--bus", "a", "--rate", "0"], "Expected --rate"),
    ):
        finished = command("events", "replay", lake, *options)

        assert finished.status == 2, options
        assert message in finished.errors
        assert finished.errors.count("\n") == 1


def test_ctrl_c_ends_it_after_the_call(tmp_path: Path, endpoint: ScriptedEndpoint) -> None:
    lake = written(tmp_path / "lake.jsonl", stored(5))
    under_way, go_on = threading.Event(), threading.Event()

    def slow(operation: str, body: Event) -> None:
        under_way.set()
        go_on.wait(20)

    endpoint.script = slow
    arguments = [str(COMMAND), "events", "replay", lake, "--bus", "hub", "--batch-size", "2", "--yes"]
    streams: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(arguments, cwd=tmp_path, env=environment_of(None), **streams) as running:
        assert under_way.wait(30)
        running.send_signal(signal.SIGINT)
        time.sleep(0.2)
        go_on.set()
        output, _ = running.communicate(timeout=30)

    assert running.returncode == 130
    assert "2 sent to bus://hub; interrupted." in output


@pytest.mark.slow
def test_a_run_that_is_killed_at_any_moment_goes_on(tmp_path: Path, endpoint: ScriptedEndpoint) -> None:
    lake = written(tmp_path / "lake.jsonl", stored(60))
    endpoint.script = lambda operation, body: time.sleep(0.01)
    given = {
        "arguments": ["events", "replay", lake, "--bus", "hub", "--batch-size", "2", "--yes"],
        "folder": str(tmp_path),
        "environment": environment_of(None),
        "seconds": [0.2, 0.3, 0.4, 0.5, 0.35, 0.25],
    }

    done = subprocess.run(
        [sys.executable, "-m", "tests.cli.killed", json.dumps(given)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
        timeout=100,
    )

    *killed, last = json.loads(done.stdout)
    sent = [event["id"] for event in details(endpoint)]
    assert (last, set(killed) <= {-9, 0}) == (0, True)
    assert len(set(sent)) == 60
    assert len(sent) - 60 <= 2 * len(killed)


@pytest.mark.parametrize("tags", [{"tags": {"source": "shop"}}, {"tags": {}}, {"tags": None}, {}])
def test_an_event_is_known_whether_it_was_replayed_or_not(tags: Event) -> None:
    event = {"id": "1", "type": "t", **tags}

    assert key_of(event) == key_of(replayed(event)) == key_of(replayed(replayed(event)))
    assert key_of(event) != key_of({**event, "tags": {"more": True}})
    assert "replayed" not in (event.get("tags") or {})


def test_what_has_come_back_into_the_lake_is_not_sent_again(
    command: Command, tmp_path: Path, endpoint: ScriptedEndpoint
) -> None:
    first, second, third = stored(3)
    lake = tmp_path / "lake.jsonl"
    replay = ["events", "replay", str(lake), "--bus", "hub", "--yes"]

    written(lake, [first, replayed(first), second])
    command(*replay)
    written(lake, [first, second, *map(replayed, (first, second)), third])
    command(*replay)

    assert [event["n"] for event in details(endpoint)] == [0, 1, 2]


@pytest.mark.parametrize("lake", ["s3://lake", "s3://lake/", "s3://lake/ag*", "s3://lake/again", "s3://lake/again/"])
def test_a_folder_of_the_lake_is_not_written_to(lake: str) -> None:
    with pytest.raises(CannotRunError, match="Expected --distributed outside of the lake"):
        _check_apart(lake, "s3://lake/again/1")


@pytest.mark.parametrize("lake", ["s3://lake/aga", "s3://lake/again/10", "s3://lakes", "again", "-", "sqs://lake"])
def test_a_folder_beside_the_lake_is(lake: str) -> None:
    _check_apart(lake, "s3://lake/again/1")


def test_ctrl_c_ends_the_reading_of_what_is_not_selected(tmp_path: Path) -> None:
    lake = open_lake(written(tmp_path / "lake.jsonl", stored(100)), Account())
    asked = iter([False] * 10)
    lake.reading.is_over = lambda: next(asked, True)
    outcome = Outcome()
    with Journal(tmp_path / "j", "events replay") as journal:
        # No destination: nothing is selected.
        Replaying(None, journal, Pace(None), lambda: True).run(lake, Selection(types=("x",)), outcome)  # type: ignore[arg-type]

    assert outcome.is_interrupted
    assert lake.reading.events == 10
