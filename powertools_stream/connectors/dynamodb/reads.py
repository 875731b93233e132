"""Reads from DynamoDB: gets batched into ``BatchGetItem``, queries and scans page by page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from powertools_stream.connectors.base import Entry, Operation
from powertools_stream.connectors.dynamodb.params import (
    Key,
    attribute_values,
    define_placeholders,
    key_of,
    plain_response,
    table_of,
    to_params,
)
from powertools_stream.connectors.params import call, canonical
from powertools_stream.connectors.proofs import missing_response, part, reading
from powertools_stream.errors import InvalidRequestError, RequestFailedError
from powertools_stream.expressions import alias
from powertools_stream.payloads.attribute_values import deserialize_item
from powertools_stream.requests import GetItems, Query, Scan

__all__ = ["BatchGets", "Pages"]

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
_MAX_KEYS = 100


@dataclass(frozen=True, slots=True)
class _Get:
    """One key to get: the key's attributes, what else to say in the call, and what to take out of the answer again."""

    key: dict[str, Any]
    options: dict[str, Any]
    extra: frozenset[str]


class BatchGets:
    """Items by their keys, up to 100 in a ``BatchGetItem`` call.

    DynamoDB answers them in any order and leaves out what does not exist, so they are matched by their keys.
    """

    def entries(self, request: GetItems) -> Sequence[Entry]:
        """Return one entry for each distinct key, in their order."""
        entries: list[Entry] = []
        for table, wanted in _tables(request):
            keys = _distinct(wanted.get("Keys"))
            options = {name: value for name, value in wanted.items() if name not in ("Keys", "TableName")}
            extra: frozenset[str] = frozenset()
            if keys and ("ProjectionExpression" in options or "AttributesToGet" in options):
                extra = _project_keys(options, [name for name, _, _ in next(iter(keys))])
            target = (table, canonical(options)) if options else (table, "")
            operation = Operation("dynamodb", "BatchGetItem", target, _MAX_KEYS, reads=True)
            entries.extend(Entry(operation, _Get(item, options, extra), key=key) for key, item in keys.items())
        return entries

    def send(self, client: Any, entries: Sequence[Entry]) -> Sequence[Any]:
        """Make the call; each response is a table and an item, None if there is no such item."""
        table: str = entries[0].operation.target[0]  # type: ignore[index]
        gets: list[_Get] = [entry.payload for entry in entries]
        # A call may have a key once only.
        keys = {entry.key: entry.payload.key for entry in entries}
        wanted = {**gets[0].options, "Keys": list(keys.values())}
        response = call(client.batch_get_item, {"RequestItems": {table: wanted}})
        names = tuple(gets[0].key)
        answered = part(response, "Responses", dict, "DynamoDB")
        unanswered = part(response, "UnprocessedKeys", dict, "DynamoDB", default={})
        undone = RequestFailedError("UnprocessedKeys", f"DynamoDB left the read from {table} undone.")
        with reading("DynamoDB"):
            found = {key_of(item, names): item for item in _only(answered) or ()}
            left = {key_of(key) for key in (_only(unanswered) or {}).get("Keys", ())}
            items = {key: _plain(item, gets[0].extra) for key, item in found.items()}
        return [
            undone if entry.key in left else (table, items[entry.key]) if entry.key in items else None
            for entry in entries
        ]

    def answer(self, request: GetItems, responses: Sequence[Any]) -> Any:
        """Return ``{"Responses": {table: [items]}}``, in the order of the keys."""
        items: dict[str, list[Any]] = {table: [] for table, _ in _tables(request)}
        for response in responses:
            if response is not None:
                table, item = response
                items[table].append(item)
        return {"Responses": items}


@dataclass(slots=True)
class _Pagination:
    """A query or scan: what to ask for, and how far it has come.

    A page that fails in passing is asked for again, not those before it: scans are paid for by what they read.
    """

    params: dict[str, Any]
    page: bool
    items: list[Any] = field(default_factory=list)
    cursor: dict[str, Any] | None = None


