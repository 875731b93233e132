"""Rules that run once for each key: what is stored is what Powertools stores for an idempotent function."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Generator
from typing import Any

import pytest
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyItemAlreadyExistsError,
    IdempotencyItemNotFoundError,
    IdempotencyPersistenceLayerError,
    IdempotencyValidationError,
)
from aws_lambda_powertools.utilities.idempotency.persistence.base import BasePersistenceLayer
from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord
from botocore.config import Config
from pydantic import BaseModel, PrivateAttr

from powertools_stream import FaultPolicy, RuleRegistry, StreamProcessor, UnitOfWork
from powertools_stream.errors import RuleError
from powertools_stream.flavors import firehose_drop, firehose_transform, task
from powertools_stream.outcomes import Reason
from powertools_stream.requests import Call, PutEvent
from powertools_stream.testing import FakeConnector, run, to_kinesis_records, to_sqs_records
from powertools_stream.testing.endpoint import ScriptedEndpoint
from tests.conftest import Aws


class Memory(BasePersistenceLayer):
    """Keeps records, and what was done with them, in order. May leave out what was in the way, as older layers do."""

    def __init__(self, *, tells: bool = True) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.rows: dict[str, DataRecord] = {}
        self.steps: list[str] = []
        self.fails: dict[str, Exception] = {}
        self._tells = tells

    def _step(self, name: str) -> None:
        self.steps.append(name)
        if name in self.fails:
            raise self.fails[name]

    def _get_record(self, idempotency_key: str) -> Any:
        self._step("get")
        if idempotency_key not in self.rows:
            raise IdempotencyItemNotFoundError
        return self.rows[idempotency_key]

    def _put_record(self, data_record: DataRecord) -> None:
        self._step("put")
        old = self.rows.get(data_record.idempotency_key)
        if old is not None and not _may_be_replaced(old):
            if self._tells:
                self._validate_payload(data_record, old)  # type: ignore[no-untyped-call, unused-ignore]
            raise IdempotencyItemAlreadyExistsError(old_data_record=old if self._tells else None)
        self.rows[data_record.idempotency_key] = data_record

    def _update_record(self, data_record: DataRecord) -> None:
        self._step("update")
        self.rows[data_record.idempotency_key] = data_record

    def _delete_record(self, data_record: DataRecord) -> None:
        self._step("delete")
        self.rows.pop(data_record.idempotency_key, None)


def _may_be_replaced(record: DataRecord) -> bool:
    ends = record.in_progress_expiry_timestamp
    return record.is_expired or (record.status == "INPROGRESS" and ends is not None and ends < time.time() * 1000)


def _orders(*ids: str, **fields: Any) -> dict[str, Any]:
    return to_sqs_records([{"id": one, "type": "order-paid", **fields} for one in ids])


def _deliver(store: Any, execute: Callable[..., Any], event: Any, **options: Any) -> Any:
    idempotent = options.pop("idempotent", True)
    rules = RuleRegistry([{"id": "charge", "flavor": task, "execute": execute, "idempotent": idempotent}])
    return run(rules, event, idempotency_store=store, **{"max_workers": 8, **options})


def _counting(charged: list[str]) -> Callable[[UnitOfWork], Any]:
    return lambda uow: charged.append(uow.event["id"])


@pytest.mark.parametrize("tells", [True, False])
def test_a_second_delivery_does_nothing(tells: bool) -> None:
    store, charged = Memory(tells=tells), list[str]()

    outcomes = [_deliver(store, _counting(charged), _orders("1", "2")) for _ in range(2)]

    assert charged == ["1", "2"]
    assert [outcome.response for outcome in outcomes] == [{"batchItemFailures": []}] * 2
    assert [result.rule_id for result in outcomes[1].results] == ["charge", "charge"]
    assert [row.status for row in store.rows.values()] == ["COMPLETED", "COMPLETED"]


def test_generators_and_coroutines_are_idempotent_too() -> None:
    def asking(uow: UnitOfWork) -> Generator[Any, Any, str]:
        answer: str = yield Call(str.upper, "paid")
        done.append(answer)
        return answer

    async def waiting(uow: UnitOfWork) -> str:
        await asyncio.sleep(0)
        done.append("awaited")
        return "awaited"

    for execute in (asking, waiting):
        store, done = Memory(), list[str]()
        for _ in range(2):
            _deliver(store, execute, _orders("1"))
        assert len(done) == 1


def test_what_a_rule_publishes_is_published_once() -> None:
    store = Memory()
    rule = {"id": "r", "flavor": task, "execute": lambda uow: {}, "emit": "order-charged", "idempotent": True}

    outcomes = [run([rule], _orders("1"), idempotency_store=store) for _ in range(2)]

    assert [len(outcome.events) for outcome in outcomes] == [1, 0]


def test_a_rule_that_failed_runs_again() -> None:
    store, charged = Memory(), list[str]()

    def fails_once(uow: UnitOfWork) -> None:
        charged.append(uow.event["id"])
        if len(charged) == 1:
            raise ValueError("declined")

    first, second = (_deliver(store, fails_once, _orders("1")) for _ in range(2))

    assert [str(fault.error) for fault in first.faults] == ["declined"]
    assert second.faults == []
    assert store.steps == ["put", "delete", "put", "update"]


@pytest.mark.parametrize("kind", [SystemExit, asyncio.CancelledError])
def test_a_rule_that_failed_otherwise_than_by_an_exception_runs_again_at_once(kind: type[BaseException]) -> None:
    async def leave(uow: UnitOfWork) -> None:
        raise kind

    store = Memory()

    outcome = _deliver(store, leave, _orders("1"))

    assert outcome.faults[0].reason is Reason.FAULT
    assert store.rows == {}


def test_a_rule_that_changes_its_event_is_stored_under_the_key_that_it_began_with() -> None:
    store, charged = Memory(), list[str]()

    def charge(uow: UnitOfWork) -> None:
        charged.append(uow.event["id"])
        uow.event["id"] = "another"

    for _ in range(2):
        _deliver(store, charge, _orders("1"), check_mutation=False)

    assert charged == ["1"]
    assert [row.status for row in store.rows.values()] == ["COMPLETED"]


def test_a_unit_of_work_that_cannot_be_copied_has_its_key_all_the_same() -> None:
    store, charged = Memory(), list[str]()
    lock = threading.Lock()

    class Order(BaseModel):
        id: str
        _lock: Any = PrivateAttr(default_factory=lambda: lock)

    rule = {"id": "r", "flavor": task, "execute": _counting(charged), "event_model": Order, "idempotent": True}
    for _ in range(2):
        run([rule], _orders("1"), idempotency_store=store)

    assert charged == ["1"]


def test_what_is_no_result_is_not_stored_as_one() -> None:
    store = Memory()
    rule: Any = {"id": "r", "flavor": lambda uow, rule: 5, "idempotent": True}

    outcomes = [run([rule], _orders("1"), idempotency_store=store) for _ in range(2)]

    assert [len(outcome.faults) for outcome in outcomes] == [1, 1]
    assert store.rows == {}


def test_the_records_of_a_batch_go_side_by_side() -> None:
    barrier = threading.Barrier(4)

    class Meeting(Memory):
        def _put_record(self, data_record: DataRecord) -> None:
            barrier.wait(5)
            super()._put_record(data_record)

    charged: list[str] = []

    outcome = _deliver(Meeting(), _counting(charged), _orders("1", "2", "3", "4"))

    assert outcome.faults == []
    assert sorted(charged) == ["1", "2", "3", "4"]


@pytest.mark.parametrize("build", [to_sqs_records, to_kinesis_records])
def test_a_duplicate_in_the_same_batch_waits_for_the_first(build: Any) -> None:
    charged: list[str] = []
    event = build([{"id": "1", "type": "t", "partition_key": key} for key in "aab"])

    outcome = _deliver(Memory(), _counting(charged), event)

    assert outcome.response == {"batchItemFailures": []}
    assert charged == ["1"]


def test_a_duplicate_of_one_that_failed_runs() -> None:
    charged: list[str] = []

    def fails_once(uow: UnitOfWork) -> None:
        charged.append(uow.event["id"])
        if len(charged) == 1:
            raise ValueError("declined")

    outcome = _deliver(Memory(), fails_once, _orders("1", "1"))

    assert charged == ["1", "1"]
    assert len(outcome.faults) == 1


def test_an_unordered_rule_is_not_held_back_by_a_reported_record_with_the_order_key() -> None:
    def fails(uow: UnitOfWork) -> None:
        if uow.event["id"] == "1":
            raise ValueError("1")

    rule = {"id": "r", "flavor": task, "execute": fails, "idempotent": True, "ordered": False}
    event = to_kinesis_records([{"id": one, "type": "t", "partition_key": "k"} for one in ("1", "2", "2")])

    outcome = run([rule], event, idempotency_store=Memory(), on_fault=FaultPolicy.REPORT)

    assert [fault.reason for fault in outcome.faults] == [Reason.FAULT]


def test_in_progress_elsewhere_is_reported_without_a_fault_event() -> None:
    store, charged = Memory(), list[str]()
    _deliver(store, _counting(charged), _orders("1"))
    (key,) = store.rows
    soon = int(time.time() * 1000) + 60_000
    store.rows[key] = DataRecord(key, "INPROGRESS", int(time.time()) + 60, in_progress_expiry_timestamp=soon)

    outcome = _deliver(store, _counting(charged), _orders("1"))

    (fault,) = outcome.faults
    assert isinstance(fault.error, IdempotencyAlreadyInProgressError)
    assert (fault.reason, fault.event) == (Reason.RETRYABLE, None)
    assert charged == ["1"]


def test_the_next_attempt_may_begin_when_the_invocation_must_have_ended(lambda_context: Callable[..., Any]) -> None:
    store, ends = Memory(), list[float]()

    def notes(uow: UnitOfWork) -> None:
        (row,) = store.rows.values()
        ends.append((row.in_progress_expiry_timestamp or 0) / 1000 - time.time())

    _deliver(store, notes, _orders("1"), context=lambda_context(remaining_ms=5_000))
    store.rows.clear()
    _deliver(store, notes, _orders("1"))

    assert 4 < ends[0] <= 5
    assert 898 < ends[1] <= 900, "without a context, the longest that Lambda lets a function run"


def test_what_the_deadline_cuts_off_runs_again_once_its_invocation_is_over(lambda_context: Callable[..., Any]) -> None:
    store, charged = Memory(), list[str]()

    def hangs(uow: UnitOfWork) -> None:
        charged.append(uow.event["id"])
        if len(charged) == 1:
            time.sleep(3)

    context = lambda_context(remaining_ms=400)
    first = _deliver(store, hangs, _orders("1"), context=context)
    early = _deliver(store, hangs, _orders("1"))
    time.sleep(context.get_remaining_time_in_millis() / 1000 + 0.01)
    late = _deliver(store, hangs, _orders("1"))

    assert [len(outcome.faults) for outcome in (first, early, late)] == [1, 1, 0]
    assert charged == ["1", "1"]


def test_the_payload_is_checked() -> None:
    config = IdempotencyConfig(event_key_jmespath="event.id", payload_validation_jmespath="event.total")
    store, charged = Memory(), list[str]()

    for total in (1, 2):
        outcome = _deliver(store, _counting(charged), _orders("1", total=total), idempotent=config)

    (fault,) = outcome.faults
    assert isinstance(fault.error, IdempotencyValidationError)
    assert fault.reason is Reason.FAULT
    assert charged == ["1"]


def test_a_key_of_ones_own_may_be_anything_of_the_unit_of_work() -> None:
    config = IdempotencyConfig(event_key_jmespath="[event.customer, pipeline]")
    store, charged = Memory(), list[str]()

    _deliver(store, _counting(charged), _orders("1", "2", customer="ada"), idempotent=config)

    assert charged == ["1"]


def test_a_configuration_without_a_key_takes_the_event_and_is_not_changed() -> None:
    config, charged = IdempotencyConfig(expires_after_seconds=60), list[str]()
    store = Memory()

    for _ in range(2):
        _deliver(store, _counting(charged), _orders("1"), idempotent=config)

    assert charged == ["1"]
    assert config.event_key_jmespath == ""
    (row,) = store.rows.values()
    assert row.expiry_timestamp is not None
    assert row.expiry_timestamp - time.time() <= 60


def test_without_a_key_it_runs_or_is_a_fault_as_powertools_has_it() -> None:
    charged: list[str] = []
    strict = IdempotencyConfig(event_key_jmespath="event.nothing", raise_on_no_idempotency_key=True)

    outcome = _deliver(Memory(), _counting(charged), _orders("1"), idempotent=strict)

    assert [fault.reason for fault in outcome.faults] == [Reason.FAULT]
    assert charged == []


def test_rules_with_one_store_do_not_share_keys_or_configurations() -> None:
    store, seen = Memory(), list[str]()
    short = IdempotencyConfig(event_key_jmespath="event.customer", expires_after_seconds=5)

    def noted(uow: UnitOfWork) -> None:
        seen.append(uow.rule_id)

    rules = [
        {"id": "a", "flavor": task, "execute": noted, "idempotent": True},
        {"id": "b", "flavor": task, "execute": noted, "idempotent": short},
    ]
    run(rules, _orders("1", "2", customer="ada"), idempotency_store=store)

    assert sorted(seen) == ["a", "a", "b"]
    assert sorted(key.partition("#")[0] for key in store.rows) == ["test-func.a", "test-func.a", "test-func.b"]


def test_a_local_cache_spares_the_store() -> None:
    config = IdempotencyConfig(event_key_jmespath="event.id", use_local_cache=True, local_cache_max_items=2)
    store, charged = Memory(), list[str]()
    rules = [{"id": "charge", "flavor": task, "execute": _counting(charged), "idempotent": config}]
    processor = StreamProcessor(rules=rules, idempotency_store=store)

    for _ in range(2):
        processor.process_event(_orders("1", "2"))

    assert charged == ["1", "2"]
    assert store.steps.count("put") == 2
    assert store.steps.count("get") == 0


# -- A store that fails ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["put", "update"])
@pytest.mark.parametrize(
    ("error", "reason"), [(ConnectionError("away"), Reason.RETRYABLE), (KeyError("what"), Reason.FAULT)]
)
def test_an_error_of_the_store_is_passing_if_its_cause_is(step: str, error: Exception, reason: Reason) -> None:
    store = Memory()
    store.fails[step] = error

    outcome = _deliver(store, lambda uow: None, _orders("1"))

    (fault,) = outcome.faults
    assert isinstance(fault.error, IdempotencyPersistenceLayerError)
    assert fault.reason is reason


def test_an_error_of_the_rule_is_told_even_if_the_store_fails_too(caplog: pytest.LogCaptureFixture) -> None:
    store = Memory()
    store.fails["delete"] = ConnectionError("away")

    def declines(uow: UnitOfWork) -> None:
        raise ValueError("declined")

    outcome = _deliver(store, declines, _orders("1"))

    assert [str(fault.error) for fault in outcome.faults] == ["declined"]
    assert "expires with this invocation" in caplog.text


def test_what_is_gone_when_it_is_looked_at_is_tried_again() -> None:
    class Vanishing(Memory):
        def _get_record(self, idempotency_key: str) -> Any:
            self.rows.clear()
            return super()._get_record(idempotency_key)

    store, charged = Vanishing(tells=False), list[str]()
    _deliver(store, _counting(charged), _orders("1"))

    outcome = _deliver(store, _counting(charged), _orders("1"))

    assert outcome.faults == []
    assert charged == ["1", "1"]


def test_what_stays_inconsistent_is_reported_and_comes_again() -> None:
    class Contradicting(Memory):
        def _put_record(self, data_record: DataRecord) -> None:
            raise IdempotencyItemAlreadyExistsError

    outcome = _deliver(Contradicting(), lambda uow: None, _orders("1"))

    assert [fault.reason for fault in outcome.faults] == [Reason.RETRYABLE]


# -- At import ---------------------------------------------------------------------------------------------------------


def test_an_idempotent_rule_needs_a_store() -> None:
    rule = {"id": "charge", "flavor": task, "execute": print, "idempotent": True}

    with pytest.raises(RuleError, match=r"Rule 'charge' is idempotent, .*idempotency_store=DynamoDBPersistenceLayer"):
        StreamProcessor(rules=[rule])


def test_a_rule_that_is_added_later_needs_a_store_too() -> None:
    rules = RuleRegistry()
    processor = StreamProcessor(rules=rules, raise_on_entire_batch_failure=False)
    rules.add(id="charge", flavor=task, execute=lambda uow: None, idempotent=True)

    processor.process_event(_orders("1"))

    (fault,) = processor.faults
    assert fault.reason is Reason.CONFIGURATION
    assert "idempotency_store" in str(fault.error)


def test_compacted_records_have_no_key_of_their_own() -> None:
    with pytest.raises(RuleError, match="'idempotent' is for one record, and 'compact' for several"):
        RuleRegistry().add(id="r", flavor=task, execute=lambda uow: None, idempotent=True, compact=True)


@pytest.mark.parametrize("rule", [{"flavor": firehose_transform, "transform": str}, {"flavor": firehose_drop}])
def test_a_rule_that_answers_each_record_runs_each_time(rule: dict[str, Any]) -> None:
    with pytest.raises(RuleError, match=r"'firehose_\w+' answers each record, .* Leave 'idempotent' out"):
        RuleRegistry([{"id": "r", "idempotent": True, **rule}])


@pytest.mark.parametrize("value", ["often", 5, IdempotencyConfig])
def test_anything_else_is_refused(value: Any) -> None:
    with pytest.raises(RuleError, match=r"'idempotent' takes True, or Powertools' IdempotencyConfig\(…\)"):
        RuleRegistry().add(id="r", flavor=task, execute=lambda uow: None, idempotent=value)


# -- DynamoDB ----------------------------------------------------------------------------------------------------------


def test_ten_records_cost_twenty_calls_at_first_and_ten_later(aws: Aws) -> None:
    aws.create_table("idempotency", ("id",))
    layer = DynamoDBPersistenceLayer("idempotency", boto_config=Config(max_pool_connections=32))
    charged: list[str] = []
    rules = [{"id": "charge", "flavor": task, "execute": _counting(charged), "idempotent": True}]
    processor = StreamProcessor(rules=rules, idempotency_store=layer)
    calls: list[str] = []
    layer.client.meta.events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name))

    for _ in range(2):
        assert processor.process_event(_orders(*map(str, range(10)))) == {"batchItemFailures": []}

    assert len(charged) == 10
    assert calls.count("PutItem") == 20
    assert calls.count("UpdateItem") == 10
    assert len(calls) == 30
    assert {item["status"]["S"] for item in aws.items("idempotency")} == {"COMPLETED"}


def test_a_throttled_store_is_a_passing_error(endpoint: ScriptedEndpoint) -> None:
    throttled = (400, {"__type": "ThrottlingException", "message": "slow down"})
    endpoint.script = lambda operation, body: throttled
    layer = DynamoDBPersistenceLayer("idempotency", boto_config=Config(retries={"max_attempts": 0}))

    outcome = _deliver(layer, lambda uow: None, _orders("1"))

    assert [fault.reason for fault in outcome.faults] == [Reason.RETRYABLE]


def test_a_rule_that_yields_requests_still_fills_calls() -> None:
    def publishes(uow: UnitOfWork) -> Generator[Any, Any, None]:
        yield PutEvent({"id": uow.event["id"], "type": "order-charged"})

    bus = FakeConnector()
    rules = [{"id": "r", "flavor": task, "execute": publishes, "idempotent": True}]
    processor = StreamProcessor(rules=rules, idempotency_store=Memory(), connectors=[bus], bus_name="bus")

    assert processor.process_event(_orders("1", "2", "3")) == {"batchItemFailures": []}

    assert len(bus.published) == 3
