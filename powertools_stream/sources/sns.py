"""Amazon SNS, where a topic invokes the function itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from powertools_stream.payloads.parsing import malformed, milliseconds, parse_object
from powertools_stream.sources.envelopes import read_events
from powertools_stream.sources.recognition import BuiltInSource
from powertools_stream.sources.source import ReadEvent
from powertools_stream.uow import Record

__all__ = ["SNSSource"]

_NO_NOTIFICATION: Mapping[str, Any] = {}


class SNSSource(BuiltInSource):
    """Notifications of an SNS topic: the message is a JSON object, in the envelopes that AWS puts around it.

    SNS invokes the function asynchronously: it takes no partial response, so a reported record fails the invocation.
    """

    name: ClassVar[str] = "sns"
    reports_partially: ClassVar[bool] = False

    def read(self, record: Record) -> ReadEvent:
        """Read what is in the message."""
        record_id = self.record_id(record)
        notification = record.get("Sns") or _NO_NOTIFICATION
        body = parse_object(notification.get("Message"), "the notification's Message", record_id)
        return read_events(body, record_id, milliseconds(notification.get("Timestamp")), None)

    def identifier(self, record: Record) -> Any:
        """Return the ``MessageId``."""
        if identifier := (record.get("Sns") or _NO_NOTIFICATION).get("MessageId"):
            return identifier
        raise malformed(None, "a notification with an Sns.MessageId", "none")
