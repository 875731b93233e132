"""This library: rules with the decorator, or a record handler as for Powertools."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.utilities.batch import EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from powertools_stream import Rule, RuleRegistry, StreamProcessor, UnitOfWork, flavor, stream_processor
from powertools_stream.expressions import timestamp_condition, update_expression
from powertools_stream.flavors import materialize, s3, sqs, task
from powertools_stream.requests import PutItem
from tests.bench.cases import BUCKET, QUEUE_URL, Case, Handler, order_total

__all__ = ["prepare"]


def prepare(case: Case) -> Handler:
    if case.form == "handler":
        return _record_handler()
    rules = _RULES[case.job](case)
    for n in range(case.others):
        rules.add(id=f"other-{n}", flavor=task, event_type=f"other-{n}", execute=_order_total)
    if case.form == "observed":
        return _observed(rules)
    if case.form == "results":
        processor = StreamProcessor(rules=rules)
        return processor.process_event

    @stream_processor(rules=rules)
    def handler(event: Any, context: Any) -> None: ...

    return lambda event: handler(event, None)


def _observed(rules: RuleRegistry) -> Handler:
    """Observe batches with Logger, Metrics and a tracer that is off; what it costs to write the metrics is left out."""
    logger = Logger(service="bench", level="INFO")
    metrics, tracer = Metrics(namespace="bench", service="bench"), Tracer(service="bench", disabled=True)

    @stream_processor(rules, logger=logger, metrics=metrics, tracer=tracer)
    def handler(event: Any, context: Any) -> None: ...

    def observed(event: dict[str, Any]) -> None:
        handler(event, None)
        metrics.metric_set.clear()

    return observed


def _record_handler() -> Handler:
    processor = StreamProcessor(event_type=EventType.SQS)

    def record_handler(record: SQSRecord) -> int:
        return order_total(json.loads(record.body))

    return lambda event: process_partial_response(event, record_handler, processor)


def _order_total(uow: UnitOfWork) -> int:
    return order_total(uow.event)


def _totals(case: Case) -> RuleRegistry:
    rules = RuleRegistry()
    for n in range(case.rules):
        rules.add(id=f"total-{n}", flavor=task, event_type="order-created", execute=_order_total)
    return rules


def _emits(case: Case) -> RuleRegistry:
    rules = RuleRegistry()

    @rules.register(task, event_type="order-created", emit="order-accepted")
    def accept_order(uow: UnitOfWork) -> dict[str, Any]:
        return {"total": sum(line["price"] for line in uow.event["order"]["lines"])}

    return rules


@flavor(asks=[PutItem])
def _store(uow: UnitOfWork, rule: Rule) -> Generator[Any, Any, UnitOfWork]:
    event = uow.event
    item = {"pk": event["id"], "sk": "EVENT", "data": event["order"]["id"], "event": event}
    response = yield PutItem({"Item": item})
    return uow.extend(put_response=response)


def _puts(case: Case) -> RuleRegistry:
    rules = RuleRegistry()
    rules.add(id="store-order", flavor=_store, event_type="order-created")
    return rules


def _updates(case: Case) -> RuleRegistry:
    rules = RuleRegistry()

    @rules.register(materialize, event_type="order-created")
    def order_view(uow: UnitOfWork) -> dict[str, Any]:
        order = uow.event["order"]
        return {
            "Key": {"pk": order["id"], "sk": "order"},
            **update_expression(
                {
                    "status": "created",
                    "total": sum(line["price"] for line in order["lines"]),
                    "lines": order["lines"],
                    "timestamp": uow.event["timestamp"],
                }
            ),
            **timestamp_condition(),
        }

    return rules


def _objects(case: Case) -> RuleRegistry:
    rules = RuleRegistry()

    @rules.register(s3, event_type="order-created")
    def order_object(uow: UnitOfWork) -> dict[str, Any]:
        return {"Bucket": BUCKET, "Key": uow.event["order"]["id"], "Body": json.dumps(uow.event)}

    return rules


def _messages(case: Case) -> RuleRegistry:
    rules = RuleRegistry()

    @rules.register(sqs, event_type="order-created", queue_url=QUEUE_URL)
    def order_message(uow: UnitOfWork) -> dict[str, Any]:
        return {"MessageBody": json.dumps(uow.event)}

    return rules


_RULES = {
    "total": _totals,
    "emit": _emits,
    "put": _puts,
    "update": _updates,
    "object": _objects,
    "message": _messages,
}
