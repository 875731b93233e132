"""Powertools' `@idempotent_function` on functions of rules."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aws_lambda_powertools.utilities.idempotency import IdempotencyConfig, idempotent_function
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyItemAlreadyExistsError,
    IdempotencyItemNotFoundError,
)
from aws_lambda_powertools.utilities.idempotency.persistence.base import BasePersistenceLayer

from powertools_stream import RuleRegistry, StreamProcessor, UnitOfWork
from powertools_stream.errors import RuleError
from powertools_stream.flavors import task
from powertools_stream.requests import PutEvent
from powertools_stream.testing import run, to_sqs_records

EVENT = to_sqs_records([{"id": "1", "type": "order-paid"}])


class Memory(BasePersistenceLayer):
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.rows: dict[str, Any] = {}

    def _get_record(self, idempotency_key: str) -> Any:
        if idempotency_key not in self.rows:
            raise IdempotencyItemNotFoundError
        return self.rows[idempotency_key]

    def _put_record(self, data_record: Any) -> None:
        if (old := self.rows.get(data_record.idempotency_key)) is not None:
            raise IdempotencyItemAlreadyExistsError(old_data_record=old)
        self.rows[data_record.idempotency_key] = data_record

    def _update_record(self, data_record: Any) -> None:
        self.rows[data_record.idempotency_key] = data_record

    def _delete_record(self, data_record: Any) -> None:
        self.rows.pop(data_record.idempotency_key, None)


@pytest.fixture
def config() -> IdempotencyConfig:
    return IdempotencyConfig(event_key_jmespath="event.id")


def idempotent(config: IdempotencyConfig, data: str = "uow") -> Callable[[Any], Any]:
    decorator: Callable[[Any], Any] = idempotent_function(
        data_keyword_argument=data, config=config, persistence_store=Memory()
    )
    return decorator


def traced(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def processor(function: Any) -> StreamProcessor:
    return StreamProcessor(rules=[{"id": "r", "flavor": task, "execute": function}])


@pytest.mark.parametrize("around", [traced, lambda function: function], ids=["under another decorator", "outermost"])
@pytest.mark.parametrize("name", ["uow", "paid"])
def test_it_runs_once_for_each_key(
    around: Callable[[Any], Any], name: str, config: IdempotencyConfig, lambda_context: Callable[..., Any]
) -> None:
    seen: list[Any] = []

    def by_our_name(uow: UnitOfWork, rule: Any) -> dict[str, Any]:
        seen.append((uow.event["id"], rule.id))
        return {"paid": True}

    def by_another(paid: UnitOfWork, *, rule: Any) -> dict[str, Any]:
        return by_our_name(paid, rule)

    function = {"uow": by_our_name, "paid": by_another}[name]
    processed = processor(around(idempotent(config, name)(function)))

    for _ in range(2):
        assert processed.process_event(EVENT, lambda_context()) == {"batchItemFailures": []}

    assert seen == [("1", "r")]


def test_it_is_told_the_time_that_is_left_of_each_invocation(
    config: IdempotencyConfig, lambda_context: Callable[..., Any]
) -> None:
    processed = processor(idempotent(config)(lambda uow: {"left": config.lambda_context}))
    for context in (lambda_context(), lambda_context()):
        processed.process_event(EVENT, context)
        assert config.lambda_context is context

    with pytest.warns(UserWarning, match="remaining time"):
        processed.process_event(to_sqs_records([{"id": "2", "type": "order-paid"}]), None)
    assert config.lambda_context is None


async def _coroutine(uow: UnitOfWork) -> None: ...


def _generator(uow: UnitOfWork) -> Iterator[PutEvent]:
    yield PutEvent(uow.event)


@pytest.mark.parametrize("function", [_coroutine, _generator])
def test_what_powertools_cannot_store_is_an_error_at_import(function: Any, config: IdempotencyConfig) -> None:
    with pytest.raises(RuleError, match="Put the decorator on a function that returns one"):
        RuleRegistry().add(id="r", flavor=task, execute=idempotent(config)(function))


def test_a_data_argument_that_there_is_not_is_an_error_at_import(config: IdempotencyConfig) -> None:
    with pytest.raises(RuleError, match=r"takes \(uow\): set data_keyword_argument='uow'"):
        RuleRegistry().add(id="r", flavor=task, execute=idempotent(config, "order")(lambda uow: None))


def test_equal_rules_of_a_batch_share_a_configuration(config: IdempotencyConfig) -> None:
    decorator = idempotent(config)
    rules = RuleRegistry()
    for rule_id in "ab":
        rules.add(id=rule_id, flavor=task, execute=decorator(lambda uow: {"paid": True}))

    assert rules.idempotency_configs() == (config,)
    with pytest.warns(UserWarning, match="remaining time"):
        assert run(rules, EVENT).faults == []
