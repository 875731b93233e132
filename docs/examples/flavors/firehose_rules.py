from __future__ import annotations

from collections.abc import Generator
from datetime import datetime, timezone
from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import firehose_drop, firehose_transform
from powertools_stream.requests import GetItems

rules = RuleRegistry()


# --8<-- [start:transform]
@rules.register(firehose_transform, event_type="order-created")
def row(uow: UnitOfWork) -> dict[str, Any]:
    order = uow.event["order"]
    return {"id": order["id"], "total": sum(line["price"] for line in order["lines"])}


@rules.register(firehose_transform, event_type="order-shipped")
def row_per_parcel(uow: UnitOfWork) -> list[dict[str, Any]]:
    return [
        {"order": uow.event["order"]["id"], "parcel": parcel}
        for parcel in uow.event["parcels"]
    ]


# --8<-- [end:transform]


# --8<-- [start:metadata]
def by_customer_and_month(uow: UnitOfWork) -> dict[str, Any]:
    month = datetime.fromtimestamp(
        uow.event["timestamp"] / 1000, timezone.utc
    ).strftime("%Y-%m")
    return {"partitionKeys": {"customer": uow.event["customer"], "month": month}}


rules.add(
    id="partitioned",
    flavor=firehose_transform,
    event_type="invoice-sent",
    metadata=by_customer_and_month,
)  # the data stays as it is


def to_table(uow: UnitOfWork) -> dict[str, Any]:
    operation = "delete" if uow.event["type"] == "customer-deleted" else "update"
    return {
        "otfMetadata": {"destinationTableName": "customers", "operation": operation}
    }


@rules.register(
    firehose_transform,
    event_type=["customer-updated", "customer-deleted"],
    metadata=to_table,
)
def customer(uow: UnitOfWork) -> dict[str, Any]:
    return {
        "id": uow.event["customer"]["id"],
        "name": uow.event["customer"].get("name"),
    }


# --8<-- [end:metadata]


# --8<-- [start:requests]
@rules.register(firehose_transform, event_type="order-paid")
def with_customer(uow: UnitOfWork) -> Generator[Any, Any, dict[str, Any]]:
    key = {"pk": uow.event["customer"], "sk": "customer"}
    answer = yield GetItems({"Keys": [key]}, table_name="customers")
    (found,) = answer["Responses"]["customers"]
    return {"order": uow.event["order"]["id"], "country": found["country"]}


# --8<-- [end:requests]


# --8<-- [start:drop]
def is_test(uow: UnitOfWork) -> bool:
    return bool(uow.event["tags"].get("test"))


rules.add(id="no-heartbeats", flavor=firehose_drop, event_type="heartbeat")
rules.add(
    id="no-tests", flavor=firehose_drop, event_type="page-viewed", filters=[is_test]
)
# --8<-- [end:drop]
