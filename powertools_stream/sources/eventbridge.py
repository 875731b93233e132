"""Amazon EventBridge: a rule invokes the function itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from powertools_stream.payloads.parsing import malformed, read_compressed
from powertools_stream.sources.envelopes import read_events
from powertools_stream.sources.recognition import BuiltInSource
from powertools_stream.sources.source import ReadEvent, fields_of, name_in
from powertools_stream.uow import Event, Record

__all__ = ["EventBridgeSource", "on_its_own"]


class EventBridgeSource(BuiltInSource):
    """One event of a bus, and no more in an invocation: yours, or one that an AWS service publishes.

    The event is the ``detail``; what it lacks of ``id``, ``type`` and ``timestamp`` comes from the envelope. Events of
    AWS services always have the ``detail-type`` as their type: ``Object Created``, ``EC2 Instance State-change
    Notification``.

    EventBridge invokes the function asynchronously: there is no partial response, so a reported record fails the
    invocation.
    """

    name: ClassVar[str] = "eventbridge"
    reports_partially: ClassVar[bool] = False

    def records(self, event: Mapping[str, Any]) -> list[Record] | None:
        """Return the event itself, as the only record."""
        return [dict(event)] if _is_event(event) else None

    def read(self, record: Record) -> ReadEvent:
        """Read what is in the detail."""
        record_id = self.record_id(record)
        if not _is_event(fields_of(record)):
            raise malformed(record_id, "an EventBridge event with a detail", "none")
        return on_its_own(read_events(record, record_id, None, None, self.carried))

    def identifier(self, record: Record) -> Any:
        """Return the envelope's ``id``."""
        return name_in(record, ("id",), "an EventBridge event with an id")

    def origin(self, record: Record) -> str | None:
        """Return the replay, if there is one: what is replayed from an archive has its old id, and is to run again."""
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html
        replay = fields_of(record).get("replay-name")
        return f"{self.name}/{replay}" if isinstance(replay, str) else self.name


def on_its_own(events: ReadEvent) -> ReadEvent:
    """Return an event that shares no tags with its record, and with its compressed values read.

    For payloads that are no text: what is parsed from text is the event's own, and read already.
    """
    if isinstance(events, list):
        return [_alone(event) for event in events]
    return events if events is None else _alone(events)


def _alone(event: Event) -> Event:
    event["tags"] = dict(event["tags"])
    return read_compressed(event, "the event", str(event["id"]))


def _is_event(record: Mapping[str, Any]) -> bool:
    return "detail-type" in record and "detail" in record
