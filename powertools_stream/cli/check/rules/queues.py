"""Findings in queues that event source mappings read from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from powertools_stream.cli.check.rules.base import Finding, StackRule
from powertools_stream.cli.stack import QUEUE, Resource, SourceMapping, Stack, dig, mappings_of, number

__all__ = ["FewReceives", "NoDeadLetterQueue", "ShortVisibility"]

_PAGE = "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"

_DEFAULT_VISIBILITY = 30
"""Seconds: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html."""

_TIMES = 6
_RECEIVES = 5


class ShortVisibility(StackRule):
    """A message that comes back while its batch still waits is received more often than it was tried."""

    id = "W9821"
    shortdesc = "A visibility timeout under six times the function's time-out"
    why = (
        "While the function is throttled or runs long, messages come back before they were tried: each time counts as "
        "a receive, so they end up in the dead-letter queue, or are processed twice."
    )
    advice = "Set `VisibilityTimeout` to six times the function's `Timeout`."
    source_url = _PAGE

    def found_in(self, stack: Stack) -> Iterator[Finding]:
        """Yield the queues whose messages come back too soon."""
        for mapping, queue in _queues(stack):
            timeout = mapping.function.timeout if mapping.function else None
            visibility = number(queue.properties.get("VisibilityTimeout"), _DEFAULT_VISIBILITY)
            if timeout is not None and visibility is not None and visibility < _TIMES * timeout:
                found = (
                    f"The visibility timeout of {queue.logical_id} is {visibility} s; the time-out of its function "
                    f"{mapping.function and mapping.function.name} is {timeout} s."
                )
                advice = f"Set `VisibilityTimeout` to {_TIMES * timeout} or more."
                yield self.finding(_within(queue, "VisibilityTimeout"), found, advice)


class FewReceives(StackRule):
    """A passing failure must not look like a poisonous message."""

    id = "W9822"
    shortdesc = "A maxReceiveCount under 5"
    why = (
        "A few throttled or failed invocations in a row put sound messages into the dead-letter queue: each receive "
        "counts, also of a batch that was never tried."
    )
    advice = "Set `maxReceiveCount` to 5 or more."
    source_url = _PAGE

    def found_in(self, stack: Stack) -> Iterator[Finding]:
        """Yield the queues that give up too soon."""
        for _, queue in _queues(stack):
            receives = number(dig(_redrive_policy(queue), "maxReceiveCount"), _RECEIVES)
            if receives is not None and receives < _RECEIVES:
                path = [*_within(queue, "RedrivePolicy"), "maxReceiveCount"]
                yield self.finding(path, f"The `maxReceiveCount` of {queue.logical_id} is {receives}.")


class NoDeadLetterQueue(StackRule):
    """What fails every time is deleted when its time is up."""

    id = "E9823"
    shortdesc = "A queue without a dead-letter queue"
    why = (
        "A message that fails every time comes back until its retention period is over (4 days by default); then SQS "
        "deletes it."
    )
    advice = "Set `RedrivePolicy: {deadLetterTargetArn: …, maxReceiveCount: 5}`."
    source_url = (
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html"
    )

    def found_in(self, stack: Stack) -> Iterator[Finding]:
        """Yield the queues whose messages end nowhere."""
        last = _dead_letter_queues(stack)
        for mapping, queue in _queues(stack):
            if dig(_redrive_policy(queue), "deadLetterTargetArn") is None and queue.logical_id not in last:
                reader = f", which {mapping.function.name} reads from," if mapping.function else ""
                found = f"The queue {queue.logical_id}{reader} has no dead-letter queue."
                yield self.finding(_within(queue, "RedrivePolicy"), found)


def _queues(stack: Stack) -> Iterator[tuple[SourceMapping, Resource]]:
    for mapping in mappings_of(stack):
        if mapping.queue is not None:
            yield mapping, mapping.queue


def _dead_letter_queues(stack: Stack) -> set[str]:
    """Return the queues that are the last place of other queues' messages, and so need none of their own."""
    targets = (dig(_redrive_policy(queue), "deadLetterTargetArn") for queue in stack.of_type(QUEUE))
    named = (stack.named(target, QUEUE) for target in targets)
    return {queue.logical_id for queue in named if queue is not None}


def _redrive_policy(queue: Resource) -> Any:
    policy = queue.properties.get("RedrivePolicy")
    try:
        return json.loads(policy) if isinstance(policy, str) else policy
    except ValueError:
        return {}


def _within(queue: Resource, name: str) -> list[str | int]:
    return [*queue.path, "Properties", name] if name in queue.properties else queue.path
