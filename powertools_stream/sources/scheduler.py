"""Schedules: EventBridge Scheduler, and rules of EventBridge that go by the clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from powertools_stream.payloads.completion import complete
from powertools_stream.payloads.parsing import malformed, milliseconds
from powertools_stream.sources.envelopes import read_events, unwrap
from powertools_stream.sources.eventbridge import on_its_own
from powertools_stream.sources.invocations import content_of, invocation_id, invocation_name, invocation_time
from powertools_stream.sources.recognition import is_known, is_scheduled
from powertools_stream.sources.source import ReadEvent, Source, fields_of
from powertools_stream.uow import Record

__all__ = ["ScheduleSource"]

_TYPE = "Scheduled Event"


class ScheduleSource(Source):
    """What a schedule sends: by default an event of type ``Scheduled Event``, with the name in ``schedule``.

    That default is recognised by itself. An input of your own can be anything, so it is taken for a schedule's only
    if ``source=ScheduleSource()`` is named; the input is the event then. Put context attributes into it: ``{"id":
    "<aws.scheduler.execution-id>", "time": "<aws.scheduler.scheduled-time>", "type": "report-due"}``. Without an ``id``
    the event gets one for the invocation, without a ``time`` the invocation's, without a ``type`` ``Scheduled Event``.
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html

    Schedules invoke the function asynchronously: there is no partial response, so a reported record fails the
    invocation.
    """

    name: ClassVar[str] = "schedule"
    reports_partially: ClassVar[bool] = False

    def recognises(self, record: Mapping[str, Any]) -> bool:
        """Tell whether a schedule sent it: the default, or anything that no other source knows."""
        return is_scheduled(record) or (bool(record) and not is_known(record))

    def records(self, event: Mapping[str, Any]) -> list[Record] | None:
        """Return the event itself, as the only record."""
        return [dict(event)] if self.recognises(event) else None

    def read(self, record: Record) -> ReadEvent:
        """Make an event of it."""
        if not fields_of(record):
            raise malformed(self.record_id(record), "an input that is a JSON object with fields", "something else")
        if not is_scheduled(record):
            return on_its_own(_read_input(record, self.carried))
        name = _name(record)
        event = complete(unwrap(dict(record), self.record_id(record)), self.record_id(record), None, name)
        return {**event, "schedule": name}

    def identifier(self, record: Record) -> Any:
        """Return the ``id``; of an input without one, a name for logs and fault events."""
        identifier = fields_of(record).get("id")
        return identifier if identifier and isinstance(identifier, str) else invocation_name(content_of(record))


def _read_input(record: Record, sources: Sequence[Source]) -> ReadEvent:
    body = {"type": _TYPE, **record}
    if not body.get("id"):
        body["id"] = invocation_id(content_of(record))
    moment = milliseconds(record.get("time"))
    return read_events(body, str(body["id"]), invocation_time() if moment is None else moment, None, sources)


def _name(record: Mapping[str, Any]) -> str | None:
    """Read the name from the ARN: ``…:schedule/{group}/{name}`` of Scheduler, ``…:rule/{name}`` of a rule."""
    resources = record.get("resources")
    return str(resources[0]).partition("/")[2] if isinstance(resources, list) and resources else None
