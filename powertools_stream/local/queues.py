"""What is in the queues of a stack."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping

from powertools_stream.local.emulator import Emulator, reaching
from powertools_stream.local.stack import Stack

__all__ = ["Queues"]


class Queues:
    """The queues of a stack.

    Parameters
    ----------
    stack, emulator
        The stack, and where it is.
    """

    def __init__(self, stack: Stack, emulator: Emulator) -> None:
        self._emulator = emulator
        self._urls = {name: stack.physical_ids[name] for name in stack.of_type("AWS::SQS::Queue")}

    def depths(self) -> dict[str, int]:
        """Return how many messages each queue has, received and delayed ones included, by logical id."""
        return {name: self._depth(url) for name, url in self._urls.items()}

    def redrives(self) -> dict[str, str]:
        """Return which queue's messages go to which queue if they fail too often, by logical ids."""
        arns = {self._attributes(url, "QueueArn")["QueueArn"]: name for name, url in self._urls.items()}
        return dict(self._redrives(arns))

    def moved(self, dead_letters: Collection[str]) -> dict[str, int]:
        """Return how many messages were moved out of dead-letter queues, by logical id; 0, where nobody counts them."""
        return {name: self._moved(self._urls[name]) for name in dead_letters}

    def _moved(self, url: str) -> int:
        from botocore.exceptions import ClientError

        arn = self._attributes(url, "QueueArn")["QueueArn"]
        try:
            tasks = self._emulator.client("sqs").list_message_move_tasks(SourceArn=arn, MaxResults=10)["Results"]
        except ClientError:  # An emulator of somebody else may not know the action.
            return 0
        return sum(int(task.get("ApproximateNumberOfMessagesMoved", 0)) for task in tasks)

    def _redrives(self, arns: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        for name, url in self._urls.items():
            policy = self._attributes(url, "RedrivePolicy").get("RedrivePolicy")
            target = json.loads(policy).get("deadLetterTargetArn", "") if policy else ""
            if target in arns:
                yield name, arns[target]

    def _depth(self, url: str) -> int:
        names = [f"ApproximateNumberOfMessages{each}" for each in ("", "NotVisible", "Delayed")]
        return sum(int(count) for count in self._attributes(url, *names).values())

    def _attributes(self, url: str, *names: str) -> dict[str, str]:
        with reaching(self._emulator):
            response = self._emulator.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=list(names))
        attributes: dict[str, str] = response.get("Attributes", {})
        return attributes
