"""Records that come again: with checkpoints and without, and rules that are idempotent in one way or the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from powertools_stream import FaultPolicy, RuleRegistry, StreamProcessor, UnitOfWork
from powertools_stream.checkpoints import DynamoDBCheckpointStore
from powertools_stream.expressions import update_expression
from powertools_stream.flavors import materialize, task
from powertools_stream.local import LambdaContext
from tests.bench.cases import CHECKPOINTS, TABLE, Case, Handler, order_total

__all__ = ["prepare"]

_CONTEXT = LambdaContext("bench")


def prepare(case: Case) -> Handler:
    return _FORMS[case.job](case)


def _total(case: Case) -> Handler:
    rules = RuleRegistry([{"id": "total", "flavor": task, "execute": lambda uow: order_total(uow.event)}])
    processor = StreamProcessor(rules=rules, **_options(case))
    return lambda event: processor.process_event(event, _CONTEXT)


def _redelivered(case: Case) -> Handler:
    """Deliver a batch twice, of which each message fails in one rule of two the first time."""
    has_trouble = True

    def view(uow: UnitOfWork) -> dict[str, Any]:
        return {"Key": {"pk": uow.event["order"]["id"], "sk": "order"}, **update_expression({"status": "created"})}

    def notify(uow: UnitOfWork) -> None:
        if has_trouble:
            raise ValueError("nobody is there")

    rules = RuleRegistry([{"id": "notify", "flavor": task, "execute": notify}])
    rules.add(id="view", flavor=materialize, to_update_request=view)
    options = {"on_fault": FaultPolicy.REPORT, "raise_on_entire_batch_failure": False, **_options(case)}
    processor = StreamProcessor(rules=rules, **options)

    def handler(event: dict[str, Any]) -> Any:
        nonlocal has_trouble
        has_trouble = True
        processor.process_event(event, _CONTEXT)
        has_trouble = False
        with _received(event, "2"):
            return processor.process_event(event, _CONTEXT)

    return handler


@contextmanager
def _received(event: dict[str, Any], times: str) -> Iterator[None]:
    attributes = [record["attributes"] for record in event["Records"]]
    for each in attributes:
        each["ApproximateReceiveCount"] = times
    yield
    for each in attributes:
        each["ApproximateReceiveCount"] = "1"


def _options(case: Case) -> dict[str, Any]:
    return {"checkpoint": DynamoDBCheckpointStore(CHECKPOINTS)} if case.form == "checkpoints" else {}


def _idempotent(case: Case) -> Handler:
    from aws_lambda_powertools.utilities.idempotency import (
        DynamoDBPersistenceLayer,
        IdempotencyConfig,
        idempotent_function,
    )
    from botocore.config import Config

    layer = DynamoDBPersistenceLayer(TABLE, boto_config=Config(max_pool_connections=32))
    if case.form == "rule":
        rule: dict[str, Any] = {"id": "total", "flavor": task, "execute": _nothing, "idempotent": True}
        processor = StreamProcessor(rules=[rule], idempotency_store=layer)
    else:
        decorate: Callable[[Any], Any] = idempotent_function(
            data_keyword_argument="uow",
            config=IdempotencyConfig(event_key_jmespath="event.id"),
            persistence_store=layer,
        )
        processor = StreamProcessor(rules=[{"id": "total", "flavor": task, "execute": decorate(_nothing)}])
    # The endpoint keeps nothing, so every key is new to it, and every function runs.
    return lambda event: processor.process_event(event, _CONTEXT)


def _nothing(uow: UnitOfWork) -> None: ...


_FORMS: dict[str, Callable[[Case], Handler]] = {"total": _total, "redeliver": _redelivered, "idempotent": _idempotent}
