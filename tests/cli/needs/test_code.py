"""What is read in the source of functions: none of these is run."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Generator
from typing import Any

import pytest

from powertools_stream import UnitOfWork, requests
from powertools_stream.cli.needs.code import read_functions
from powertools_stream.cli.needs.names import UNKNOWN, Name
from powertools_stream.expressions import pk_condition
from powertools_stream.flavors import get_items, publish
from powertools_stream.requests import (
    Call,
    CopyObject,
    DeleteItem,
    GetItems,
    GetParameter,
    PutEvent,
    PutItem,
    PutObject,
    Query,
    SendMessage,
)

Asked = Generator[Any, Any, Any]
TABLE = "orders"
QUEUE = os.environ.get("A_QUEUE_URL", "https://elsewhere.example.com/1/none")
KINDS = {"put": PutItem}


def literal(uow: UnitOfWork) -> Asked:
    yield PutItem({"Item": {}}, table_name="orders")


def constant(uow: UnitOfWork) -> Asked:
    yield PutItem({"Item": {}}, table_name=TABLE)


def from_the_environment(uow: UnitOfWork) -> Asked:
    yield SendMessage({"MessageBody": ""}, queue_url=os.environ["MAILS_URL"])


def from_a_constant_of_the_environment(uow: UnitOfWork) -> Asked:
    yield SendMessage({"MessageBody": ""}, queue_url=QUEUE)


def in_the_parameters(uow: UnitOfWork) -> Asked:
    yield SendMessage({"MessageBody": "", "QueueUrl": os.getenv("MAILS_URL")})


def by_position(uow: UnitOfWork) -> Asked:
    yield GetParameter("/shop/rates")


def by_position_from_the_record(uow: UnitOfWork) -> Asked:
    yield GetParameter(f"/shop/{uow.event['country']}/rates")


def from_a_name_of_its_own(uow: UnitOfWork) -> Asked:
    name = f"/shop/{uow.event['country']}/rates"
    yield GetParameter(name)


def by_the_module(uow: UnitOfWork) -> Asked:
    yield requests.PutItem({"Item": {}}, table_name="orders")


def imported_inside(uow: UnitOfWork) -> Asked:
    from powertools_stream.requests import PutItem as Put

    yield Put({"Item": {}}, table_name="orders")


def by_another_name(uow: UnitOfWork) -> Asked:
    kind = PutItem if uow.event["kept"] else DeleteItem
    yield kind({"Key": {}})


def by_a_function(uow: UnitOfWork) -> Asked:
    yield from literal(uow)


def in_several_requests(uow: UnitOfWork) -> Asked:
    yield [PutItem({"Item": {}}, table_name=table) for table in ("a", "b")]


def under_a_function(uow: UnitOfWork) -> Asked:
    yield Call(blocking, uow.event)


def blocking(event: Any) -> Any:
    return SendMessage({"MessageBody": ""}, queue_url="mails")


def only_values(uow: UnitOfWork) -> dict[str, Any]:
    return {"name": "PutItem", "TableName": "orders", "IndexName": "ByDay"}


def closing_over(table: str) -> Callable[[UnitOfWork], Asked]:
    def inner(uow: UnitOfWork) -> Asked:
        yield PutItem({"Item": {}}, table_name=table)

    return inner


class Orders:
    def accept(self, uow: UnitOfWork) -> Asked:
        yield self.made(uow)

    def made(self, uow: UnitOfWork) -> PutItem:
        return PutItem({"Item": {}}, table_name="orders")

    def __call__(self, uow: UnitOfWork) -> Asked:
        yield Query({"IndexName": "ByDay"}, table_name="orders")


def found(function: Any) -> list[tuple[Any, ...]]:
    return [
        (made.kind.__name__, *(names for name, names in made.arguments.items() if name != "params"))
        for made in read_functions(function).made
    ]


PUT_ORDERS = [("PutItem", (Name("orders"),))]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (literal, PUT_ORDERS),
        (constant, PUT_ORDERS),
        (by_the_module, PUT_ORDERS),
        (imported_inside, PUT_ORDERS),
        (by_a_function, PUT_ORDERS),
        (closing_over("orders"), PUT_ORDERS),
        (Orders().accept, PUT_ORDERS),
        (functools.partial(literal), PUT_ORDERS),
        (functools.wraps(literal)(lambda uow: literal(uow)), PUT_ORDERS),
        (lambda uow: PutItem({"Item": {}}, table_name="orders"), PUT_ORDERS),
        (Orders(), [("Query", (Name("ByDay"),), (Name("orders"),))]),
        (from_the_environment, [("SendMessage", (Name(variables=("MAILS_URL",)),))]),
        (from_a_constant_of_the_environment, [("SendMessage", (Name(variables=("A_QUEUE_URL",)),))]),
        (in_the_parameters, [("SendMessage", (Name(variables=("MAILS_URL",)),))]),
        (by_position, [("GetParameter", (Name("/shop/rates"),))]),
        (by_position_from_the_record, [("GetParameter", (Name("/shop/*/rates"),))]),
        (from_a_name_of_its_own, [("GetParameter", (Name("/shop/*/rates"),))]),
        (by_another_name, [("PutItem",), ("DeleteItem",)]),
        (in_several_requests, [("PutItem", (UNKNOWN,))]),
        (under_a_function, [("Call", (UNKNOWN,), (UNKNOWN,)), ("SendMessage", (Name("mails"),))]),
        (only_values, []),
    ],
)
def test_requests_are_found_with_where_they_go(function: Any, expected: list[Any]) -> None:
    assert found(function) == expected


def test_parameters_that_a_function_returns_are_found() -> None:
    source = read_functions(only_values)
    assert source.params == {"TableName": (Name("orders"),), "IndexName": (Name("ByDay"),)}
    assert not source.only_makes


def test_what_returns_only_requests_is_told() -> None:
    assert read_functions(lambda uow: PutObject({"Key": "k"})).only_makes
    assert read_functions(blocking).only_makes


def copying(uow: UnitOfWork) -> Asked:
    yield CopyObject({"Key": "k", "CopySource": {"Bucket": "inbox", "Key": "k"}, "Bucket": "archive"})
    yield GetItems({"RequestItems": {"orders": {"Keys": []}, TABLE: {"Keys": []}}})


def test_a_copy_has_a_source_and_several_tables_their_names() -> None:
    copy, items = read_functions(copying).made
    assert copy.arguments == {"CopySource": (Name("inbox"),), "Bucket": (Name("archive"),)}
    assert items.arguments == {"TableName": (Name("orders"), Name("orders"))}


def writing(uow: UnitOfWork) -> Asked:
    row = uow.event["row"]
    yield PutItem({"Item": {"pk": "1"}})
    yield PutItem({"Item": row}, key=("id",))
    yield DeleteItem({"Key": row})
    yield PutItem({"Item": row})
    yield PutItem(row)
    yield PutItem({"Item": row, "ConditionExpression": "a = b"})
    yield PutItem({"Item": row, **pk_condition()})
    yield DeleteItem({"Key": row, **row})


def test_a_write_that_may_share_a_call_is_told_if_it_shows() -> None:
    forms = [made.is_plain for made in read_functions(writing).made]
    assert forms == [True, True, True, None, None, False, False, None]


def by_steps(uow: UnitOfWork, rule: Any) -> Asked:
    yield from get_items({"Keys": []}, "customers")
    yield from publish({"type": "told"}, uow, rule)


def test_the_steps_for_flavors_of_ones_own_make_requests() -> None:
    items, event = read_functions(by_steps).made
    assert (items.kind, items.arguments) == (GetItems, {"table_name": (Name("customers"),)})
    assert event.kind is PutEvent


def of_the_rule(uow: UnitOfWork, rule: Any) -> Asked:
    yield PutItem({"Item": {}}, table_name=rule.table_name)


def test_a_field_of_the_rule_says_where_a_request_goes() -> None:
    class Fields:
        def __init__(self, table_name: str | None) -> None:
            self.table_name = table_name

    (named,) = read_functions(of_the_rule, rule=Fields("orders")).made
    (unnamed,) = read_functions(of_the_rule, rule=Fields(None)).made
    assert named.arguments["table_name"] == (Name("orders"),)
    assert "table_name" not in unnamed.arguments


def test_a_function_without_source_is_said() -> None:
    names: dict[str, Any] = {"__name__": "made_up"}
    exec("def made_up(uow): yield 5", names)
    assert read_functions(names["made_up"]).unread == ["made_up"]
