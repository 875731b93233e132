"""What SNS and SQS have in common: messages with attributes, sent up to ten in a call, in groups that keep their order.

Both services say of each message of a call, by its ``Id``, whether it was taken.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from powertools_stream.connectors.connector import Entry, Operation
from powertools_stream.errors import (
    EntryTooLargeError,
    InvalidRequestError,
    RequestFailedError,
    RetryableError,
    SettingError,
)
from powertools_stream.payloads import to_json

__all__ = ["Dialect", "Messages", "check_names", "numbered", "outcomes", "wire_params"]

# https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
_MAX_ENTRIES = 10
# The name of a FIFO queue ends so, and that of a FIFO topic.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
# https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
_FIFO = ".fifo"


@dataclass(frozen=True, slots=True)
class Dialect:
    """The words in which a service wants a message.

    Parameters
    ----------
    service, operation
        As boto3 spells the service, and the operation that takes several messages.
    content
        The parameter that holds the message.
    target
        The parameter that says where it goes.
    parameters
        What else a message may have in a call that takes several.
    max_bytes
        How large a message may be, and all messages of a call together.
    size_setting
        The environment variable that says otherwise.
    """

    service: str
    operation: str
    content: str
    target: str
    parameters: frozenset[str]
    max_bytes: int
    size_setting: str


class Messages:
    """Makes entries of messages.

    Parameters
    ----------
    dialect
        The service's.
    """

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        # A rule of aws-lambda-stream may give an id for the call, which is ours to give.
        self._known = dialect.parameters | {dialect.content, dialect.target, "Id"}
        self._operations: dict[tuple[str, int, bool], Operation] = {}

    def entry(self, params: Mapping[str, Any], target: str, *, ordered: bool) -> Entry:
        """Return the entry of one message; on a FIFO queue or topic its group is the key, if it is to be ordered."""
        dialect = self._dialect
        check_names(params, self._known, dialect.operation)
        payload, size = wire_params(params, dialect.content)
        payload.pop(dialect.target, None)
        payload.pop("Id", None)
        max_bytes = _max_bytes(dialect)
        if size > max_bytes:
            raise EntryTooLargeError(_too_large(params[dialect.content], size, max_bytes, dialect))
        key = None
        if target.endswith(_FIFO):
            group = _group(payload, target)
            _deduplicate(payload, params[dialect.content], dialect.content)
            key = (target, group) if ordered else None
        return Entry(self._operation(target, max_bytes, key is not None), payload, size, key)

    def _operation(self, target: str, max_bytes: int, one_per_group: bool) -> Operation:
        operation = self._operations.get((target, max_bytes, one_per_group))
        if operation is None:
            # One message of a group in a call: those behind one that is not taken are, so that it would come after
            # them. Sent alone, the next one waits until it has been sent again.
            operation = self._operations[target, max_bytes, one_per_group] = Operation(
                self._dialect.service,
                self._dialect.operation,
                target,
                _MAX_ENTRIES,
                max_bytes,
                one_per_key=one_per_group,
            )
        return operation


class _ServiceFailureError(RequestFailedError, RetryableError):
    """A message that the service did not take, and it says that this is no fault of the sender's."""


def check_names(params: Mapping[str, Any], known: frozenset[str], operation: str) -> None:
    """Check that a message has no parameter that the operation does not take: boto3's client validates nothing."""
    if unknown := params.keys() - known:
        raise InvalidRequestError(
            f"Expected what {operation} takes for a message, but found {sorted(unknown)}; it takes {sorted(known)}. "
            "Is it spelt as in AWS's API?"
        )


def wire_params(params: Mapping[str, Any], content: str) -> tuple[dict[str, Any], int]:
    """Return a message's parameters as boto3's client takes them, and its bytes as the service counts them.

    They are those of the content and of the attributes, with their names, types and values.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
    https://docs.aws.amazon.com/sns/latest/dg/large-message-payloads.html
    """
    text = _text(params.get(content), content)
    payload = {name: value for name, value in params.items() if value is not None}
    payload[content] = text
    size = _bytes(text)
    if attributes := payload.get("MessageAttributes"):
        payload["MessageAttributes"] = wire = {
            name: _attribute(name, value) for name, value in attributes.items() if value is not None
        }
        size += sum(_bytes(name) + _attribute_bytes(attribute) for name, attribute in wire.items())
    return payload, size


