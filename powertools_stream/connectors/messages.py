"""What SNS and SQS have in common: messages with attributes, sent up to ten in a call, in groups that keep their order.

Both services say of each message of a call, by its ``Id``, whether it was taken.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from powertools_stream.connectors.base import Entry
from powertools_stream.connectors.params import byte_length, check_known, operation_of
from powertools_stream.connectors.proofs import missing_response, outcome, part
from powertools_stream.environment.settings import whole_number
from powertools_stream.errors import EntryTooLargeError, InvalidRequestError, RequestFailedError, RetryableError
from powertools_stream.payloads.json_text import to_json

__all__ = ["Dialect", "Messages", "numbered", "outcomes_by_id", "wire_params"]

# https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
_MAX_ENTRIES = 10
# The name of a FIFO queue ends so, and that of a FIFO topic.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
# https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
_FIFO = ".fifo"
_ATTRIBUTES = frozenset({"MessageAttributes", "MessageSystemAttributes"})
# What an attribute may have.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_MessageAttributeValue.html
_FORM: Mapping[str, Any] = {"DataType": str, "StringValue": str, "BinaryValue": (bytes, bytearray, str)}


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

    def entry(self, params: Mapping[str, Any], target: str, *, ordered: bool) -> Entry:
        """Return the entry of one message; on a FIFO queue or topic its group is the key, if it is to be ordered."""
        dialect = self._dialect
        check_known(params, self._known, dialect.operation)
        payload, size = wire_params(params, dialect.content)
        payload.pop(dialect.target, None)
        payload.pop("Id", None)
        max_bytes = whole_number(None, dialect.size_setting, default=dialect.max_bytes, what="a number of bytes")
        if size > max_bytes:
            raise EntryTooLargeError(_too_large(params[dialect.content], size, max_bytes, dialect))
        key = None
        if target.endswith(_FIFO):
            group = _group(payload, target)
            _deduplicate(payload, params[dialect.content], dialect.content)
            key = (target, group) if ordered else None
        # One message of a group in a call: those behind one that is not taken are, so that it would come after them.
        # Sent alone, the next one waits until it has been sent again.
        operation = operation_of(
            dialect.service, dialect.operation, target, _MAX_ENTRIES, max_bytes, one_per_key=key is not None
        )
        return Entry(operation, payload, size, key)


class _ServiceFailureError(RequestFailedError, RetryableError):
    """A message that the service did not take, and it says that this is no fault of the sender's."""


def wire_params(params: Mapping[str, Any], content: str) -> tuple[dict[str, Any], int]:
    """Return a message's parameters as boto3's client takes them, and its bytes as the service counts them.

    They are those of the content and of the attributes, with their names, types and values.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
    https://docs.aws.amazon.com/sns/latest/dg/large-message-payloads.html
    """
    text = _text(params.get(content), content)
    payload = {name: value for name, value in params.items() if value is not None}
    payload[content] = text
    size = byte_length(text)
    for name, value in payload.items():
        if name in _ATTRIBUTES:
            payload[name] = wire = _attributes(name, value)
            if name == "MessageAttributes":
                size += sum(byte_length(key) + _attribute_bytes(attribute) for key, attribute in wire.items())
        else:
            _check_scalar(name, value)
    return payload, size


def numbered(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return the messages of a call, each with its place as its id."""
    return [{**entry.payload, "Id": str(place)} for place, entry in enumerate(entries)]


def outcomes_by_id(response: Any, count: int, service: str) -> list[Any]:
    """Return what became of each message of a call, in order: its result, or a `RequestFailedError` as a value.

    Raises
    ------
    RequestFailedError
        What is to be a list of messages is none.
    """
    found: dict[Any, Any] = {}
    for result in part(response, "Successful", list, service, default=[]):
        taken = outcome(result, "MessageId", service)
        found[_id_of(result)] = {n: v for n, v in taken.items() if n != "Id"} if isinstance(taken, dict) else taken
    for failure in part(response, "Failed", list, service, default=[]):
        found[_id_of(failure)] = _failure(failure, service)
    return [
        found.get(str(place)) or missing_response(service, f"each of {count} messages", response)
        for place in range(count)
    ]


def _id_of(result: Any) -> str | None:
    """Return the id of a message that an answer tells of; None: it does not tell of which."""
    message_id = result.get("Id") if isinstance(result, Mapping) else None
    return message_id if isinstance(message_id, str) else None


def _failure(failure: Any, service: str) -> RequestFailedError:
    code = failure.get("Code") if isinstance(failure, Mapping) else None
    if not isinstance(code, str) or not code:
        return missing_response(service, "a 'Code' that is text", failure)
    message = failure.get("Message") or f"{service} did not say why."
    kind = _ServiceFailureError if failure.get("SenderFault") is False else RequestFailedError
    return kind(code, f"{message}")


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


def _check_scalar(name: str, value: Any) -> None:
    """Check that boto3's client can write a value: if it cannot, the call fails, and all of its messages with it."""
    if isinstance(value, str):
        byte_length(value)  # raises if it is no Unicode text
    elif not isinstance(value, int):
        raise InvalidRequestError(f"Expected the message's {name} to be text or an integer, but found {value!r}.")


def _attributes(name: str, given: Any) -> dict[str, Mapping[str, Any]]:
    if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
        raise InvalidRequestError(f"Expected the message's {name} to be a mapping of values by name, found {given!r}.")
    return {key: _attribute(key, value) for key, value in given.items() if value is not None}


def _attribute(name: str, value: Any) -> Mapping[str, Any]:
    """Return a message attribute as the API takes it; what is in that form already is taken as it is."""
    # https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
    if isinstance(value, Mapping) and all(isinstance(part, _FORM.get(key, ())) for key, part in value.items()):
        if "DataType" in value:
            return value
    elif isinstance(value, str) and value:
        return {"DataType": "String", "StringValue": value}
    elif isinstance(value, bool):
        return {"DataType": "String", "StringValue": to_json(value)}
    elif isinstance(value, int | float | Decimal):
        return {"DataType": "Number", "StringValue": to_json(value)}
    elif isinstance(value, bytes) and value:
        return {"DataType": "Binary", "BinaryValue": value}
    elif isinstance(value, list | tuple):
        return {"DataType": "String.Array", "StringValue": to_json(value)}
    raise InvalidRequestError(
        f"Expected the message attribute {name!r} to be text, a number, bytes, a list or {{'DataType': …}} with a "
        f"StringValue or BinaryValue, and not empty, but found {value!r}."
    )


def _attribute_bytes(attribute: Mapping[str, Any]) -> int:
    value = attribute.get("StringValue") or attribute.get("BinaryValue") or ""
    return byte_length(attribute["DataType"]) + (byte_length(value) if isinstance(value, str) else len(value))


def _too_large(content: Any, size: int, max_bytes: int, dialect: Dialect) -> str:
    which = f" of event {content.get('id')!r}" if isinstance(content, Mapping) else ""
    return (
        f"Expected a message of at most {max_bytes} bytes with its attributes, but the one{which} has {size}. "
        f"Send less of it, or a reference to the rest; {dialect.size_setting} sets another limit."
    )
