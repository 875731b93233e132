from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import task
from powertools_stream.requests import (
    DeleteObject,
    GetObject,
    GetObjectLines,
    HeadObject,
    ListObjects,
    PutObject,
)

rules = RuleRegistry()


# --8<-- [start:reads]
@rules.register(task, event_type="report-requested")
def write_report(uow: UnitOfWork) -> Generator[Any, Any, str]:
    template, previous = yield [
        GetObject({"Key": "templates/report.html"}, bucket_name="site"),
        HeadObject({"Key": f"reports/{uow.event['id']}"}, bucket_name="reports"),
    ]
    if previous is not None:
        return "was there"
    body = template["Body"].decode().format(**uow.event["fields"])
    yield PutObject(
        {"Key": f"reports/{uow.event['id']}", "Body": body, "ContentType": "text/html"},
        bucket_name="reports",
    )
    return "written"


# --8<-- [end:reads]


# --8<-- [start:deletes]
@rules.register(task, event_type="customer-forgotten")
def forget_files(uow: UnitOfWork) -> Generator[Any, Any, int]:
    objects = yield ListObjects(
        {"Prefix": f"customers/{uow.event['customer_id']}/"}, bucket_name="files"
    )
    yield [
        DeleteObject({"Key": found["Key"]}, bucket_name="files") for found in objects
    ]
    return len(objects)


# --8<-- [end:deletes]


# --8<-- [start:lines]
@rules.register(task, event_type="import-requested")
def sum_up(uow: UnitOfWork) -> Generator[Any, Any, int]:
    lines = yield GetObjectLines({"Key": uow.event["key"]}, bucket_name="imports")
    with lines:
        return sum(json.loads(line)["amount"] for line in lines)


# --8<-- [end:lines]


# --8<-- [start:once]
@rules.register(task, event_type="order-created")
def keep_first(uow: UnitOfWork) -> Generator[Any, Any, bool]:
    key = f"orders/{uow.event['partition_key']}"
    answer = yield PutObject(
        {"Key": key, "Body": uow.event, "IfNoneMatch": "*"}, bucket_name="archive"
    )
    return bool(answer)


# --8<-- [end:once]