def numbered(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return the messages of a call, each with its place as its id."""
    return [{**entry.payload, "Id": str(place)} for place, entry in enumerate(entries)]


def outcomes(response: Mapping[str, Any], count: int) -> list[Any]:
    """Return what became of each message of a call, in order: its result, or a `RequestFailedError` as a value."""
    found: dict[str, Any] = {}
    for result in response.get("Successful") or ():
        found[result["Id"]] = {name: value for name, value in result.items() if name != "Id"}
    for failure in response.get("Failed") or ():
        found[failure["Id"]] = _failure(failure)
    missing = RequestFailedError(
        "MissingResponse", f"The call had {count} messages; of this one the answer says nothing."
    )
    return [found.get(str(place), missing) for place in range(count)]


def _failure(failure: Mapping[str, Any]) -> RequestFailedError:
    kind = _ServiceFailureError if failure.get("SenderFault") is False else RequestFailedError
    return kind(failure.get("Code") or "Unknown", failure.get("Message") or "The service did not say why.")


def _text(content: Any, name: str) -> str:
    if content is None or content == "":
        raise InvalidRequestError(f"Expected a message with {{{name!r}: …}} that is not empty, but found {content!r}.")
    return content if isinstance(content, str) else to_json(content)


def _group(payload: Mapping[str, Any], target: str) -> str:
    group = payload.get("MessageGroupId")
    if not isinstance(group, str) or not group:
        raise InvalidRequestError(
            f"Expected a message to {target} to have a MessageGroupId, since that is FIFO, but found {group!r}. "
            "Set it, e.g. to the event's partition key."
        )
    return group


def _deduplicate(payload: dict[str, Any], content: Any, name: str) -> None:
    """Give an event a deduplication id, so that a second attempt within five minutes is not delivered again.

    It is the one that content-based deduplication would give. Not the event's own id: two rules may make different
    messages of one event, and one of them would be dropped without a word.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagededuplicationid-property.html
    """
    if "MessageDeduplicationId" not in payload and isinstance(content, Mapping) and content.get("id"):
        payload["MessageDeduplicationId"] = hashlib.sha256(payload[name].encode()).hexdigest()


def _attribute(name: str, value: Any) -> Mapping[str, Any]:
    """Return a message attribute as the API takes it; what has a ``DataType`` already is taken as it is."""
    # https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
    if isinstance(value, Mapping) and "DataType" in value:
        return value
    if isinstance(value, str) and value:
        return {"DataType": "String", "StringValue": value}
    if isinstance(value, bool):
        return {"DataType": "String", "StringValue": to_json(value)}
    if isinstance(value, int | float | Decimal):
        return {"DataType": "Number", "StringValue": to_json(value)}
    if isinstance(value, bytes) and value:
        return {"DataType": "Binary", "BinaryValue": value}
    if isinstance(value, list | tuple):
        return {"DataType": "String.Array", "StringValue": to_json(value)}
    raise InvalidRequestError(
        f"Expected the message attribute {name!r} to be text, a number, bytes, a list or {{'DataType': …}}, and not "
        f"empty, but found {value!r}."
    )


def _attribute_bytes(attribute: Mapping[str, Any]) -> int:
    value = attribute.get("StringValue") or attribute.get("BinaryValue") or ""
    return _bytes(attribute["DataType"]) + (_bytes(value) if isinstance(value, str) else len(value))


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _max_bytes(dialect: Dialect) -> int:
    value = os.environ.get(dialect.size_setting)
    if not value:
        return dialect.max_bytes
    if not value.isdecimal() or int(value) < 1:
        raise SettingError(f"Expected {dialect.size_setting} to be a number of bytes, but found {value!r}.")
    return int(value)


def _too_large(content: Any, size: int, max_bytes: int, dialect: Dialect) -> str:
    which = f" of event {content.get('id')!r}" if isinstance(content, Mapping) else ""
    return (
        f"Expected a message of at most {max_bytes} bytes with its attributes, but the one{which} has {size}. "
        f"Send less of it, or a reference to where the rest lies; {dialect.size_setting} sets another limit."
    )
