"""aws-lambda-stream, with its own flavors. It patches boto3 for the whole process, so it needs one of its own."""

from __future__ import annotations

import logging
from typing import Any

from aws_lambda_stream.events.sqs import from_sqs
from aws_lambda_stream.flavors.collect import collect
from aws_lambda_stream.flavors.materialize import materialize
from aws_lambda_stream.flavors.task import task
from aws_lambda_stream.pipelines import StreamPipeline, initialize_from
from aws_lambda_stream.utils.dynamodb import timestamp_condition, update_expression
from aws_lambda_stream.utils.opt import DEFAULT_OPTIONS

from tests.bench.cases import BUS, Case, Handler, order_total

__all__ = ["prepare"]


def prepare(case: Case) -> Handler:
    rules = _rules(case)
    rules += [{"id": f"other-{n}", "flavor": task, "event_type": f"other-{n}"} for n in range(case.others)]
    pipelines = initialize_from(rules)
    options = {**DEFAULT_OPTIONS, "bus_name": BUS, "logger": logging.getLogger("bench")}

    def handler(event: dict[str, Any]) -> None:
        StreamPipeline(pipelines, options).assemble(from_sqs(event))

    return handler


def _rules(case: Case) -> list[dict[str, Any]]:
    if case.job == "emit":
        return [_rule("accept-order", task, execute=_accept, emit=_accepted)]
    if case.job == "put":
        return [_rule("store-order", collect, correlation_key="order.id")]
    if case.job == "update":
        return [_rule("order-view", materialize, to_update_request=_to_update_request)]
    return [_rule(f"total-{n}", task, execute=_total) for n in range(case.rules)]


def _rule(rule_id: str, flavor: Any, **fields: Any) -> dict[str, Any]:
    return {"id": rule_id, "flavor": flavor, "event_type": "order-created", **fields}


def _total(uow: dict[str, Any], rule: Any) -> int:
    return order_total(uow["event"])


def _accept(uow: dict[str, Any], rule: Any) -> dict[str, Any]:
    return {"total": sum(line["price"] for line in uow["event"]["order"]["lines"])}


def _accepted(uow: dict[str, Any], rule: Any, template: dict[str, Any]) -> dict[str, Any]:
    return {**template, **uow["result"], "type": "order-accepted"}


def _to_update_request(uow: dict[str, Any]) -> dict[str, Any]:
    order = uow["event"]["order"]
    return {
        "Key": {"pk": order["id"], "sk": "order"},
        **update_expression(
            {
                "status": "created",
                "total": sum(line["price"] for line in order["lines"]),
                "lines": order["lines"],
                "timestamp": uow["event"]["timestamp"],
            }
        ),
        **timestamp_condition(),
    }
