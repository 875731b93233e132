"""Amazon SNS: a topic invokes the function itself."""

from __future__ import annotations

from typing import Any, ClassVar

from powertools_stream.payloads.parsing import malformed, milliseconds, parse_object
from powertools_stream.sources.envelopes import read_events
from powertools_stream.sources.recognition import BuiltInSource
from powertools_stream.sources.source import ReadEvent, name_in
from powertools_stream.uow import Record

__all__ = ["SNSSource"]


class SNSSource(BuiltInSource):
    """Notifications of an SNS topic: the message is a JSON object, in the envelopes that AWS puts around it.

    SNS invokes the function asynchronously: it takes no partial response, so a reported record fails the invocation.
    """

    name: ClassVar[str] = "sns"
    reports_partially: ClassVar[bool] = False

    def read(self, record: Record) -> ReadEvent:
        """Read what is in the message."""
        if (record_id := self.record_id(record)) == "undefined":
            raise malformed(record_id, "a notification with an Sns.MessageId", "none")
        notification = record["Sns"]
        body = parse_object(notification.get("Message"), "the notification's Message", record_id)
        return read_events(body, record_id, milliseconds(notification.get("Timestamp")), None, self.carried)

    def identifier(self, record: Record) -> Any:
        """Return the ``MessageId``."""
        return name_in(record, ("Sns", "MessageId"), "a notification with an Sns.MessageId")
