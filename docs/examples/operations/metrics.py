from __future__ import annotations

from typing import Any

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task
from powertools_stream.testing import run, to_sqs_records

metrics = Metrics(namespace="Shop", service="orders")
rules = RuleRegistry()


@rules.register(task, event_type="order-created", emit="order-priced")
def price(uow: UnitOfWork) -> dict[str, Any]:
    return {"total": sum(line["price"] for line in uow.event["lines"])}


@metrics.log_metrics
@stream_processor(rules, metrics=metrics)
def handler(event: dict[str, Any], context: LambdaContext) -> None: ...


def test_a_batch_is_counted() -> None:
    metrics.metric_set.clear()
    event = to_sqs_records(
        [{"type": "order-created", "lines": [{"price": 3}]}, {"type": "order-created"}]
    )

    run(rules, event, metrics=metrics)

    counted = {name: metric["Value"] for name, metric in metrics.metric_set.items()}
    assert (counted["Records"], counted["RuleRuns"]) == ([2.0], [2.0])
    assert (counted["Faults"], counted["RecordsReported"]) == ([1.0], [1.0])
    assert counted["Calls"] == [2.0]
    metrics.metric_set.clear()
