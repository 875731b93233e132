from __future__ import annotations

from collections.abc import Generator
from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import task
from powertools_stream.requests import PutMetricData

rules = RuleRegistry()


# --8<-- [start:task]
@rules.register(task, event_type="parcel-delivered")
def count_delivery(uow: UnitOfWork) -> Generator[Any, Any, None]:
    parcel = uow.event["parcel"]
    dimensions = [{"Name": "Depot", "Value": parcel["depot"]}]
    yield [
        PutMetricData(
            {
                "MetricName": name,
                "Value": value,
                "Unit": unit,
                "Dimensions": dimensions,
                "Timestamp": uow.event["timestamp"],
            },
            namespace="parcels",
        )
        for name, value, unit in (
            ("Delivered", 1, "Count"),
            ("Weight", parcel["kilograms"], "None"),
            ("TimeOnTheWay", parcel["seconds"], "Seconds"),
        )
    ]


# --8<-- [end:task]
