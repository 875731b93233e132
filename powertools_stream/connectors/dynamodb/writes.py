"""Writes to DynamoDB: several in one ``BatchWriteItem``, or one in a call of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from powertools_stream.classification.reasons import error_code
from powertools_stream.connectors.base import Entry, Refused
from powertools_stream.connectors.dynamodb.params import (
    Key,
    attribute_values,
    key_of,
    plain_response,
    required,
    table_of,
    to_params,
)
from powertools_stream.connectors.params import call, operation_of
from powertools_stream.connectors.proofs import part, reading
from powertools_stream.errors import InvalidRequestError, RequestFailedError
from powertools_stream.requests import DeleteItem, PutItem, UpdateItem

__all__ = ["BatchWrites", "SingleWrites", "is_batched"]

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
_MAX_ENTRIES = 25
_MAX_BYTES = 16_000_000
# What BatchWriteItem takes: the item or its key, and no condition.
_BATCHED = frozenset({"Item", "Key", "TableName"})
_CONDITION_FAILED = "ConditionalCheckFailedException"
_METHODS = {"PutItem": "put_item", "DeleteItem": "delete_item", "UpdateItem": "update_item"}

Write = PutItem | DeleteItem | UpdateItem


def is_batched(request: Write) -> bool:
    """Tell whether a write may share a call: it has no condition, asks for nothing back, and its key is known."""
    if isinstance(request, UpdateItem) or not request.params.keys() <= _BATCHED:
        return False
    return isinstance(request, DeleteItem) or _key_names(request) is not None


class BatchWrites:
    """Puts and deletes, up to 25 in a ``BatchWriteItem`` call."""

    def entries(self, request: Write) -> Sequence[Entry]:
        """Return one entry, whose key is the item's."""
        table = table_of(request)
        if isinstance(request, PutItem):
            item = attribute_values(required(request, "Item"))
            key = key_of(item, _key_names(request))
            payload = {"PutRequest": {"Item": item}}
        else:
            item = attribute_values(required(request, "Key"))
            key = key_of(item)
            payload = {"DeleteRequest": {"Key": item}}
        operation = operation_of("dynamodb", "BatchWriteItem", table, _MAX_ENTRIES, _MAX_BYTES, one_per_key=True)
        return (Entry(operation, payload, _wire_bytes({"M": item}), (table, key)),)

    def send(self, client: Any, entries: Sequence[Entry]) -> Sequence[Any]:
        """Make the call; what DynamoDB left undone is a `RequestFailedError`, which is retried."""
        table = entries[0].operation.target
        response = client.batch_write_item(RequestItems={table: [entry.payload for entry in entries]})
        left = part(response, "UnprocessedItems", dict, "DynamoDB", default={})
        if not left:
            return [{}] * len(entries)
        undone = RequestFailedError("UnprocessedItems", f"DynamoDB left the write to {table} undone.")
        with reading("DynamoDB"):
            open_keys = set(_unprocessed(entries, [write for writes in left.values() for write in writes]))
        return [undone if entry.key in open_keys else {} for entry in entries]

    def answer(self, request: Write, responses: Sequence[Any]) -> Any:
        """Return ``{}``: the API says nothing about a single item."""
        return {}


class SingleWrites:
    """Updates, writes with a condition, and puts whose key is not known: a call each."""

    def entries(self, request: Write) -> Sequence[Entry]:
        """Return one entry, whose key is the item's, so that writes of one item keep their order."""
        table = table_of(request)
        required(request, "Item" if isinstance(request, PutItem) else "Key")
        params = to_params(request.params, table)
        if isinstance(request, PutItem):
            names = _key_names(request)
            key = None if names is None else (table, key_of(params["Item"], names))
        else:
            key = (table, key_of(params["Key"]))
        operation = operation_of("dynamodb", _name(request), table)
        return (Entry(operation, (params, request.on_condition_failed), key=key),)

    def send(self, client: Any, entries: Sequence[Entry]) -> Sequence[Any]:
        """Make the call; a failed condition is `Refused`, or the error if the request says ``"fault"``."""
        ((params, on_condition_failed),) = (entry.payload for entry in entries)
        method = getattr(client, _METHODS[entries[0].operation.name])
        try:
            return [plain_response(call(method, params))]
        except Exception as error:
            if on_condition_failed != "fault" and error_code(error) == _CONDITION_FAILED:
                return [Refused(_CONDITION_FAILED)]
            raise

    def answer(self, request: Write, responses: Sequence[Any]) -> Any:
        """Return the response, ``{}`` if the condition failed."""
        (response,) = responses
        return {} if isinstance(response, Refused) else response


def _name(request: Write) -> str:
    """Return the operation's name; a request of the user's own may derive from one of ours."""
    if isinstance(request, PutItem):
        return "PutItem"
    return "DeleteItem" if isinstance(request, DeleteItem) else "UpdateItem"


def _key_names(request: PutItem) -> tuple[str, ...] | None:
    item = request.params.get("Item") or {}
    if request.key is not None:
        if missing := [name for name in request.key if name not in item]:
            raise InvalidRequestError(f"Expected the item to have its key {request.key!r}, but {missing!r} is missing.")
        return request.key
    if "pk" not in item:
        return None
    return ("pk", "sk") if "sk" in item else ("pk",)


def _unprocessed(entries: Sequence[Entry], writes: Sequence[Mapping[str, Any]]) -> Iterator[Any]:
    """Return the entries' keys that a response lists as undone; all of them, if it lists one that is not ours."""
    keys = {entry.key for entry in entries}
    forms = {tuple(name for name, _, _ in entry.key[1]) for entry in entries if isinstance(entry.key, tuple)}
    table = entries[0].operation.target
    for write in writes:
        found = keys.intersection((table, key) for key in _possible_keys(write, forms))
        # It cannot be seen whose it is: a put or delete may be repeated, but never dropped.
        yield from found or keys


def _possible_keys(write: Mapping[str, Any], forms: set[tuple[str, ...]]) -> Iterator[Key]:
    item = write["PutRequest"]["Item"] if "PutRequest" in write else write["DeleteRequest"]["Key"]
    return (key_of(item, names) for names in forms if all(name in item for name in names))


def _wire_bytes(value: Mapping[str, Any]) -> int:
    """Return about how many bytes an attribute value takes as JSON.

    DynamoDB limits what travels: an item of 400 KB in the table may take several times that in JSON.
    """
    ((kind, content),) = value.items()
    if kind in ("S", "N"):
        return 10 + _text_bytes(content)
    if kind == "M":
        return 10 + sum(8 + _text_bytes(name) + _wire_bytes(inner) for name, inner in content.items())
    if kind == "L":
        return 10 + sum(2 + _wire_bytes(inner) for inner in content)
    if kind == "B":
        return 14 + len(content) * 4 // 3
    if kind in ("SS", "NS"):
        return 10 + sum(4 + _text_bytes(text) for text in content)
    return 10 + sum(8 + len(data) * 4 // 3 for data in content) if kind == "BS" else 16


def _text_bytes(text: str) -> int:
    # botocore writes what is beyond ASCII as `\uXXXX`, and twice that beyond the basic plane.
    return len(text) if text.isascii() else 12 * len(text)