class Pages:
    """Queries and scans: a call for each page."""

    def entries(self, request: Query | Scan) -> Sequence[Entry]:
        """Return one entry; equal requests have equal keys."""
        table = table_of(request)
        params = to_params(request.params, table)
        name = "Query" if isinstance(request, Query) else "Scan"
        operation = Operation("dynamodb", name, table, reads=True)
        return (Entry(operation, _Pagination(params, request.page), key=(canonical(params), request.page)),)

    def send(self, client: Any, entries: Sequence[Entry]) -> Sequence[Any]:
        """Return one page, or call on until the last and return the items of all."""
        (pagination,) = (entry.payload for entry in entries)
        method = client.query if entries[0].operation.name == "Query" else client.scan
        if pagination.page:
            page = plain_response(_page(method, pagination.params))
            page.pop("ResponseMetadata", None)
            return [page]
        return [_all_items(method, pagination)]

    def answer(self, request: Query | Scan, responses: Sequence[Any]) -> Any:
        """Return a list of items, or a page. It is a copy, but equal reads share the items in it."""
        (response,) = responses
        return dict(response, Items=list(response.get("Items", ()))) if request.page else list(response)


def _all_items(method: Any, pagination: _Pagination) -> list[Any]:
    while True:
        cursor = {"ExclusiveStartKey": pagination.cursor} if pagination.cursor else {}
        response = _page(method, {**pagination.params, **cursor})
        with reading("DynamoDB"):
            pagination.items.extend([deserialize_item(item) for item in response.get("Items", ())])
        pagination.cursor = response.get("LastEvaluatedKey")
        if not pagination.cursor:
            items, pagination.items = pagination.items, []
            return items


def _page(method: Any, params: Mapping[str, Any]) -> Any:
    """Ask for one page; without items it is one that was to count them only."""
    response = call(method, params)
    if not isinstance(response.get("Items"), list) and ("Items" in response or "Count" not in response):
        raise missing_response("DynamoDB", "'Items' (list)", response)
    return response


def _tables(request: GetItems) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """Return what is wanted of which table: the API's own form, with several tables, is taken as well."""
    several = request.params.get("RequestItems")
    return several.items() if several is not None else ((table_of(request), request.params),)


def _distinct(keys: Any) -> dict[Key, dict[str, Any]]:
    if not isinstance(keys, list | tuple):
        raise InvalidRequestError(f"Expected GetItems to get {{'Keys': [{{…}}, …]}}, but found {keys!r}.")
    items = [attribute_values(key) for key in keys]
    return {key_of(item): item for item in items}


def _project_keys(options: dict[str, Any], names: Sequence[str]) -> frozenset[str]:
    """Ask for the key's attributes as well, since items are matched by them; return those to take out again."""
    if "ProjectionExpression" not in options:
        missing = [name for name in names if name not in options["AttributesToGet"]]
        options["AttributesToGet"] = [*options["AttributesToGet"], *missing]
        return frozenset(missing)
    define_placeholders(options)
    aliases = options.get("ExpressionAttributeNames", {})
    paths = [path.strip() for path in options["ProjectionExpression"].split(",")]
    missing = [name for name in names if name not in {aliases.get(path, path) for path in paths}]
    if missing:
        options["ProjectionExpression"] = ", ".join([*paths, *(f"#{alias(name)}" for name in missing)])
        options["ExpressionAttributeNames"] = {**aliases, **{f"#{alias(name)}": name for name in missing}}
    return frozenset(missing)


def _plain(item: Mapping[str, Any], extra: frozenset[str]) -> dict[str, Any]:
    return deserialize_item({name: value for name, value in item.items() if name not in extra} if extra else item)


def _only(by_table: Mapping[str, Any] | None) -> Any:
    """Return what a response says of its only table, which it may call by name or by ARN."""
    return next(iter(by_table.values()), None) if by_table else None
