"""The five projects of `init` as one system on this machine: an order from the API to the lake, and one that fails."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from powertools_stream.local.emulator import Emulator
from tests.cli.conftest import COMMAND, Command, environment_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="it is stopped as on Linux"),
    pytest.mark.skipif(sys.version_info < (3, 11), reason="the projects are for the Python of their functions"),
]

PROJECTS = ["event-hub", "control-service", "rest-bff-service", "event-lake-s3", "event-fault-monitor"]
RULES = "control-service/src/trigger_rules.py"

# Whoever shares the price among the lines did not think of an order that costs nothing.
MENDED = "    order = {**submitted["
BROKEN = '    submitted["order"]["share"] = 100 / submitted["order"]["total"]\n' + MENDED


@dataclass(frozen=True)
class System:
    """The system while it runs, as whoever uses it sees it."""

    folder: Path
    errors: Path
    command: Command

    @property
    def told(self) -> str:
        return self.errors.read_text()

    @property
    def emulator(self) -> str:
        return self._told("The emulator is at ").partition(". ")[0]

    def url(self, path: str) -> str:
        return self._told("rest-bff-service.Api is at ") + path

    def request(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url(path), data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    def run(self, *arguments: str) -> Any:
        """Run another command, as in another terminal, and return the document that it prints."""
        environment = {
            "AWS_ENDPOINT_URL": self.emulator,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        done = self.command(*arguments, "--json", cwd=self.folder, environment=environment)
        assert done.status == 0, done.errors
        return json.loads(done.output)

    def physical_id(self, stack: str, logical_id: str) -> str:
        with Emulator(self.emulator) as emulator:
            described = emulator.client("cloudformation").describe_stack_resource(
                StackName=f"local-{stack}", LogicalResourceId=logical_id
            )
        return str(described["StackResourceDetail"]["PhysicalResourceId"])

    def _told(self, beginning: str) -> str:
        return next(line for line in self.told.splitlines() if line.startswith(beginning)).removeprefix(beginning)


@pytest.fixture
def system(command: Command, tmp_path: Path) -> Iterator[System]:
    for project in PROJECTS:
        assert command("init", project, cwd=tmp_path).status == 0
    rules = tmp_path / RULES
    assert MENDED in rules.read_text()
    rules.write_text(rules.read_text().replace(MENDED, BROKEN))
    with running(tmp_path) as errors:
        yield System(tmp_path, errors, command)


@contextmanager
def running(folder: Path) -> Iterator[Path]:
    """Run the projects together, and check how that ends."""
    arguments = [*PROJECTS, "-p", "CollectSeconds=1", "--watch", "--verbose", "--json"]
    output, errors = folder / "output", folder / "errors"
    with ExitStack() as stack:
        streams = [stack.enter_context(path.open("w")) for path in (output, errors)]
        process = subprocess.Popen(
            [COMMAND, "local", *arguments], cwd=folder, env=environment_of(None), stdout=streams[0], stderr=streams[1]
        )
        stack.callback(process.wait)
        stack.callback(process.kill)
        stack.callback(lambda: print(errors.read_text()))
        until(lambda: "rest-bff-service.Api is at" in errors.read_text() or process.poll() is not None)
        assert process.poll() is None, errors.read_text()
        yield errors
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0, errors.read_text()
    check_end(json.loads(output.read_text()))


def check_end(summary: dict[str, Any]) -> None:
    assert (summary["adds_up"], summary["findings"]) == (True, [])
    assert {name for name, depth in summary["queues"].items() if depth} == set()


def until(holds: Callable[[], Any], seconds: float = 60) -> Any:
    limit = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < limit, "it did not come about"
        time.sleep(0.1)
    return found


def test_an_order_is_fulfilled_and_one_that_fails_is_resubmitted(system: System) -> None:
    lake = f"s3://{system.physical_id('event-lake-s3', 'Lake')}/events/"
    faults = f"s3://{system.physical_id('event-fault-monitor', 'Lake')}/faults/"
    function = system.physical_id("control-service", "Trigger")
    with notified(system) as notifications:
        order(system, "good", price=100)
        order(system, "free", price=0)

        # The good one gets through, from the API to the lake, though the other one fails beside it.
        until(lambda: status(system, "good") == "fulfilled")
        until(lambda: types_of(system, lake, "good") == {"order-submitted", "order-paid", "order-fulfilled"})
        assert status(system, "free") == "paid"

        # The other one is set aside: it is in the lake of faults, and people are told.
        for fault in until(lambda: system.run("faults", "ls", faults)):
            assert (fault["tags"]["functionname"], fault["tags"]["pipeline"]) == (function, "fulfil_order")
            assert (fault["err"]["name"], fault["disposition"]) == ("ZeroDivisionError", "set-aside")
        until(lambda: any("ZeroDivisionError" in each for each in notifications()))

    # Once the code is mended, it is sent again.
    rules = system.folder / RULES
    rules.write_text(rules.read_text().replace(BROKEN, MENDED))
    until(lambda: "Loading code anew: trigger_rules.py" in system.told)
    resubmit = ("faults", "resubmit", faults, "--function", function, "--yes")
    sent = system.run(*resubmit)
    assert sent["done"], sent
    assert not any(sent[each] for each in ("failed", "in_doubt", "not_sent")), sent
    until(lambda: status(system, "free") == "fulfilled")
    until(lambda: "order-fulfilled" in types_of(system, lake, "free"))
    again = system.run(*resubmit)
    assert (again["done"], bool(again["done_before"])) == (0, True), again


def order(system: System, order_id: str, *, price: int) -> None:
    lines = [{"sku": "book", "quantity": 2, "price": price}]
    system.request("/orders", {"id": order_id, "customer": "customer-1", "lines": lines})
    system.request(f"/orders/{order_id}/payment", {"reference": f"payment-{order_id}", "amount": 2 * price})


def status(system: System, order_id: str) -> str:
    return str(system.request(f"/orders/{order_id}")["status"])


def types_of(system: System, lake: str, order_id: str) -> set[str]:
    """Return the types of an order's events in the lake."""
    return {each["type"] for each in system.run("events", "ls", lake) if each["partition_key"] == order_id}


@contextmanager
def notified(system: System) -> Iterator[Callable[[], list[str]]]:
    """Subscribe to what the fault monitor tells people, and give what receives it."""
    topic = system.physical_id("event-fault-monitor", "Notifications")
    with Emulator(system.emulator) as emulator:
        sqs = emulator.client("sqs")
        url = sqs.create_queue(QueueName="people")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        emulator.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        yield lambda: [each["Body"] for each in sqs.receive_message(QueueUrl=url).get("Messages", ())]
