"""The vocabulary of flavors: a flavor never calls AWS, it yields these requests and is resumed with the answers.

A request's first argument is what the service's own API takes for one item, in its own names and with plain Python
values. Where it goes is keyword-only and defaults from the environment when the request is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

__all__ = [
    "Asks",
    "Call",
    "DeleteItem",
    "GetItems",
    "PutEvent",
    "PutItem",
    "Query",
    "RemainingTime",
    "Request",
    "Scan",
    "UpdateItem",
]

OnConditionFailed = Literal["ignore", "fault"]


class Request:
    """What every request has in common. Derive a frozen dataclass from it to make a request of your own."""

    __slots__ = ()

    reads: ClassVar[bool] = False
    """Whether the request only reads: equal reads in flight are asked once."""


Asks = tuple[type[Request], ...]
"""The requests that a flavor makes, in the order in which it makes them; empty: it does not say."""


@dataclass(frozen=True, slots=True)
class PutEvent(Request):
    """Publish one event on EventBridge; batched into ``PutEvents``. Answers the entry's result (``{"EventId": …}``).

    Parameters
    ----------
    event
        The event. Its ``type`` becomes the ``DetailType``, all of it the ``Detail``.
    bus_name
        Name or ARN of the bus; default: the processor's ``bus_name``, then ``BUS_NAME``.
    source
        The entry's ``Source``; default: ``BUS_SRC``, then ``custom``.
    resources
        ARNs that the event concerns.
    """

    event: Mapping[str, Any]
    bus_name: str | None = field(default=None, kw_only=True)
    source: str | None = field(default=None, kw_only=True)
    resources: tuple[str, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True, slots=True)
class PutItem(Request):
    """Put one item. By itself batched into ``BatchWriteItem`` (answers ``{}``).

    With a condition, or with anything else beside the item, it is one ``PutItem`` call, which answers the response.

    Parameters
    ----------
    params
        What DynamoDB's ``PutItem`` takes, with plain values: ``{"Item": {…}, "ConditionExpression": …}``.
    table_name
        Default: ``params["TableName"]``, then ``ENTITY_TABLE_NAME``, then ``EVENT_TABLE_NAME``.
    key
        The names of the table's key attributes. A key may stand in a ``BatchWriteItem`` call once only, and only the
        table knows which attributes make it. Default: ``pk`` and, where the item has it, ``sk``. An item that has no
        ``pk`` either is put in a call of its own, and its order among other writes is not kept.
    on_condition_failed
        ``"ignore"``: a failed condition answers ``{}`` and is counted; ``"fault"``: it is raised.
    """

    params: Mapping[str, Any]
    table_name: str | None = field(default=None, kw_only=True)
    key: tuple[str, ...] | None = field(default=None, kw_only=True)
    on_condition_failed: OnConditionFailed = field(default="ignore", kw_only=True)


@dataclass(frozen=True, slots=True)
class DeleteItem(Request):
    """Delete one item. By itself batched into ``BatchWriteItem`` (answers ``{}``).

    With a condition, or with anything else beside the key, it is one ``DeleteItem`` call, which answers the response.

    Parameters
    ----------
    params
        What DynamoDB's ``DeleteItem`` takes, with plain values: ``{"Key": {…}}``.
    table_name, on_condition_failed
        As for `PutItem`.
    """

    params: Mapping[str, Any]
    table_name: str | None = field(default=None, kw_only=True)
    on_condition_failed: OnConditionFailed = field(default="ignore", kw_only=True)


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

    params: Mapping[str, Any]
    table_name: str | None = field(default=None, kw_only=True)
    on_condition_failed: OnConditionFailed = field(default="ignore", kw_only=True)


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

    reads: ClassVar[bool] = True

    params: Mapping[str, Any]
    table_name: str | None = field(default=None, kw_only=True)


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

    reads: ClassVar[bool] = True

    params: Mapping[str, Any]
    table_name: str | None = field(default=None, kw_only=True)
    page: bool = field(default=False, kw_only=True)


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

    reads: ClassVar[bool] = True

    params: Mapping[str, Any]
    table_name: str | None = field(default=None, kw_only=True)
    page: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True, init=False)
class Call(Request):
    """Run blocking code on a worker thread; never retried. Answers what the function returns.

    Examples
    --------
    >>> Call(round, 2.5, ndigits=0)
    Call(function=<built-in function round>, args=(2.5,), kwargs={'ndigits': 0})
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]

    def __init__(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> None:
        object.__setattr__(self, "function", function)
        object.__setattr__(self, "args", args)
        object.__setattr__(self, "kwargs", kwargs)


@dataclass(frozen=True, slots=True)
class RemainingTime(Request):
    """Ask how much time there is left, for work that can stop in good time. No call is made.

    Answers the seconds until the batch's deadline, when whatever has not finished is cut off; ``math.inf`` where the
    invocation has none.
    """
