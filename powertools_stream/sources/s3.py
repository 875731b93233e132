"""Amazon S3's event notifications."""

from __future__ import annotations

from typing import Any, ClassVar

from powertools_stream.sources.notifications import changed_object, object_event
from powertools_stream.sources.recognition import BuiltInSource
from powertools_stream.sources.source import name_in
from powertools_stream.uow import Event, Record

__all__ = ["S3Source"]


class S3Source(BuiltInSource):
    """What S3 tells of a bucket's objects. The event is the record as S3 has it, with the object's key decoded.

    Its type is the family of the ``eventName`` in lower case: ``object-created`` of ``ObjectCreated:Put``,
    ``object-removed``, ``object-restore``, ``object-tagging``, ``object-acl``, ``lifecycle-expiration``,
    ``lifecycle-transition``, ``intelligent-tiering``, ``replication``. Its ``partition_key`` is the key, and its ``id``
    the same whenever S3 tells of the same change again.

    S3 invokes the function asynchronously: it takes no partial response, so a reported record fails the invocation.
    """

    name: ClassVar[str] = "s3"
    reports_partially: ClassVar[bool] = False

    def read(self, record: Record) -> Event:
        """Make an event of the record."""
        return object_event(record, self.record_id(record))

    def identifier(self, record: Record) -> Any:
        """Return bucket, key (as S3 encodes it) and sequencer: ``orders/2026/a+b.json/0055AED6DCD90281E5``."""
        if (key := self.order_key(record)) is not None:
            bucket, name = key
            changed = changed_object(record)[1]
            return f"{bucket}/{name}/{changed.get('sequencer') or record.get('eventTime')}"
        expected = "a record of S3 with an s3.bucket.name and an s3.object.key"
        return name_in(record, ("responseElements", "x-amz-request-id"), expected)

    def order_key(self, record: Record) -> tuple[str, str] | None:
        """Return the bucket and the key: what happens to one object is processed in the order of the records."""
        try:
            bucket, key = record["s3"]["bucket"]["name"], changed_object(record)[1]["key"]
        except (KeyError, TypeError):
            return None
        return (bucket, key) if isinstance(bucket, str) and isinstance(key, str) else None
