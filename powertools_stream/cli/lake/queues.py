"""Events in a queue of SQS, which stay there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from powertools_stream.cli.aws import Account, reaching_aws
from powertools_stream.cli.lake.base import Lake
from powertools_stream.cli.lake.reading import Reading
from powertools_stream.cli.lake.selection import Selection
from powertools_stream.cli.output import counted
from powertools_stream.cli.status import CannotRunError

__all__ = ["QueueLake"]

_FEW_RECEIVES = 10
"""A queue that moves its messages after fewer receives is not read: reading is one, and so is the next look."""

_MIN_SECONDS, _MAX_SECONDS = 30, 43_200
"""How long messages are hidden from others. SQS takes 12 hours at most.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
"""

_WAIT_SECONDS = 1
"""Asked without waiting, SQS looks at some of its servers only.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
"""

_PER_SECOND = 20
"""How many messages are read in a second, for sure."""


class QueueLake(Lake):
    """Events in a queue. Its messages are received, hidden from others meanwhile, and released at the end.

    Each look counts as a receive of every message. So a queue that moves messages elsewhere after a few receives is
    refused.

    Parameters
    ----------
    location
        ``"sqs://faults"``, ``"https://sqs.eu-west-1.amazonaws.com/123456789012/faults"``, or the queue's ARN.
    """

    def __init__(self, location: str, account: Account) -> None:
        super().__init__(_account_of(location, account))
        self._location = location
        self._name = re.split(r"[:/]", location.rstrip("/"))[-1]
        if not self._name or location in ("sqs://", "arn:"):
            raise CannotRunError(f"Expected sqs://queue, or a queue's URL or ARN, found {location!r}.")
        self.reading = Reading(in_bytes=False)

    def documents(self, selection: Selection) -> Iterator[tuple[str, Any]]:
        """Yield the bodies of the messages, each once. Whatever is selected, all of them are received."""
        client = self.account.client("sqs")
        visit = self._visit(client, self._url(client))
        self.reading.expect(visit.expected)
        try:
            for message in visit.messages():
                yield from self._document(message)
        finally:
            self._end(visit)
        self._check_count(visit)

    def _document(self, message: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        place = f"sqs://{self._name}:{message['MessageId']}"
        self.reading.files += 1
        self.reading.advance(1)
        try:
            yield place, json.loads(message["Body"])
        except (ValueError, RecursionError) as error:
            self.reading.warn(
                place, f"Expected JSON in the message, found text that is not: {getattr(error, 'msg', error)}."
            )

    def _visit(self, client: Any, url: str) -> _Visit:
        with reaching_aws():
            attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        self._check_redrive(attributes.get("RedrivePolicy"))
        return _Visit(client, url, int(attributes.get("ApproximateNumberOfMessages", 0)))

    def _check_redrive(self, policy: str | None) -> None:
        if policy is None:
            return
        receives = int(json.loads(policy).get("maxReceiveCount", 0))
        if receives < _FEW_RECEIVES:
            raise CannotRunError(
                f"Expected a queue that keeps its messages, found that {self._name} moves them after {receives} "
                "receives, and reading is one. Read its dead-letter queue, or raise its maxReceiveCount to "
                f"{_FEW_RECEIVES} or more."
            )
        self.reading.note(f"{self._name} moves messages after {receives} receives, and this reading is one.")

    def _end(self, visit: _Visit) -> None:
        try:
            visit.release()
        except CannotRunError as error:
            why = f"The messages stay hidden from others for up to {visit.seconds} seconds: {error}"
            self.reading.warn(f"sqs://{self._name}", why)

    def _check_count(self, visit: _Visit) -> None:
        if visit.count < visit.expected:
            self.reading.warn(
                f"sqs://{self._name}",
                f"Expected about {counted(visit.expected, 'message')}, received {visit.count}. Others have been "
                "received by somebody else, or stand behind those of their group.",
            )

    def _url(self, client: Any) -> str:
        if self._location.startswith(("https://", "http://")):
            return self._location
        owner = {"QueueOwnerAWSAccountId": self._location.split(":")[4]} if self._location.startswith("arn:") else {}
        with reaching_aws():
            url: str = client.get_queue_url(QueueName=self._name, **owner)["QueueUrl"]
            return url


class _Visit:
    """One look at a queue: what was received, and is to be released.

    Parameters
    ----------
    expected
        About how many messages there are.

    Attributes
    ----------
    seconds
        For how long messages are hidden.
    """

    def __init__(self, client: Any, url: str, expected: int) -> None:
        self.expected = expected
        self.seconds = min(max(expected // _PER_SECOND, _MIN_SECONDS), _MAX_SECONDS)
        self._client = client
        self._url = url
        self._seen: set[str] = set()
        self._receipts: list[str] = []

    @property
    def count(self) -> int:
        """How many messages were received."""
        return len(self._seen)

    def messages(self) -> Iterator[dict[str, Any]]:
        """Yield each message once, even if it was visible again before all were read."""
        empty = 0
        while empty < (1 if self.count >= self.expected else 2):
            new = [message for message in self._received() if message["MessageId"] not in self._seen]
            self._seen.update(message["MessageId"] for message in new)
            empty = 0 if new else empty + 1
            yield from new

    def release(self) -> None:
        """Let others have the messages at once. One whose time has run out has been released already."""
        while self._receipts:
            entries = [
                {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                for number, receipt in enumerate(self._receipts[:10])
            ]
            with reaching_aws():
                self._client.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)
            del self._receipts[:10]

    def _received(self) -> list[dict[str, Any]]:
        with reaching_aws():
            found: list[dict[str, Any]] = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=10,
                VisibilityTimeout=self.seconds,
                WaitTimeSeconds=_WAIT_SECONDS,
            ).get("Messages", [])
        self._receipts += [message["ReceiptHandle"] for message in found]
        return found


def _account_of(location: str, account: Account) -> Account:
    """Return the account with the Region that a queue's ARN or URL tells."""
    found = re.match(r"arn:[^:]+:sqs:([^:]+):\d{12}:|https://sqs\.([^.]+)\.amazonaws\.", location)
    if found is None and location.startswith("arn:"):
        raise CannotRunError(f"Expected the ARN of a queue, found {location!r}.")
    return account if found is None else replace(account, region=found[1] or found[2])
