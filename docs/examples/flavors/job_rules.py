from __future__ import annotations

from collections.abc import Generator
from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.expressions import update_expression
from powertools_stream.flavors import job
from powertools_stream.requests import GetItems

rules = RuleRegistry()


# --8<-- [start:job]
def is_running(uow: UnitOfWork) -> bool:
    return bool(uow.event["raw"]["new"]["status"] == "RUNNING")


def next_page(uow: UnitOfWork) -> dict[str, Any]:
    return {"Limit": 100, "ExclusiveStartKey": uow.event["raw"]["new"].get("cursor")}


def keep_cursor(uow: UnitOfWork) -> dict[str, Any]:
    cursor = uow["scan_response"].get("LastEvaluatedKey")
    fields = {"cursor": cursor, "status": "RUNNING" if cursor else "COMPLETED"}
    return {
        "Key": {"pk": uow.event["partition_key"], "sk": "job"},
        **update_expression(fields),
    }


@rules.register(
    job,
    event_type=["job-created", "job-updated"],
    job_filters=[is_running],
    to_scan_request=next_page,
    filters=[lambda uow: uow["scan_response"]["Item"]["sk"] == "order"],
    to_cursor_update_request=keep_cursor,
    table_name="shop",
)
def republish_order(uow: UnitOfWork) -> dict[str, Any]:
    return {"type": "order-republished", "order": uow["scan_response"]["Item"]}


# --8<-- [end:job]


# --8<-- [start:queue]
def from_cursor(uow: UnitOfWork) -> Generator[GetItems, Any, dict[str, Any]]:
    answer = yield GetItems(
        {"Keys": [{"pk": "nightly", "sk": "job"}], "ConsistentRead": True},
        table_name="shop",
    )
    rows = answer["Responses"]["shop"]
    return {"Limit": 100, "ExclusiveStartKey": rows[0].get("cursor") if rows else None}


rules.add(
    id="nightly",
    flavor=job,
    event_type="night-fell",
    to_scan_request=from_cursor,
    to_update_request=lambda uow: {
        "Key": {name: uow["scan_response"]["Item"][name] for name in ("pk", "sk")},
        **update_expression({"checked": uow.event["timestamp"]}),
    },
    to_cursor_update_request=lambda uow: {
        "Key": {"pk": "nightly", "sk": "job"},
        **update_expression({"cursor": uow["scan_response"].get("LastEvaluatedKey")}),
    },
    table_name="shop",
)
# --8<-- [end:queue]
