"""Amazon DynamoDB Streams."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from aws_lambda_powertools.utilities.batch import EventType

from powertools_stream.errors import SettingError
from powertools_stream.payloads.attribute_values import deserialize_item
from powertools_stream.payloads.carried import approximate_seconds, table_name_of
from powertools_stream.payloads.completion import complete
from powertools_stream.payloads.conversions import short_repr
from powertools_stream.payloads.parsing import from_seconds, malformed
from powertools_stream.sources.recognition import BuiltInSource
from powertools_stream.sources.source import name_in
from powertools_stream.uow import Event, Record

__all__ = ["DynamoDBSource"]

Image = dict[str, Any]

_SUFFIXES = {"INSERT": "created", "MODIFY": "updated", "REMOVE": "deleted"}
# How TTL signs its deletions; only in the Region where they happen, not in the replicas of a global table.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ttl-expired-items.html
_TTL_IDENTITY = ("Service", "dynamodb.amazonaws.com")
# Global tables of version 2017.11.29 adorn each item with it; later ones leave that to the application.
_REPLICA_REGION = "aws:rep:updateregion"


class DynamoDBSource(BuiltInSource):
    """Changes of a table's items. The event's ``raw`` holds the images as plain values: ``{"new": …, "old": …}``.

    Its type is prefix, ``-``, suffix. The suffix is ``created``, ``updated`` or ``deleted``; if the item's boolean
    ``deleted`` becomes true (a soft delete) it is ``deleted``, and if it is no longer true ``undeleted``.

    Parameters
    ----------
    pk
        The name of the hash key, whose value is the event's ``partition_key``: a record does not say which of its keys
        that is. None: the only key, else the key named ``pk``, else the values of all keys, by name, joined by ``|``.
    sk
        The attribute that gives the type's prefix if there is no discriminator.
    discriminator
        The attribute that gives the type's prefix. If neither attribute is a string, the prefix is the table's name.
    event_type_prefix
        The prefix, for all records; or a function of the item as plain values (its new image, else its old one, else
        its keys).
    ignore_replicas
        Skip changes that a global table replicated from another Region, so that each is processed in one Region only.
        The item says where it was written in ``awsregion`` (set by the application) or ``aws:rep:updateregion``
        (version 2017.11.29); an item without either is never skipped.
    ignore_ttl_expired
        Skip items that were removed because their time to live had passed.
    prefer_approximate_timestamp
        Take the event's timestamp from the stream's ``ApproximateCreationDateTime`` even if the item has a number
        ``timestamp`` (ms).
    """

    name: ClassVar[str] = "dynamodb"
    event_type: ClassVar[EventType | None] = EventType.DynamoDBStreams
    resumes_from_first: ClassVar[bool] = True

    def __init__(
        self,
        *,
        pk: str | None = None,
        sk: str = "sk",
        discriminator: str = "discriminator",
        event_type_prefix: str | Callable[[Image], str] | None = None,
        ignore_replicas: bool = True,
        ignore_ttl_expired: bool = False,
        prefer_approximate_timestamp: bool = False,
    ) -> None:
        self.pk = pk
        self.sk = sk
        self.discriminator = discriminator
        self.event_type_prefix = event_type_prefix
        self.ignore_replicas = ignore_replicas
        self.ignore_ttl_expired = ignore_ttl_expired
        self.prefer_approximate_timestamp = prefer_approximate_timestamp

    def read(self, record: Record) -> Event | None:
        """Make an event of the change; None for one that is ignored."""
        try:
            change = record["dynamodb"]
            record_id, event_id = change.get("SequenceNumber", ""), record.get("eventID")
        except (AttributeError, KeyError, TypeError):
            raise malformed(self.record_id(record), "a record of DynamoDB with its change", "none") from None
        if type(record_id) is not str or (event_id is not None and type(event_id) is not str):
            raise malformed(self.record_id(record), "a SequenceNumber and an eventID that are text", "something else")
        try:
            keys = change["Keys"]
            new, old = _image(change, "NewImage"), _image(change, "OldImage")
            image = new if new is not None else old if old is not None else deserialize_item(keys)
            partition_key = self._partition_key(keys)
        except (AttributeError, KeyError, RecursionError, StopIteration, TypeError, ValueError) as error:
            found = f"one that is not ({type(error).__name__})"
            raise malformed(record_id, "a change with Keys and images made of attribute values", found) from error
        if self._is_ignored(record, new, old, image):
            return None
        event = {
            "id": event_id,
            "type": f"{self._prefix(record, image)}-{_suffix(record, new, old, record_id)}",
            "timestamp": self._timestamp(change, image, record_id),
            "partition_key": partition_key,
            "tags": {"region": record.get("awsRegion")},
            "raw": {"new": new, "old": old},
        }
        return complete(event, record_id, None, None)

    def identifier(self, record: Record) -> Any:
        """Return the sequence number."""
        expected = "a record with a dynamodb.SequenceNumber to report it by"
        return name_in(record, ("dynamodb", "SequenceNumber"), expected)

    def order_key(self, record: Record) -> Hashable | None:
        """Return the item's key, as names, types and values."""
        parts = []
        try:
            for name, value in record["dynamodb"]["Keys"].items():
                ((kind, content),) = value.items()
                if type(content) is not str:
                    return None
                parts.append((name, kind, content))
        except (AttributeError, KeyError, TypeError, ValueError):
            return None
        # In one order: the same key may come as {"pk": …, "sk": …} and as {"sk": …, "pk": …}.
        parts.sort()
        return tuple(parts)

    def _partition_key(self, keys: Any) -> str:
        if not isinstance(keys, dict) or not keys:
            raise TypeError("The keys are no names with values.")
        if self.pk is not None:
            if self.pk not in keys:
                raise _unknown_key(self.pk, keys)
            return _text(keys[self.pk])
        if "pk" in keys:
            return _text(keys["pk"])
        # The only key, or, as nothing says which of the two is the hash key, both.
        return "|".join(_text(keys[name]) for name in sorted(keys))

    def _is_ignored(self, record: Record, new: Image | None, old: Image | None, image: Image) -> bool:
        if self.ignore_replicas:
            region = image.get("awsregion") or image.get(_REPLICA_REGION)
            if region is not None and region != record.get("awsRegion"):
                return True
            # Version 2017.11.29 adorns an item in a change of its own, after the application's.
            if old is not None and new is not None and _REPLICA_REGION in new and _REPLICA_REGION not in old:
                return True
        return self.ignore_ttl_expired and _is_ttl_expired(record)

    def _prefix(self, record: Record, image: Image) -> str:
        if (prefix := self.event_type_prefix) is not None:
            return prefix(image) if callable(prefix) else prefix
        for name in (self.discriminator, self.sk):
            value = image.get(name)
            if value and type(value) is str:
                return value
        return table_name_of(record) or "undefined"

    def _timestamp(self, change: Mapping[str, Any], image: Image, record_id: str) -> int:
        timestamp = image.get("timestamp")
        if type(timestamp) in _NUMBERS and not self.prefer_approximate_timestamp:
            return int(timestamp)  # type: ignore[arg-type]
        # With a fraction on some streams.
        return from_seconds(approximate_seconds(change) or 0, record_id)


