"""This library: one rule of each flavor, on about 100 records; ``Case.form`` names the flavor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.expressions import update_expression
from powertools_stream.flavors import (
    cdc,
    collect,
    correlate,
    evaluate,
    expired,
    job,
    materialize,
    task,
    update,
)
from powertools_stream.testing import to_dynamodb_records, to_kinesis_records
from tests.bench.cases import Case, Handler
from tests.bench.script import PAGE

__all__ = ["FLAVORS", "prepare"]

_NOW = 1_545_082_649_000

Event = dict[str, Any]


def prepare(case: Case) -> Handler:
    fields, make = _CASES[case.form]
    rules = RuleRegistry()
    rules.add(id="rule", **fields)
    batch = make(case.records)

    @stream_processor(rules=rules)
    def handler(event: Any, context: Any) -> None: ...

    return lambda event: handler(batch, None)


# -- The batches -------------------------------------------------------------------------------------------------------


def _event(n: int, key: str) -> Event:
    order = {"id": key, "lines": [{"sku": "a", "price": 3}, {"sku": "b", "price": 4}]}
    return {"id": f"e-{n}", "type": "order-created", "timestamp": _NOW + n, "partition_key": key, "order": order}


def _events(records: int) -> Event:
    return to_kinesis_records([_event(n, f"o-{n}") for n in range(records)])


def _moves(records: int) -> Event:
    return to_kinesis_records([_event(n, f"o-{n % 10}") for n in range(records)])


def _row(n: int, **fields: Any) -> Event:
    row = {"pk": f"e-{n}", "sk": "EVENT", "discriminator": "EVENT", "data": f"o-{n}", "ttl": 1, "expire": True}
    return {**row, "event": _event(n, f"o-{n}"), **fields}


def _collected(records: int) -> Event:
    return to_dynamodb_records([{"new_image": _row(n)} for n in range(records)], table="events")


def _correlated(records: int) -> Event:
    rows = [_row(n, pk=f"o-{n // 2}", sk=f"e-{n}", discriminator="CORREL") for n in range(records)]
    return to_dynamodb_records([{"new_image": row} for row in rows], table="events")


def _removed(records: int) -> Event:
    return to_dynamodb_records([{"old_image": _row(n)} for n in range(records)], table="events")


def _customers(records: int) -> Event:
    images = [{"pk": f"c-{n}", "sk": "customer", "discriminator": "customer", "name": "Ada"} for n in range(records)]
    return to_dynamodb_records([{"new_image": image} for image in images], table="shop")


def _one_job(records: int) -> Event:
    return to_dynamodb_records([{"new_image": {"pk": "job", "sk": "job", "discriminator": "job"}}], table="shop")


# -- The rules ---------------------------------------------------------------------------------------------------------


def _view(uow: UnitOfWork) -> Event:
    return {
        "Key": {"pk": uow.event["partition_key"], "sk": "order"},
        **update_expression({"order": uow.event["order"]}),
    }


def _orders_of(uow: UnitOfWork) -> Event:
    return {
        "IndexName": "CustomerIndex",
        "KeyConditionExpression": "#customer = :customer",
        "ExpressionAttributeValues": {":customer": uow.event["partition_key"]},
    }


def _product_of(uow: UnitOfWork) -> Event:
    return {"Keys": [{"pk": uow["query_response"]["product"], "sk": "product"}]}


def _touch(uow: UnitOfWork) -> Event:
    item = uow["query_response"]
    return {"Key": {"pk": item["pk"], "sk": item["sk"]}, **update_expression({"name": "Ada"})}


_CASES: dict[str, tuple[dict[str, Any], Callable[[int], Event]]] = {
    "task": ({"flavor": task, "emit": "order-accepted", "execute": lambda uow: {"total": 7}}, _events),
    "collect": ({"flavor": collect, "correlation_key": "order.id"}, _events),
    "correlate": ({"flavor": correlate, "correlation_key": "order.id"}, _collected),
    "evaluate": (
        {"flavor": evaluate, "emit": "order-ready", "expression": lambda uow: len(uow["correlated"]) > 1},
        _correlated,
    ),
    "expired": ({"flavor": expired}, _removed),
    "materialize": ({"flavor": materialize, "to_update_request": _view}, _events),
    "materialize, compact": ({"flavor": materialize, "to_update_request": _view, "compact": True}, _moves),
    "update": (
        {
            "flavor": update,
            "to_query_request": _orders_of,
            "to_get_request": _product_of,
            "to_update_request": _touch,
        },
        _customers,
    ),
    "cdc, with a get": (
        {
            "flavor": cdc,
            "to_get_request": lambda uow: {"Keys": [{"pk": uow.event["partition_key"], "sk": "address"}]},
            "to_event": lambda uow: {"type": "customer-changed"},
        },
        _customers,
    ),
    "job": (
        {
            "flavor": job,
            "to_scan_request": lambda uow: {"Limit": PAGE},
            "to_event": lambda uow: {"type": "order-republished", "order": uow["scan_response"]["Item"]},
        },
        _one_job,
    ),
}

FLAVORS = tuple(_CASES)
"""The values of ``Case.form``."""
