"""The requests for DynamoDB."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from powertools_stream.requests.permissions import Permission, Place
from powertools_stream.requests.request import Request

__all__ = ["DeleteItem", "GetItems", "OnConditionFailed", "PutItem", "Query", "Scan", "UpdateItem"]

OnConditionFailed = Literal["ignore", "fault"]
"""What a condition that did not hold is: an answer that is counted, or an error."""


TABLE = Place(
    "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/{name}",
    "table_name",
    "TableName",
    ("ENTITY_TABLE_NAME", "EVENT_TABLE_NAME"),
)
_BATCHED = Permission("dynamodb:BatchWriteItem", TABLE, if_more=False)


@dataclass(frozen=True, slots=True)
class PutItem(Request):
    """Put one item. By itself batched into ``BatchWriteItem`` (answers ``{}``).

    With a condition, or with anything else besides the item, it is one ``PutItem`` call, which answers the response.

    Parameters
    ----------
    params
        What DynamoDB's ``PutItem`` takes, with plain values: ``{"Item": {…}, "ConditionExpression": …}``.
    table_name
        Default: ``params["TableName"]``, then ``ENTITY_TABLE_NAME``, then ``EVENT_TABLE_NAME``.
    key
        The names of the table's key attributes. A ``BatchWriteItem`` call may have a key once only, and only the
        table knows which attributes make it. Default: ``pk`` and, if the item has it, ``sk``. An item that has no
        ``pk`` either is put in a call of its own, and its order among other writes is not kept.
    on_condition_failed
        ``"ignore"``: a failed condition answers ``{}`` and is counted; ``"fault"``: it is raised.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (_BATCHED, Permission("dynamodb:PutItem", TABLE, if_plain=False))

    params: Mapping[str, Any]
    table_name: str | None = field(default=None, kw_only=True)
    key: tuple[str, ...] | None = field(default=None, kw_only=True)
    on_condition_failed: OnConditionFailed = field(default="ignore", kw_only=True)

    def sample_answer(self, n: int) -> Any:
        """Answer that it is done."""
        return {}


@dataclass(frozen=True, slots=True)
class DeleteItem(Request):
    """Delete one item. By itself batched into ``BatchWriteItem`` (answers ``{}``).

    With a condition, or with anything else besides the key, it is one ``DeleteItem`` call, which answers the response.

    Parameters
    ----------
    params
        What DynamoDB's ``DeleteItem`` takes, with plain values: ``{"Key": {…}}``.
    table_name, on_condition_failed
        As for `PutItem`.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (_BATCHED, Permission("dynamodb:DeleteItem", TABLE, if_plain=False))

    params: Mapping[str, Any]
    table_name: str | None = field(default=None, kw_only=True)
    on_condition_failed: OnConditionFailed = field(default="ignore", kw_only=True)

    def sample_answer(self, n: int) -> Any:
        """Answer that it is done."""
        return {}


@dataclass(frozen=True, slots=True)
class UpdateItem(Request):
    """Update one item; one ``UpdateItem`` call. Answers the response, with plain values; it is never empty.

    Parameters
    ----------
    params
        What DynamoDB's ``UpdateItem`` takes, with plain values: ``{"Key": {…}, "UpdateExpression": …}``.
    table_name, on_condition_failed
        As for `PutItem`.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("dynamodb:UpdateItem", TABLE),)

    params: Mapping[str, Any]
    table_name: str | None = field(default=None, kw_only=True)
    on_condition_failed: OnConditionFailed = field(default="ignore", kw_only=True)

    def sample_answer(self, n: int) -> Any:
        """Answer that it is done, and that there are no attributes."""
        return {"Attributes": {}}


@dataclass(frozen=True, slots=True)
class GetItems(Request):
    """Get items by their keys; batched into ``BatchGetItem``, equal keys asked once.

    Answers ``{"Responses": {table: [items]}}`` with this request's own items, in the order of its keys; an item that
    does not exist is left out.

    Parameters
    ----------
    params
        ``{"Keys": [{…}, …]}``, and what else ``KeysAndAttributes`` takes (``ConsistentRead``,
        ``ProjectionExpression``, …); or ``{"RequestItems": {table: …}}`` as ``BatchGetItem`` takes it, for several
        tables. Equal keys count as one.
    table_name
        As for `PutItem`.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("dynamodb:BatchGetItem", TABLE),)
    reads: ClassVar[bool] = True

    params: Mapping[str, Any]
    table_name: str | None = field(default=None, kw_only=True)

    def sample_answer(self, n: int) -> Any:
        """Answer that there are no such items."""
        return {"Responses": {self.table_name or "table": []}}


@dataclass(frozen=True, slots=True)
class Query(Request):
    """Query a table or an index. Answers all items as a list, or one page with its cursor.

    Equal queries share their items, which are read, never changed.

    Parameters
    ----------
    params
        What DynamoDB's ``Query`` takes, with plain values; conditions may be boto3's (``Key("pk").eq("1")``). A
        ``Limit`` is that of a page.
    table_name
        As for `PutItem`.
    page
        True: answer one page as the API does, ``{"Items": […], "LastEvaluatedKey": …}``; pass the key on as
        ``ExclusiveStartKey``.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("dynamodb:Query", TABLE),)
    reads: ClassVar[bool] = True

    params: Mapping[str, Any]
    table_name: str | None = field(default=None, kw_only=True)
    page: bool = field(default=False, kw_only=True)

    def sample_answer(self, n: int) -> Any:
        """Answer that there are no items."""
        return {"Items": []} if self.page else []


@dataclass(frozen=True, slots=True)
class Scan(Request):
    """Scan a table or an index. Answers as `Query` does.

    Parameters
    ----------
    params
        What DynamoDB's ``Scan`` takes, with plain values.
    table_name, page
        As for `Query`.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("dynamodb:Scan", TABLE),)
    reads: ClassVar[bool] = True

    params: Mapping[str, Any]
    table_name: str | None = field(default=None, kw_only=True)
    page: bool = field(default=False, kw_only=True)

    def sample_answer(self, n: int) -> Any:
        """Answer that there are no items."""
        return {"Items": []} if self.page else []
