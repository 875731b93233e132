"""SQS' own task that moves messages out of a dead-letter queue.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from powertools_stream.cli.aws import Account, code_of, reaching_aws
from powertools_stream.cli.sending.queues import queue_url
from powertools_stream.cli.status import CannotRunError

__all__ = ["MAX_RATE", "DeadLetters", "Task"]

MAX_RATE = 500
"""Messages in a second, at most."""

_RUNNING = ("RUNNING", "CANCELLING")


@dataclass(frozen=True)
class Task:
    """A task that moves messages.

    Parameters
    ----------
    handle
        Names it while it runs.
    status
        ``RUNNING``, ``COMPLETED``, ``CANCELLING``, ``CANCELLED`` or ``FAILED``.
    destination
        The ARN of the queue that they are moved to; None: each goes to the queue that it came from.
    moved, total
        About how many are moved, and were there at its start.
    failure
        Why it failed; None: it did not.
    """

    handle: str | None
    status: str
    destination: str | None
    moved: int
    total: int
    failure: str | None

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.status in _RUNNING

    @property
    def trouble(self) -> str:
        """Why it failed, in plain words."""
        reason = self.failure or "SQS does not say why"
        advice = next((text for name, text in _ADVICE.items() if name.lower() in reason.lower()), "")
        return f"{reason}. {advice}".strip()


_ADVICE = {
    "CouldNotDetermineMessageSource": (
        "SQS does not know from which queue a message came: it was sent to the dead-letter queue directly, as Lambda "
        "and SNS do. Name a queue with --to."
    ),
    "NonExistentQueue": "The queue that a message came from is gone. Name another one with --to.",
    "AccessDenied": (
        "sqs:StartMessageMoveTask, sqs:ReceiveMessage, sqs:DeleteMessage and sqs:GetQueueAttributes are needed on the "
        "dead-letter queue, sqs:SendMessage on the queues that the messages go to, and the rights to the keys of both."
    ),
    "Kms": "The key of a queue must let you decrypt, and the key of the other one encrypt.",
}


class DeadLetters:
    """A dead-letter queue.

    Parameters
    ----------
    account
        Whose.
    queue
        Its name, URL or ARN.

    Raises
    ------
    CannotRunError
        It does not exist.
    """

    def __init__(self, account: Account, queue: str) -> None:
        self._client = account.client("sqs")
        self.url = queue_url(self._client, queue)
        attributes = self._attributes(self.url, "QueueArn", "ApproximateNumberOfMessages")
        self.arn = str(attributes["QueueArn"])
        self.count = int(attributes["ApproximateNumberOfMessages"])

    @property
    def name(self) -> str:
        """Its name."""
        return self.arn.rpartition(":")[2]

    def sources(self) -> list[str]:
        """Return the names of the queues whose dead letters it holds.

        Raises
        ------
        CannotRunError
            There are none: SQS moves nothing out of it.
        """
        with reaching_aws():
            pages = self._client.get_paginator("list_dead_letter_source_queues").paginate(QueueUrl=self.url)
            names = [url.rpartition("/")[2] for page in pages for url in page.get("queueUrls", ())]
        if not names:
            raise CannotRunError(
                f"Expected the dead-letter queue of a queue, found none with {self.name} in its redrive policy. "
                "SQS moves messages only out of such a queue, and not out of one for a function or a subscription. "
                f"Resubmit its events with `faults resubmit sqs://{self.name}`, if they are fault events."
            )
        return sorted(names)

    def arn_of(self, queue: str) -> str:
        """Return the ARN of another queue."""
        return str(self._attributes(queue_url(self._client, queue), "QueueArn")["QueueArn"])

    def latest(self) -> Task | None:
        """Return the task that runs, or that ended last; None: there was none."""
        with reaching_aws():
            found: Sequence[Mapping[str, Any]] = self._client.list_message_move_tasks(
                SourceArn=self.arn, MaxResults=1
            ).get("Results", ())
        if not found:
            return None
        told = found[0]
        return Task(
            told.get("TaskHandle"),
            str(told.get("Status")),
            told.get("DestinationArn"),
            int(told.get("ApproximateNumberOfMessagesMoved") or 0),
            int(told.get("ApproximateNumberOfMessagesToMove") or 0),
            told.get("FailureReason"),
        )

    def start(self, destination: str | None, rate: int | None) -> None:
        """Start a task. It runs for 36 hours at most, and what is left then stays.

        Raises
        ------
        CannotRunError
            SQS does not let it start.
        """
        params: dict[str, Any] = {"SourceArn": self.arn}
        if destination is not None:
            params["DestinationArn"] = destination
        if rate is not None:
            params["MaxNumberOfMessagesPerSecond"] = rate
        try:
            with reaching_aws():
                self._client.start_message_move_task(**params)
        except CannotRunError as error:
            advice = next((text for name, text in _ADVICE.items() if name in code_of(error)), "")
            raise CannotRunError(f"{error} {advice}".strip()) from error

    def progress(self, wait: Callable[[float], object], is_over: Callable[[], bool]) -> Iterator[Task]:
        """Yield how far the task is, until it has ended, or nobody wants to know."""
        seconds = 0.1
        while (task := self.latest()) is not None:
            yield task
            if not task.is_running or is_over():
                return
            wait(seconds)
            seconds = min(seconds * 1.5, 5.0)

    def cancel(self, task: Task) -> int:
        """End a task; return about how many messages it has moved, which stay where they are now."""
        with reaching_aws():
            told = self._client.cancel_message_move_task(TaskHandle=task.handle)
        return int(told.get("ApproximateNumberOfMessagesMoved") or 0)

    def _attributes(self, url: str, *names: str) -> Mapping[str, Any]:
        with reaching_aws():
            attributes: Mapping[str, Any] = self._client.get_queue_attributes(QueueUrl=url, AttributeNames=list(names))[
                "Attributes"
            ]
            return attributes
