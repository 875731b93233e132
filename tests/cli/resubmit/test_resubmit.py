"""`faults resubmit`, against functions that run under the real processor."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from powertools_stream import FaultPolicy, RuleRegistry, StreamProcessor, UnitOfWork
from powertools_stream.cli.status import CannotRunError
from powertools_stream.flavors import task
from powertools_stream.testing import FakeConnector, to_kinesis_records, to_s3_records, to_sqs_records
from tests.cli.conftest import COMMAND, ROOT, Command, environment_of, finished
from tests.cli.fake_lambda import FakeLambda, HangUpError, RefusedError
from tests.conftest import Aws

Event = dict[str, Any]


class Shop:
    """A function with two rules that fail until they are mended, and what they have run on since."""

    def __init__(self, name: str = "orders", **fields: Any) -> None:
        self.name = name
        self.broken: set[Any] = {"*"}
        self.runs: list[tuple[str, Any]] = []
        self.bus = FakeConnector()
        registry = RuleRegistry()
        for rule in ("label", "mail"):
            registry.add(id=rule, flavor=task, execute=self._executed(rule), **fields)
        self.processor = StreamProcessor(
            rules=registry, on_fault=FaultPolicy.PUBLISH, connectors=[self.bus], bus_name="bus"
        )

    def _executed(self, rule: str) -> Any:
        def execute(uow: UnitOfWork) -> None:
            name = uow.event.get("n", uow.event["id"])
            self.runs.append((rule, name))
            if not self.broken.isdisjoint({"*", rule, name, (rule, name)}):
                raise ValueError(f"no {rule} for {name}")

        return execute

    def handler(self, event: Any, context: Any) -> Any:
        return self.processor.process_event(event, context)

    def faults(self, event: Any, monkeypatch: pytest.MonkeyPatch) -> list[Event]:
        """Let it fail on an event, and return its fault events, mended."""
        monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", self.name)
        monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "shop")
        before = len(self.bus.published)
        self.processor.process_event(event, None)
        self.broken.clear()
        self.runs.clear()
        return self.bus.published[before:]


def events(count: int, **more: Any) -> list[Event]:
    return [{"id": f"i{n}", "type": "e", "n": n, "partition_key": f"k{n}", **more} for n in range(count)]


def written(path: Path, faults: list[Event]) -> str:
    path.write_text("".join(json.dumps(fault) + "\n" for fault in faults), encoding="utf-8")
    return str(path)


def test_records_that_were_set_aside_run_once_more_and_only_once(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop()
    shop.broken = {"mail", ("label", 2)}
    lake = written(tmp_path / "faults.jsonl", shop.faults(to_kinesis_records(events(5)), monkeypatch))
    resubmit = ["faults", "resubmit", lake, "--function", "orders", "--batch-size", "3"]
    before = Path(lake).read_bytes()

    with FakeLambda({"orders": shop.handler}) as aws:
        dry = command(*resubmit, environment=aws.environment)
        as_json = command(*resubmit, "--json", environment=aws.environment)
        assert (dry.status, as_json.status, aws.calls) == (0, 0, [])
        assert not list(tmp_path.glob("resubmit-*"))
        shop.broken = {("mail", 3)}
        first = command(*resubmit, "--yes", environment=aws.environment)
        sent = len(aws.calls)
        shop.broken.clear()
        second = command(*resubmit, "--yes", "--json", environment=aws.environment)
        third = command(*resubmit, "--yes", environment=aws.environment)

    assert "5 records in 3 invocations; nothing was sent." in dry.output
    assert "ValueError: no mail for 0" in dry.output
    assert [len(one["event"]["Records"]) for one in json.loads(as_json.output)["invocations"]] == [3, 1, 1]
    assert first.status == 1
    assert "failed again: orders, mail, 4959" in first.output
    assert ": ValueError: no mail for 3" in first.output
    assert "4 done, 1 failed again." in first.output
    assert sent == 3
    assert (second.status, json.loads(second.output)["done"], json.loads(second.output)["done_before"]) == (0, 1, 4)
    assert (third.status, len(aws.calls)) == (0, sent + 1)
    assert "5 records done already, as the journal says." in third.output
    assert sorted(shop.runs) == sorted([("label", 2), ("mail", 3), *(("mail", n) for n in range(5))])
    assert Path(lake).read_bytes() == before
    assert len(shop.bus.published) == 6  # the function has announced nothing a second time


def test_nobody_else_decides_which_function_is_invoked(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, other = Shop(), Shop("payments")
    (real,) = (fault for fault in shop.faults(to_sqs_records(events(1)), monkeypatch) if _rule(fault) == "mail")
    forged = [
        {**real, "id": "f1", "tags": {**real["tags"], "functionname": "payments"}},
        {**real, "id": "f2", "tags": {**real["tags"], "functionname": "orders,payments"}},
        {**real, "id": "f3", "tags": {**real["tags"], "functionname": ["orders"]}},
        {**real, "id": "f4", "tags": "orders"},
        {**real, "id": "f5", "tags": {**real["tags"], "functionname": "arn:aws:lambda:eu-west-1:1:function:orders"}},
        {**real, "id": "f6", "tags": {**real["tags"], "functionname": "\x1b]0;owned\x07[bold]x"}},
    ]
    lake = written(tmp_path / "faults.jsonl", [*forged, real])

    with FakeLambda({"orders": shop.handler, "payments": other.handler}) as aws:
        nobody = command("faults", "resubmit", lake, "--yes", environment=aws.environment)
        all_of_them = command("faults", "resubmit", lake, "--yes", "--function", "*", environment=aws.environment)
        listed = command("faults", "resubmit", lake, environment=aws.environment)
        done = command("faults", "resubmit", lake, "--yes", "--function", "orders", environment=aws.environment)

    assert (nobody.status, all_of_them.status, listed.status) == (2, 2, 0)
    assert "Expected --function NAME for each function" in nobody.errors
    assert "7 faults left alone: of functions that you have not named with --function" in listed.output
    assert "payments (1)" in listed.output
    assert "\x1b" not in listed.output
    assert "]0;owned" in listed.output
    assert done.status == 0
    assert [name for name, _, _ in aws.calls] == ["orders"]
    assert (shop.runs, other.runs) == ([("mail", 0)], [])


def _rule(fault: Event) -> str:
    return str(fault["tags"]["pipeline"])


def test_faults_go_to_the_alias_that_is_named(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop()
    lake = written(tmp_path / "faults.jsonl", shop.faults(to_sqs_records(events(1)), monkeypatch))

    with FakeLambda({"orders:live": shop.handler}) as aws:
        done = command(
            "faults", "resubmit", lake, "--function", "orders=orders:live", "--yes", environment=aws.environment
        )
        twice = command("faults", "resubmit", lake, "--function", "orders", "--function", "orders=x", "--yes")

    assert (done.status, twice.status) == (0, 2), done
    assert [(name, said) for name, _, said in aws.calls] == [
        ("orders:live", {"powertools_stream": {"resubmit": {"rules": ["label", "mail"]}}})
    ]


def test_what_cannot_be_resubmitted_is_told(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop()
    real = shop.faults(to_sqs_records(events(1)), monkeypatch)[0]
    record = real["uow"]["record"]
    strange = [
        {**real, "trimmed": True},
        {**real, "disposition": "reported"},
        {**real, "uow": {}},
        {**real, "uow": None},
        {**real, "uow": {"record": {**record, "body": "*****"}}},
        {**real, "uow": {"record": {**record, "body": "<cut>"}}},
        {**real, "uow": {"record": {"messageId": "1", "itemIdentifier": "1"}}},
        {**real, "uow": {"record": {"what": "is this"}}, "event_source": "mine"},
        {**real, "event_source": "cognito"},
        {**real, "uow": {"pipeline": "r" * 4000, "record": record}},
        {**real, "uow": {"pipeline": "big", "record": {**record, "body": "x" * 6_300_000}}},
        {**real, "uow": {"record": {**record, "n": float("nan")}}},
    ]
    lake = written(tmp_path / "faults.jsonl", [{**fault, "id": f"f{n}"} for n, fault in enumerate(strange)])

    done = command("faults", "resubmit", lake, "--function", "orders", "--json")
    reported = command("faults", "resubmit", lake, "--function", "orders", "--json", "--include-reported")

    found = json.loads(done.output)
    assert done.status == 1
    assert found["invocations"] == []
    assert found["comes_back"] == 1
    assert sorted(reason.partition(":")[0] for reason in found["refused"]) == [
        "cut",
        "masked",
        "no JSON",
        "not whole",
        "not whole",
        "of a user",
        "the rule's id is too long for a client context, of 3,583 bytes at most",
        "too large",
        "trimmed",
        "unknown source",
        "withheld",
    ]
    assert len(json.loads(reported.output)["invocations"]) == 1


def test_a_response_that_proves_nothing_leaves_nothing_done(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop()
    lake = written(tmp_path / "faults.jsonl", shop.faults(to_sqs_records(events(2)), monkeypatch))

    def broken(kind: str) -> Any:
        def handler(event: Any, context: Any) -> Any:
            response = shop.handler(event, context)
            said = response["powertools_stream"]["resubmitted"]
            if kind == "raises":
                raise KeyError("config")
            if kind == "hangs up":
                raise HangUpError
            if kind == "500":
                raise RefusedError(500, "ServiceException")
            if kind == "unheeding":
                return {"batchItemFailures": []}
            if kind == "none":
                return None
            if kind == "other rules":
                said["rules"] = ["mail"]
            if kind == "other records":
                said["records"] = 1
            if kind == "a record too far":
                said["failed"] = [{"record": 2}]
            if kind == "an unknown identifier":
                response["batchItemFailures"] = [{"itemIdentifier": "x"}]
            if kind == "one by its identifier":
                response["batchItemFailures"] = [{"itemIdentifier": event["Records"][1]["messageId"]}]
            return response

        return handler

    kinds = {
        "raises": (1, "KeyError: 'config'", 0),
        "hangs up": (1, "no response", 0),
        "500": (1, "ServiceException", 0),
        "unheeding": (2, "Expected the response to say which rules have run", 0),
        "none": (2, "Expected the response to say which rules have run", 0),
        "other rules": (1, "about other rules", 0),
        "other records": (1, "about other rules", 0),
        "a record too far": (1, "that was not sent", 0),
        "an unknown identifier": (1, "that was not sent", 0),
        "one by its identifier": (1, "The response reports it", 1),
    }
    for kind, (status, message, done) in kinds.items():
        with FakeLambda({"orders": broken(kind)}) as aws:
            journal = str(tmp_path / f"{kind}.jsonl")
            options = ["--function", "orders", "--yes", "--json", "--journal", journal]
            finished = command("faults", "resubmit", lake, *options, environment=aws.environment)

        assert (finished.status, len(aws.calls)) == (status, 1), kind
        assert message in finished.output, kind
        assert json.loads(finished.output)["done"] == done, kind
    resumed = command("faults", "resubmit", lake, "--function", "orders", "--journal", str(tmp_path / "500.jsonl"))
    assert "2 records were being sent when the last run ended, and may be done: sent again." in resumed.output


def test_throttling_is_waited_for_and_a_refusal_ends_the_run(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, attempts = Shop(), list[int]()
    lake = written(tmp_path / "faults.jsonl", shop.faults(to_sqs_records(events(3)), monkeypatch))
    resubmit = ["faults", "resubmit", lake, "--function", "orders", "--yes", "--batch-size", "1"]

    def throttled(event: Any, context: Any) -> Any:
        attempts.append(1)
        if len(attempts) == 1:
            raise RefusedError(429, "TooManyRequestsException")
        if len(attempts) == 3:
            raise RefusedError(403, "AccessDeniedException")
        return shop.handler(event, context)

    with FakeLambda({"orders": throttled}) as aws:
        refused = command(*resubmit, environment=aws.environment)
        done = command(*resubmit, environment=aws.environment)

    assert refused.status == 2
    assert "1 done, 2 not sent." in refused.output
    assert "error: orders cannot be invoked: Invoke was refused: AccessDeniedException" in refused.errors
    assert "lambda:InvokeFunction" in refused.errors
    assert (done.status, len(aws.calls)) == (0, 5)
    assert "1 record done already" in done.output
    assert "in doubt" not in done.output


def test_what_comes_behind_a_record_that_is_not_done_does_not_overtake_it(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(ordered=True)
    same = events(4, partition_key="k")
    other = {"id": "o", "type": "e", "n": "other", "partition_key": "o"}
    faults = shop.faults(to_kinesis_records([*same, other]), monkeypatch)
    lake = written(tmp_path / "faults.jsonl", faults[::-1])
    shop.broken = {1}
    for batch_size in ("1", "10"):
        shop.runs.clear()
        with FakeLambda({"orders": shop.handler}) as aws:
            options = ["--function", "orders", "--rule", "mail", "--batch-size", batch_size, "--yes", "--json"]
            journal = ["--journal", str(tmp_path / f"{batch_size}.jsonl")]
            command("faults", "resubmit", lake, *options, *journal, environment=aws.environment)

        assert shop.runs == [("mail", 0), ("mail", 1), ("mail", "other")]


def test_compacted_records_go_together_and_records_that_come_alone_go_alone(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = Shop("views", compact=True)
    same = [{**event, "timestamp": n} for n, event in enumerate(events(3, partition_key="k"))]
    files = Shop("files")
    faults = [
        *view.faults(to_kinesis_records(same), monkeypatch),
        *files.faults(to_s3_records(["a", "b"]), monkeypatch),
    ]
    lake = written(tmp_path / "faults.jsonl", faults)

    with FakeLambda({"views": view.handler, "files": files.handler}) as aws:
        options = ["--function", "views", "--function", "files", "--batch-size", "2", "--yes"]
        done = command("faults", "resubmit", lake, *options, environment=aws.environment)

    assert done.status == 0
    assert "5 done." in done.output
    assert sorted((name, len(event["Records"])) for name, event, _ in aws.calls) == [("files", 2), ("views", 3)]
    assert view.runs == [("label", 2), ("mail", 2)]


def test_a_fault_that_came_after_the_resubmission_is_another_one(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop()
    fault = shop.faults(to_sqs_records(events(1)), monkeypatch)[0]
    resubmit = ["faults", "resubmit", "-", "--function", "orders", "--yes", "--json"]
    later = {**fault, "id": "later", "timestamp": fault["timestamp"] + 1}

    with FakeLambda({"orders": shop.handler}) as aws:
        done = [
            json.loads(command(*resubmit, input=json.dumps(each), environment=aws.environment).output)["done"]
            for each in (fault, fault, later, fault)
        ]

    assert done == [1, 0, 1, 0]


def test_bad_options_are_one_clear_line(command: Command, tmp_path: Path) -> None:
    lake = written(tmp_path / "faults.jsonl", [])
    (tmp_path / "other.jsonl").write_text('{"a": 1}\n')
    (tmp_path / "replay.jsonl").write_text(
        '{"journal": "powertools-stream", "version": 1, "command": "events replay"}\n'
    )
    for options, message in (
        (["--function", "a=", "--yes"], "Expected --function NAME or NAME=TARGET"),
        (["--function", "a", "--rate", "fast"], "Expected --rate to be like 10/s"),
        (["--function", "a", "--journal", "other.jsonl"], "line 1 is none of one"),
        (
            ["--function", "a", "--journal", "replay.jsonl"],
            "Expected replay.jsonl to be a journal of 'faults resubmit'",
        ),
        (["--function", "a", "--yes", "--journal", "no/such/folder.jsonl"], "Cannot write the journal"),
    ):
        finished = command("faults", "resubmit", lake, *options)

        assert finished.status == 2
        assert message in finished.errors
        assert finished.errors.count("\n") == 1
    nothing = command("faults", "resubmit", lake, "--function", "a")
    assert (nothing.status, nothing.output) == (0, "Nothing to send.\n")


def test_a_rule_that_somebody_has_made_up_does_not_keep_the_others_from_running(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop()
    real = shop.faults(to_sqs_records(events(1)), monkeypatch)
    uow = real[0]["uow"]
    forged = [{**real[0], "id": name[:4], "uow": {**uow, "pipeline": name}} for name in ("gone", "r" * 3000)]
    lake = written(tmp_path / "faults.jsonl", [*forged, *real])
    resubmit = ["faults", "resubmit", lake, "--function", "orders", "--yes"]

    with FakeLambda({"orders": shop.handler}) as aws:
        first = command(*resubmit, environment=aws.environment)
        again = command(*resubmit, environment=aws.environment)

    assert (first.status, again.status) == (1, 1)
    assert shop.runs == [("label", 0), ("mail", 0)]
    assert "there is none with the id 'gone'; there are: label, mail" in first.output
    assert "the rule's id is too long" in first.output
    assert [said["powertools_stream"]["resubmit"]["rules"] for _, _, said in aws.calls] == [
        ["gone", "label", "mail"],
        ["gone"],
        ["label"],
        ["mail"],
        ["gone"],
    ]


@pytest.mark.slow
def test_ctrl_c_waits_for_the_invocation_under_way_and_a_second_run_at_once_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, under_way, go_on = Shop(), threading.Event(), threading.Event()
    lake = written(tmp_path / "faults.jsonl", shop.faults(to_sqs_records(events(2)), monkeypatch))

    def slow(event: Any, context: Any) -> Any:
        under_way.set()
        go_on.wait(20)
        return shop.handler(event, context)

    with FakeLambda({"orders": slow}) as aws:
        arguments = [str(COMMAND), "faults", "resubmit", lake, "--function", "orders", "--batch-size", "1", "--yes"]
        streams: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        environment = environment_of(aws.environment)
        with subprocess.Popen(arguments, cwd=tmp_path, env=environment, **streams) as first:
            assert under_way.wait(30)
            second = finished(*arguments[1:], cwd=tmp_path, environment=aws.environment)
            first.send_signal(signal.SIGINT)
            time.sleep(0.2)
            go_on.set()
            output, told = first.communicate(timeout=30)
        last = finished(*arguments[1:], cwd=tmp_path, environment=aws.environment)

    assert second.status == 2
    assert "another run is using it" in second.errors
    assert first.returncode == 130
    assert "Ends once the invocation under way has ended" in told
    assert "1 done, 1 not sent." in output
    assert (last.status, len(aws.calls)) == (0, 2)


@pytest.mark.slow
def test_a_run_that_is_killed_at_any_moment_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shop, choice = Shop(), random.Random(7)
    lake = written(tmp_path / "faults.jsonl", shop.faults(to_sqs_records(events(40)), monkeypatch))
    arguments = ["faults", "resubmit", lake, "--function", "orders", "--batch-size", "1", "--yes"]

    def handler(event: Any, context: Any) -> Any:
        time.sleep(0.01)
        return shop.handler(event, context)

    with FakeLambda({"orders": handler}) as aws:
        given = {
            "arguments": arguments,
            "folder": str(tmp_path),
            "environment": environment_of(aws.environment),
            "seconds": [choice.uniform(0.15, 0.6) for _ in range(8)],
        }
        script = [sys.executable, "-m", "tests.cli.killed", json.dumps(given)]
        done = subprocess.run(script, capture_output=True, text=True, cwd=ROOT, check=True, timeout=100)
        sent = [event["Records"][0]["messageId"] for _, event, _ in aws.calls]

    *killed, last = json.loads(done.stdout)
    entries = [json.loads(line) for line in next(tmp_path.glob("resubmit-*")).read_text().splitlines()]
    doubtful = _in_doubt(entries)
    assert (last, set(killed) <= {-9, 0}, -9 in killed) == (0, True, True)
    assert len(set(sent)) == 40
    # What was sent twice was under way, once for each time.
    assert len(sent) - 40 <= doubtful <= len(killed)


def _in_doubt(entries: list[Event]) -> int:
    """Count what the journal knows to be sent, but not to have ended."""
    return sum("sending" in one and ("done" not in following) for one, following in pairwise(entries))


def test_what_was_left_in_s3_is_read_from_there_if_the_bucket_is_ours(
    command: Command, tmp_path: Path, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3, shop = aws.client("s3"), Shop()
    s3.create_bucket(Bucket="claims", CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
    whole, withheld = shop.faults(to_sqs_records(events(2)), monkeypatch)[::2]
    place = {"bucket": "claims", "key": "eu-west-1/claimchecks/2026/01/01/00/f"}
    check = {name: whole[name] for name in ("id", "type", "timestamp", "tags", "disposition", "err")}
    record = withheld["uow"]["record"]
    for name, document in (("1", whole), ("2", record)):
        s3.put_object(Bucket="claims", Key=place["key"] + name, Body=json.dumps(document).encode())
    stands_for = {"messageId": "m", "itemIdentifier": "m", "s3": {**place, "key": place["key"] + "2"}}
    elsewhere = [{**place, "key": "secrets/x"}, {**place, "key": "a/claimchecks/../../x"}, {**place, "bucket": "other"}]
    faults = [
        {**check, "s3": {**place, "key": place["key"] + "1"}},
        *(
            {**withheld, "id": f"f{n}", "uow": {**withheld["uow"], "record": {**stands_for, "s3": at}}}
            for n, at in enumerate([stands_for["s3"], *elsewhere])
        ),
    ]
    lake = written(tmp_path / "faults.jsonl", faults)

    done = command("faults", "resubmit", lake, "--function", "orders", "--json")

    found = json.loads(done.output)
    sent = [each for one in found["invocations"] for each in one["event"]["Records"]]
    assert done.status == 1
    assert sent == [whole["uow"]["record"], record]
    assert sum(found["refused"].values()) == 3


def test_a_time_that_somebody_has_made_up_hides_nothing(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop()
    real = shop.faults(to_sqs_records(events(1)), monkeypatch)[0]
    later = {**real, "id": "later", "timestamp": real["timestamp"] + 1}
    forged = [{**real, "id": f"f{n}", "timestamp": at} for n, at in enumerate((1e18, "x", None, -1, 1e400))]
    done = []
    with FakeLambda({"orders": shop.handler}) as aws:
        for faults in ([*forged, real], [*forged, real], [*forged, real, later]):
            lake = written(tmp_path / "faults.jsonl", faults)
            options = ["--function", "orders", "--yes", "--json"]
            done.append(json.loads(command("faults", "resubmit", lake, *options, environment=aws.environment).output))

    assert [one["done"] for one in done] == [1, 0, 1]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="awslambdaric runs on Linux only")
def test_a_function_under_the_real_runtime_is_told_which_rules_are_meant(command: Command, tmp_path: Path) -> None:
    from tests.runtime.runtime_api import Function

    records = to_sqs_records([{"type": "order-created"}, {"type": "order-created", "fail": True}])["Records"]
    common = {"type": "fault", "timestamp": 1, "disposition": "set-aside", "tags": {"functionname": "orders"}}
    faults = [{**common, "id": str(n), "uow": {"pipeline": "note", "record": each}} for n, each in enumerate(records)]
    gone = {**common, "id": "gone", "uow": {"pipeline": "renamed", "record": records[0]}}
    lake = written(tmp_path / "faults.jsonl", [*faults, gone])

    with Function("several.handler", ROOT / "tests" / "runtime" / "handlers") as function:

        def forwarded(event: Any, context: Any) -> Any:
            done = function.invoke(event, client_context={"custom": context.client_context.custom})
            if done.error is not None:
                raise type(done.error["errorType"], (Exception,), {})(done.error["errorMessage"])
            return done.response

        with FakeLambda({"orders": forwarded}) as aws:
            options = ["--function", "orders", "--yes", "--json"]
            finished = command("faults", "resubmit", lake, *options, environment=aws.environment)

    found = json.loads(finished.output)
    assert finished.status == 1
    assert [(one["rule"], one["error"]) for one in found["failed"] if one["rule"] == "note"] == [
        ("note", "ValueError: no")
    ]
    assert next(one["error"] for one in found["failed"] if one["rule"] == "renamed").startswith("ConfigurationError: ")
    assert {tuple(said["powertools_stream"]["resubmit"]["rules"]) for _, _, said in aws.calls} == {
        ("note", "renamed"),
        ("note",),
        ("renamed",),
    }


def test_neither_a_made_up_record_nor_an_earlier_delivery_confuses_the_plan(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop()
    label, mail = shop.faults(to_sqs_records(events(1)), monkeypatch)
    reported = {**mail, "disposition": "reported", "timestamp": mail["timestamp"] - 1}
    forged = {**label, "id": "forged", "event_source": "distributed-map"}
    lake = written(tmp_path / "faults.jsonl", [forged, reported, mail, {**reported, "id": "another"}])

    with FakeLambda({"orders": shop.handler}) as aws:
        done = command("faults", "resubmit", lake, "--function", "orders", "--yes", environment=aws.environment)

    assert (done.status, shop.runs) == (1, [("mail", 0)])
    assert "1 fault cannot be resubmitted: malformed: not what distributed-map delivers." in done.output
    assert "1 fault left alone: the records come again by themselves." in done.output


def test_the_journal_is_the_same_however_the_lake_is_spelled(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop()
    written(tmp_path / "faults.jsonl", shop.faults(to_sqs_records(events(1)), monkeypatch))

    with FakeLambda({"orders": shop.handler}) as aws:
        for lake in ("faults.jsonl", "./faults.jsonl", str(tmp_path / "faults.jsonl")):
            command("faults", "resubmit", lake, "--function", "orders", "--yes", environment=aws.environment)

    assert len(aws.calls) == 1


def test_what_could_not_be_noted_is_in_doubt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from powertools_stream.cli.aws import Account
    from powertools_stream.cli.lake import Selection, open_lake
    from powertools_stream.cli.resubmit.plan import invocations, planned
    from powertools_stream.cli.resubmit.running import Resubmitting
    from powertools_stream.cli.sending import Journal, Pace
    from powertools_stream.cli.sending.functions import Invoker

    shop = Shop()
    lake = open_lake(written(tmp_path / "f.jsonl", shop.faults(to_sqs_records(events(3)), monkeypatch)), Account())
    with FakeLambda({"orders": shop.handler}) as aws, Journal(tmp_path / "j", "faults resubmit") as journal:
        for name, value in aws.environment.items():
            monkeypatch.setenv(name, value)
        plan = planned(lake, Selection(), ["orders"], journal, lambda place: place)
        monkeypatch.setattr(journal, "settled", _full)
        invoker = Invoker(Account(), lambda seconds: None, lambda: False)
        resubmitting = Resubmitting(journal, invoker, {"orders": "orders"}, Pace(None), lambda: False)
        outcome = resubmitting.run(invocations(plan.units, 1))

    assert (outcome.done, len(outcome.in_doubt), outcome.not_sent, len(aws.calls)) == (0, 2, 2, 1)
    assert "could not be noted: Cannot write the journal" in outcome.in_doubt[0]["error"]
    assert str(outcome.error) == "Cannot write the journal"
    assert len(Journal(tmp_path / "j", "faults resubmit").in_doubt) == 2


def _full(*_: object) -> None:
    raise CannotRunError("Cannot write the journal")
