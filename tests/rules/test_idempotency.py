"""Powertools' `@idempotent_function` on functions of rules."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from decimal import Decimal
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
from powertools_stream.flavors import materialize, task
from powertools_stream.requests import Call, PutEvent, PutItem
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


def _put(uow: UnitOfWork) -> Any:
    return PutItem({"Item": {"pk": uow.event["id"]}}, table_name="t")


RETURNED: dict[str, Callable[[UnitOfWork], Any]] = {
    "a PutItem": _put,
    "a Call": lambda uow: [[Call(max, 1, 2)], _put(uow)],
    "the class PutItem": lambda uow: PutItem,
    "a coroutine": lambda uow: (_coroutine(uow), None),
    "a generator": _generator,
    "a Future": lambda uow: {"later": Future()},
}


@pytest.mark.parametrize("around", [traced, lambda function: function], ids=["under another decorator", "outermost"])
@pytest.mark.parametrize("found", RETURNED)
def test_a_request_that_is_returned_is_a_fault_at_each_delivery_and_never_stored(
    found: str, around: Callable[[Any], Any], config: IdempotencyConfig, lambda_context: Callable[..., Any]
) -> None:
    memory = Memory()
    decorator = idempotent_function(data_keyword_argument="uow", config=config, persistence_store=memory)
    returned = RETURNED[found]
    rules = RuleRegistry([{"id": "r", "flavor": task, "execute": around(decorator(lambda uow: returned(uow)))}])

    for _ in range(2):
        outcome = run(rules, EVENT, context=lambda_context())

        (failed,) = outcome.response["batchItemFailures"]
        assert failed["itemIdentifier"] == EVENT["Records"][0]["messageId"]
        assert outcome.requests == []
        (fault,) = outcome.faults
        assert f"found {found}" in str(fault.error)
        assert "Yield the request in the rule's function" in str(fault.error)
        assert memory.rows == {}


def _listed(uow: UnitOfWork) -> list[PutItem] | None:
    return [_put(uow)]


@pytest.mark.parametrize("field", ["execute", "emit"])
def test_a_function_that_says_that_it_returns_requests_is_an_error_at_import(
    field: str, config: IdempotencyConfig
) -> None:
    fields: dict[str, Any] = {"id": "r", "flavor": task, field: idempotent(config)(_listed)}

    with pytest.raises(RuleError, match=f"{field!r} is idempotent, but returns requests.*Yield the request in the"):
        RuleRegistry([fields])


@pytest.mark.parametrize(
    "result",
    [{"total": Decimal("1.5"), "in": [{"n": Decimal(2)}, 2.5]}, [], {}, 0, False, "", Decimal(0), None, {"a": None}],
    ids=repr,
)
def test_a_redelivery_gets_what_the_first_delivery_got(
    result: Any, config: IdempotencyConfig, lambda_context: Callable[..., Any]
) -> None:
    processed = processor(idempotent(config)(lambda uow: result))

    results = []
    for _ in range(2):
        processed.process_event(EVENT, lambda_context())
        results.append(processed.results[0].uow["result"])

    assert results == [result, result]
    assert type(results[1]) is type(result)


def test_an_update_is_the_same_at_a_redelivery(config: IdempotencyConfig, lambda_context: Callable[..., Any]) -> None:
    update = {"Key": {"pk": "1"}, "ExpressionAttributeValues": {":total": Decimal("1.5")}}
    made = idempotent(config)(lambda uow: update)
    rules = [{"id": "r", "flavor": materialize, "table_name": "t", "to_update_request": made}]

    first, second = (run(rules, EVENT, context=lambda_context()).requests for _ in range(2))

    assert first[0].params["ExpressionAttributeValues"] == {":total": Decimal("1.5")}
    assert second == first


class _Own:
    def to_dict(self, data: Any) -> Any:
        return {"params": data.params, "table_name": data.table_name}

    def from_dict(self, data: Any) -> Any:
        return PutItem(**data)


def test_a_serializer_of_the_users_says_how_results_are_stored(
    config: IdempotencyConfig, lambda_context: Callable[..., Any]
) -> None:
    decorator: Any = idempotent_function(
        data_keyword_argument="uow",
        config=config,
        persistence_store=Memory(),
        output_serializer=_Own(),  # type: ignore[arg-type]
    )
    rules = [{"id": "r", "flavor": task, "execute": decorator(_put)}]

    requests = [run(rules, EVENT, context=lambda_context()).requests for _ in range(2)]

    assert requests == [[PutItem({"Item": {"pk": "1"}}, table_name="t")]] * 2


def test_a_function_of_two_rules_is_checked_once(config: IdempotencyConfig) -> None:
    function = idempotent(config)(lambda uow: {"paid": True})
    for _ in range(2):
        RuleRegistry([{"id": "r", "flavor": task, "execute": function}])

    checked = next(cell.cell_contents for cell in function.__closure__ if callable(cell.cell_contents))
    assert not hasattr(checked.function, "function")


@pytest.mark.parametrize("field", ["execute", "emit", "filters"])
def test_a_key_that_differs_with_each_delivery_is_an_error_at_import(field: str) -> None:
    function = idempotent(IdempotencyConfig())(lambda uow: None)
    fields: dict[str, Any] = {"id": "r", "flavor": task, "execute": lambda uow: 1}
    fields[field] = [function] if field == "filters" else function

    with pytest.raises(
        RuleError, match=r'differs with each delivery.*IdempotencyConfig\(event_key_jmespath="event.id"\)'
    ):
        RuleRegistry([fields])


def test_a_key_that_is_the_same_for_each_record_is_an_error_at_import() -> None:
    function = idempotent(IdempotencyConfig(event_key_jmespath="id"), "rule")(lambda uow, rule: None)

    with pytest.raises(RuleError, match="made of the rule, which is the same for each record"):
        RuleRegistry([{"id": "r", "flavor": task, "execute": function}])


def test_a_template_is_a_key_of_its_own(lambda_context: Callable[..., Any]) -> None:
    config = IdempotencyConfig()
    function = idempotent(config, "template")(lambda uow, rule, template: {**template, "type": "made"})
    rules = [{"id": "r", "flavor": task, "emit": function}]

    first, second = (run(rules, EVENT, context=lambda_context()).events for _ in range(2))

    assert first == second
    assert first[0]["type"] == "made"


CONFIG = IdempotencyConfig(event_key_jmespath="id")


@idempotent(CONFIG, "order")
def charge(order: dict[str, Any]) -> dict[str, Any]:
    return {"charged": order["id"]}


class _Orders:
    charge = staticmethod(charge)

    def accept(self, uow: UnitOfWork) -> Any:
        return self.charge(order=uow.event)


ORDERS = _Orders()
MODULE = types.ModuleType("payments")
MODULE.charge = charge  # type: ignore[attr-defined]


def _by_hand(uow: UnitOfWork) -> Any:
    return charge(order=uow.event)


def _by_call(uow: UnitOfWork) -> Iterator[Call]:
    return (yield Call(charge, order=uow.event))


def _in_a_lambda(uow: UnitOfWork) -> Any:
    return [charge(order=order) for order in [uow.event]]


def _indirect(uow: UnitOfWork) -> Any:
    return _by_hand(uow)


def _of_a_module(uow: UnitOfWork) -> Any:
    return MODULE.charge(order=uow.event)


def _of_an_object(uow: UnitOfWork) -> Any:
    return ORDERS.charge(order=uow.event)


def _of_a_variable() -> Callable[[UnitOfWork], Any]:
    held = charge
    return lambda uow: held(order=uow.event)


@pytest.mark.parametrize(
    "execute",
    [
        _by_hand, _by_call, _in_a_lambda, _indirect, _of_a_module, _of_an_object, _of_a_variable(), ORDERS.accept,
        traced(_by_hand), functools.partial(_by_hand),
    ],
)  # fmt: skip
def test_a_function_that_a_rule_calls_is_told_the_time_that_is_left(
    execute: Any, lambda_context: Callable[..., Any]
) -> None:
    CONFIG.lambda_context = None
    context = lambda_context()

    assert run([{"id": "r", "flavor": task, "execute": execute}], EVENT, context=context).faults == []

    assert CONFIG.lambda_context is context


def test_a_filter_is_told_the_time_that_is_left(config: IdempotencyConfig, lambda_context: Callable[..., Any]) -> None:
    seen: list[Any] = []

    def passes(uow: UnitOfWork) -> bool:
        seen.append(config.lambda_context)
        return True

    context = lambda_context()

    run(
        [{"id": "r", "flavor": task, "execute": lambda uow: 1, "filters": [idempotent(config)(passes)]}],
        EVENT,
        context=context,
    )

    assert seen == [context]