_NUMBERS = (int, Decimal)


def _image(change: Mapping[str, Any], name: str) -> Image | None:
    image = change.get(name)
    return None if image is None else deserialize_item(image)


def _suffix(record: Record, new: Image | None, old: Image | None, record_id: str) -> str:
    try:
        suffix = _SUFFIXES[record["eventName"]]
    except (KeyError, TypeError):
        expected = f"an eventName among {', '.join(_SUFFIXES)}"
        raise malformed(record_id, expected, short_repr(record.get("eventName"))) from None
    # A REMOVE has no new image, nor has a stream that does not send them: neither tells of a soft delete.
    if new is None:
        return suffix
    is_deleted, was_deleted = new.get("deleted") is True, old is not None and old.get("deleted") is True
    if is_deleted == was_deleted:
        return suffix
    return "deleted" if is_deleted else "undeleted"


def _is_ttl_expired(record: Record) -> bool:
    identity = record.get("userIdentity")
    if not isinstance(identity, Mapping):
        return False
    found = (identity.get("type"), identity.get("principalId"))
    return record.get("eventName") == "REMOVE" and found == _TTL_IDENTITY


def _text(value: Mapping[str, Any]) -> str:
    """Return a key's value as text; a binary one as the base64 that the stream has."""
    ((_, content),) = value.items()
    if not isinstance(content, str | bytes):
        raise TypeError("A key is a text, a number or binary, and all of these are text in a stream.")
    return str(content)


def _unknown_key(pk: str, keys: Mapping[str, Any]) -> SettingError:
    found = ", ".join(repr(name) for name in sorted(keys))
    return SettingError(
        f"Expected {pk!r} to be a key of the table, as DynamoDBSource(pk={pk!r}) says, found the keys {found}. "
        "Pass the name of the table's hash key."
    )
