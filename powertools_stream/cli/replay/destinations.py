"""Where events are replayed to: a bus, a queue, or a function."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, ClassVar, Protocol

from powertools_stream.cli.aws import Account
from powertools_stream.cli.replay.again import key_of
from powertools_stream.cli.sending.functions import Invoker, NotInvokedError
from powertools_stream.cli.sending.queues import account_of, queue_url
from powertools_stream.cli.status import CannotRunError
from powertools_stream.outcomes import FaultPolicy, Reason
from powertools_stream.processor import StreamProcessor
from powertools_stream.requests import PutEvent, Request, SendMessage
from powertools_stream.sources import Source

__all__ = ["Bus", "Destination", "Function", "Queue"]

Event = Mapping[str, Any]


class Destination(Protocol):
    """Takes events."""

    name: str
    """What a person calls it."""

    def send(self, events: Sequence[Event]) -> dict[int, str]:
        """Send events; return the positions of those that have not arrived, each with the reason.

        Raises
        ------
        InDoubtError
            It is not known of any.
        CannotRunError
            None will arrive: no permission, no such place.
        """
        ...


class _Stored(Source):
    """Events as the records of a batch, so that the engine sends them as it sends those of rules."""

    name: ClassVar[str] = "stored"

    def recognises(self, record: Mapping[str, Any]) -> bool:
        return "position" in record

    def records(self, event: Mapping[str, Any]) -> list[dict[str, Any]] | None:
        return [{"position": position, "event": each} for position, each in enumerate(event["events"])]

    def read(self, record: dict[str, Any]) -> dict[str, Any]:
        # Not the event itself, which may be a fault event, or want to be left alone.
        return {"id": self.identifier(record), "type": "stored", "timestamp": 0, "tags": {}}

    def identifier(self, record: dict[str, Any]) -> str:
        return str(record["position"])


class _Sent:
    """Sends a request for each event: batched, within the limits of the service, and again if it was throttled."""

    def __init__(self, account: Account, request_of: Callable[[Event], Request]) -> None:
        # What failed is told by the command.
        logging.getLogger("powertools_stream").addHandler(logging.NullHandler())
        logging.getLogger("powertools_stream").propagate = False

        def send(uow: Any, rule: Any) -> Generator[Any, Any, Any]:
            yield request_of(uow["record"]["event"])

        self._processor = StreamProcessor(
            rules=[{"id": "replay", "flavor": send}],
            source=_Stored(),
            on_fault=FaultPolicy.REPORT,
            raise_on_entire_batch_failure=False,
            boto3_session=account.session(),
        )

    def send(self, events: Sequence[Event]) -> dict[int, str]:
        """Send events, as `Destination.send` does."""
        self._processor.process_event({"events": events})
        faults = self._processor.faults
        # None has arrived, for a reason that is not theirs: no other will.
        if len(faults) == len(events) and all(fault.reason in _NOT_OF_AN_EVENT for fault in faults):
            raise CannotRunError(f"The events cannot be sent: {faults[0].error}") from faults[0].error
        failed = {int(fault.record_id): f"{type(fault.error).__name__}: {fault.error}" for fault in faults}
        # What counts is that it was sent: the environment may switch rules off, this one as well.
        sent = {result.uow["record"]["position"] for result in self._processor.results}
        unsent = set(range(len(events))) - sent - failed.keys()
        return {**failed, **dict.fromkeys(unsent, "not sent: see ENABLED_PIPELINES and DISABLED_PIPELINES")}


_NOT_OF_AN_EVENT = (Reason.CONFIGURATION, Reason.RETRYABLE)


class Bus(_Sent):
    """A bus of EventBridge.

    Parameters
    ----------
    source
        The entries' ``Source``; None: ``BUS_SRC``, then ``custom``.
    """

    def __init__(self, account: Account, bus: str, source: str | None) -> None:
        super().__init__(account, lambda event: PutEvent(event, bus_name=bus, source=source))
        self.name = f"the bus {bus}"


class Queue(_Sent):
    """A queue. On a FIFO queue, the group is the partition key, and SQS takes an event once in five minutes.

    It tells it from the original, which somebody may have sent a moment ago with the event's id.
    """

    def __init__(self, account: Account, queue: str) -> None:
        account = account_of(queue, account)
        url = queue_url(account.client("sqs"), queue)
        super().__init__(account, lambda event: SendMessage(_message(event, url), queue_url=url))
        self.name = f"the queue {url.rpartition('/')[2]}"


# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
_NOT_IN_GROUPS = re.compile(r"[^A-Za-z0-9!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]")


def _message(event: Event, url: str) -> dict[str, Any]:
    if not url.endswith(".fifo"):
        return {"MessageBody": dict(event)}
    group = str(event.get("partition_key") or event.get("partitionKey") or event.get("id"))
    return {
        "MessageBody": dict(event),
        "MessageGroupId": _NOT_IN_GROUPS.sub("_", group)[:128],
        "MessageDeduplicationId": f"replay-{key_of(event)}",
    }


class Function:
    """A function, which gets events as from a Distributed Map: all its rules that match run."""

    def __init__(self, invoker: Invoker, function: str) -> None:
        self._invoker = invoker
        self._function = function
        self.name = f"the function {function}"

    def send(self, events: Sequence[Event]) -> dict[int, str]:
        """Send events, as `Destination.send` does. They succeed and fail together."""
        try:
            replied = self._invoker.invoke(self._function, {"Items": [*events]})
        except NotInvokedError as error:
            return dict.fromkeys(range(len(events)), str(error))
        if replied.function_error is None:
            return {}
        return dict.fromkeys(range(len(events)), replied.payload.decode(errors="replace")[:300])
