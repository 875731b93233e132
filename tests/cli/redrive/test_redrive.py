"""`faults redrive`, against a script of what SQS responds: moto does not move messages."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

from powertools_stream.testing.endpoint import Answer, ScriptedEndpoint
from tests.cli.conftest import COMMAND, Command, environment_of

ARN = "arn:aws:sqs:eu-west-1:123456789012:"
URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/"


class Queues:
    """A dead-letter queue with five messages, and a task that moves two of them each time that it is looked at."""

    def __init__(self) -> None:
        self.sources = ["orders"]
        self.count = 5
        self.tasks: list[dict[str, Any]] = []
        self.failure: str | None = None
        self.refusal: Answer | None = None
        self.looked = threading.Event()
        self.stands = False

    def __call__(self, operation: str, body: dict[str, Any]) -> Answer | None:
        answer: Answer = getattr(self, re.sub("(?<!^)([A-Z])", r"_\1", operation).lower())(body)
        return answer

    def get_queue_url(self, body: dict[str, Any]) -> Answer:
        if body["QueueName"] == "gone":
            return 400, {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "The queue does not exist."}
        return 200, {"QueueUrl": URL + body["QueueName"]}

    def get_queue_attributes(self, body: dict[str, Any]) -> Answer:
        name = body["QueueUrl"].rpartition("/")[2]
        return 200, {"Attributes": {"QueueArn": ARN + name, "ApproximateNumberOfMessages": str(self.count)}}

    def list_dead_letter_source_queues(self, body: dict[str, Any]) -> Answer:
        return 200, {"queueUrls": [URL + name for name in self.sources]}

    def start_message_move_task(self, body: dict[str, Any]) -> Answer:
        if self.refusal is not None:
            return self.refusal
        task = {"TaskHandle": "handle", "Status": "RUNNING", "ApproximateNumberOfMessagesMoved": -2, **body}
        self.tasks.insert(0, {**task, "ApproximateNumberOfMessagesToMove": self.count})
        return 200, {"TaskHandle": "handle"}

    def list_message_move_tasks(self, body: dict[str, Any]) -> Answer:
        self.looked.set()
        for task in self.tasks[:1]:
            if task["Status"] == "RUNNING" and not self.stands:
                task["ApproximateNumberOfMessagesMoved"] = min(task["ApproximateNumberOfMessagesMoved"] + 2, 5)
                if task["ApproximateNumberOfMessagesMoved"] == 5 or self.failure:
                    task["Status"] = "FAILED" if self.failure else "COMPLETED"
                    task["FailureReason"] = self.failure
        return 200, {"Results": self.tasks[:1]}

    def cancel_message_move_task(self, body: dict[str, Any]) -> Answer:
        self.tasks[0]["Status"] = "CANCELLING"
        return 200, {"ApproximateNumberOfMessagesMoved": 2}


def environment(endpoint: ScriptedEndpoint) -> dict[str, str]:
    return {"AWS_ENDPOINT_URL_SQS": endpoint.url, "AWS_DEFAULT_REGION": "eu-west-1"}


def test_a_dry_run_says_how_many_and_where_to_and_yes_moves_them(command: Command) -> None:
    queues = Queues()
    with ScriptedEndpoint(queues) as sqs:
        dry = command("faults", "redrive", "orders-dlq", environment=environment(sqs))
        queues.sources.append("payments")
        several = command("faults", "redrive", "sqs://orders-dlq", "--json", environment=environment(sqs))
        assert sqs.count("StartMessageMoveTask") == 0
        done = command("faults", "redrive", URL + "orders-dlq", "--yes", environment=environment(sqs))
        options = ["--to", "again", "--rate", "10", "--yes", "--json"]
        elsewhere = command("faults", "redrive", ARN + "orders-dlq", *options, environment=environment(sqs))
        started = sqs.bodies("StartMessageMoveTask")

    assert (dry.status, done.status, elsewhere.status) == (0, 0, 0)
    assert "About 5 messages of orders-dlq would go to orders; nothing was moved." in dry.output
    assert json.loads(several.output) == {
        "dry_run": True,
        "queue": "orders-dlq",
        "to": ["orders", "payments"],
        "messages": 5,
        "running": None,
    }
    assert done.output == "About 5 messages of orders-dlq moved; done.\n"
    assert json.loads(elsewhere.output)["status"] == "COMPLETED"
    assert started == [
        {"SourceArn": ARN + "orders-dlq"},
        {"SourceArn": ARN + "orders-dlq", "DestinationArn": ARN + "again", "MaxNumberOfMessagesPerSecond": 10},
    ]


def test_a_task_that_fails_says_why_in_plain_words(command: Command) -> None:
    queues = Queues()
    queues.failure = "CouldNotDetermineMessageSource"
    with ScriptedEndpoint(queues) as sqs:
        failed = command("faults", "redrive", "orders-dlq", "--yes", environment=environment(sqs))

    assert failed.status == 1
    assert "About 0 messages of orders-dlq moved; then it failed: CouldNotDetermineMessageSource." in failed.output
    assert "Name a queue with --to." in " ".join(failed.output.split())


def test_what_sqs_refuses_and_what_there_is_nothing_to_do_for(command: Command) -> None:
    queues = Queues()
    with ScriptedEndpoint(queues) as sqs:
        gone = command("faults", "redrive", "gone", environment=environment(sqs))
        nonsense = command("faults", "redrive", "s3://lake/faults", environment=environment(sqs))
        queues.refusal = 400, {"__type": "AccessDeniedException", "message": "Access is denied."}
        refused = command("faults", "redrive", "orders-dlq", "--yes", environment=environment(sqs))
        queues.sources = []
        alone = command("faults", "redrive", "orders-dlq", "--to", "x", "--yes", environment=environment(sqs))
        queues.sources, queues.count = ["orders"], 0
        empty = command("faults", "redrive", "orders-dlq", "--yes", environment=environment(sqs))

    assert [each.status for each in (gone, nonsense, refused, alone, empty)] == [2, 2, 2, 2, 0]
    assert "Expected a queue, found none named gone." in gone.errors
    assert "Expected a queue, as its name" in nonsense.errors
    assert "sqs:StartMessageMoveTask, sqs:ReceiveMessage" in refused.errors
    assert "Expected the dead-letter queue of a queue" in alone.errors
    assert "there is nothing to move" in empty.output
    assert all(each.errors.count("\n") == 1 for each in (gone, nonsense, refused, alone))


def test_a_task_that_runs_already_is_followed_unless_it_moves_them_elsewhere(command: Command) -> None:
    queues = Queues()
    queues.start_message_move_task({"SourceArn": ARN + "orders-dlq"})
    queues.stands = True
    with ScriptedEndpoint(queues) as sqs:
        dry = command("faults", "redrive", "orders-dlq", environment=environment(sqs))
        other = command("faults", "redrive", "orders-dlq", "--to", "again", "--yes", environment=environment(sqs))
        queues.stands = False
        followed = command("faults", "redrive", "orders-dlq", "--yes", environment=environment(sqs))
        started = command("faults", "redrive", "orders-dlq", "--yes", "--no-wait", environment=environment(sqs))
        as_json = command(
            "faults", "redrive", "orders-dlq", "--yes", "--no-wait", "--json", environment=environment(sqs)
        )

    assert "A task is moving them" in dry.output
    assert other.status == 2
    assert "Expected no other task" in other.errors
    assert followed.status == 0
    assert "A task moves them already" in followed.errors
    assert (started.status, started.output) == (0, "")
    assert (as_json.status, json.loads(as_json.output)["status"]) == (0, "RUNNING")
    assert sqs.count("StartMessageMoveTask") == 1


def test_ctrl_c_cancels_the_task(tmp_path: Path) -> None:
    queues = Queues()
    queues.stands = True
    with ScriptedEndpoint(queues) as sqs:
        arguments = [str(COMMAND), "faults", "redrive", "orders-dlq", "--yes"]
        streams: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        with subprocess.Popen(arguments, cwd=tmp_path, env=environment_of(environment(sqs)), **streams) as running:
            while sqs.count("ListMessageMoveTasks") < 3:
                time.sleep(0.01)
            running.send_signal(signal.SIGINT)
            output, _ = running.communicate(timeout=30)

    assert running.returncode == 130
    assert "About 2 messages of orders-dlq moved; then it was cancelled" in output
    assert sqs.bodies("CancelMessageMoveTask") == [{"TaskHandle": "handle"}]
