"""Random deliveries with random failures and a store that forgets: nothing that was not done is ever skipped."""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from powertools_stream import FaultPolicy, UnitOfWork, flavor
from powertools_stream.checkpoints import Checkpoint, InMemoryCheckpointStore
from powertools_stream.connectors import Entry, Operation
from powertools_stream.requests import Call, PutEvent
from powertools_stream.sources import DynamoDBSource, KafkaSource, KinesisSource, Source, SQSSource
from powertools_stream.testing import (
    to_dynamodb_records,
    to_kafka_records,
    to_kinesis_records,
    to_sqs_records,
)
from tests.checkpoints.rules import context, processor_of, reported

_SILENT = logging.getLogger("silent")
_SILENT.disabled = True

Done = Counter[tuple[str, str]]
"""How often a rule was done with an event, by their ids."""


class Store:
    """Forgets, fails to load and fails to save, each as often as it is told to."""

    def __init__(self, chance: random.Random, loss: float) -> None:
        self.memory = InMemoryCheckpointStore()
        self._chance = chance
        self._loss = loss

    def load_many(self, keys: Sequence[str]) -> Generator[Any, Any, Mapping[str, str]]:
        if self._chance.random() < self._loss:
            self.memory.forget()
        loaded: Mapping[str, str] = yield Call(self._maybe, self.memory.load_many, keys)
        return loaded

    def save_many(self, checkpoints: Sequence[Checkpoint]) -> Generator[Any, Any, None]:
        yield Call(self._maybe, self.memory.save_many, checkpoints)

    def _maybe(self, function: Callable[[Any], Any], argument: Any) -> Any:
        if self._chance.random() < self._loss:
            raise OSError("the store is away")
        return function(argument)


class Program:
    """Rules, records, and the deliveries of the records until all of them are acknowledged."""

    def __init__(self, seed: int, *, loss: float) -> None:
        self.chance = chance = random.Random(seed)
        self.store = Store(chance, loss)
        self.bus = Bus(self)
        self.done: Done = Counter()
        self.trouble = 0.4
        self.rules = [self._rule(f"r{n}") for n in range(chance.randint(1, 4))]
        self.policies = {rule["id"]: rule["on_fault"] for rule in self.rules}

    def _rule(self, rule_id: str) -> dict[str, Any]:
        chance, done, program = self.chance, self.done, self
        asks, sees_through, refuses = (chance.random() < 0.4 for _ in range(3))

        def work(uow: UnitOfWork) -> None:
            if chance.random() < program.trouble:
                raise ValueError("trouble")
            done.update((rule_id, one.event["id"]) for one in uow.get("batch", (uow,)))

        def asking(uow: UnitOfWork) -> Generator[Any, Any, None]:
            yield Call(int)
            work(uow)

        def refusing(uow: UnitOfWork) -> bool:
            if chance.random() < program.trouble / 3:
                raise ValueError("a filter in trouble")
            return True

        declared = flavor(prepare=_same if sees_through and chance.random() < 0.5 else None)
        function = declared(lambda uow, rule: (asking if asks else work)(uow))
        return {
            "id": rule_id,
            "flavor": function,
            "ordered": chance.random() < 0.5,
            "compact": chance.random() < 0.3,
            "on_fault": chance.choice([FaultPolicy.PUBLISH, FaultPolicy.REPORT]),
            "filters": [refusing] if refuses else [],
        }

    def deliver(self, event: Any, source: Source) -> Any:
        """Deliver once; return what is reported."""
        processor = processor_of(
            self.rules, self.store, connectors=[self.bus], bus_name="bus", source=source, logger=_SILENT, max_workers=1
        )
        response = processor.process_event(event, context)
        # Of compacted records each has the one fault event.
        published = {fault.event["id"]: fault for fault in processor.faults if fault.published and fault.event}
        for fault in published.values():
            if self.policies[fault.rule_id] is FaultPolicy.PUBLISH and fault.event is not None:
                unit = fault.event["uow"]
                self.done.update((fault.rule_id, one["event"]["id"]) for one in unit.get("batch", (unit,)))
        return reported(response)

    def check_acknowledged(self, event_ids: Sequence[str]) -> None:
        """Check that every rule is done with what does not come again."""
        missing = [(rule["id"], one) for rule in self.rules for one in event_ids if not self.done[rule["id"], one]]
        assert not missing


class Bus:
    """Takes fault events, but for some, which are not tried again."""

    requests = (PutEvent,)

    def __init__(self, program: Program) -> None:
        self._program = program

    def entries(self, request: PutEvent) -> Sequence[Entry]:
        return (Entry(Operation("bus", "PutEvents", max_attempts=1), request),)

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        program = self._program
        return [OSError("away") if program.chance.random() < program.trouble / 2 else {} for _ in entries]

    def answer(self, request: Any, responses: Sequence[Any]) -> Any:
        return responses[0]

    def close(self) -> None:
        pass


def _same(uow: UnitOfWork) -> UnitOfWork:
    return uow.extend(prepared=True)


# -- Queues ------------------------------------------------------------------------------------------------------------


class SeveralSource(SQSSource):
    """Messages of which some carry two events."""

    def read(self, record: Any) -> Any:
        event: Any = super().read(record)
        return [event, {**event, "id": f"{event['id']}+"}] if event.get("twice") else event


def _drain_queue(program: Program, *, fifo: bool, again: float) -> None:
    chance = program.chance
    waiting: list[dict[str, Any]] = [
        {"body": {"id": f"e{n}", "type": "t", "partition_key": f"k{n % 2}", "twice": n % 3 == 0}, "message_id": f"m{n}"}
        for n in range(chance.randint(1, 6))
    ]
    counts: Counter[str] = Counter()
    source = SeveralSource()
    for _ in _rounds(program):
        if not waiting:
            return
        batch = waiting[: chance.randint(1, len(waiting))]
        counts.update(message["message_id"] for message in batch)
        event = to_sqs_records([{**one, "receive_count": counts[one["message_id"]]} for one in batch], fifo=fifo)
        come_again = program.deliver(event, source)
        for message in batch:
            if message["message_id"] not in come_again:
                program.check_acknowledged(_event_ids(message["body"]))
                # Lambda may not have heard of it, and SQS sends it again.
                if chance.random() >= again:
                    waiting.remove(message)
    assert not waiting


def _event_ids(body: dict[str, Any]) -> list[str]:
    return [body["id"], f"{body['id']}+"] if body["twice"] else [body["id"]]


def _rounds(program: Program) -> Iterator[int]:
    """Yield until there has been enough trouble, and then until everything must have gone well."""
    for number in range(40):
        program.trouble = 0.4 if number < 8 else 0.0
        yield number


@pytest.mark.parametrize("fifo", [False, True])
@given(seed=st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_no_message_is_acknowledged_before_each_rule_was_done_whatever_the_store_forgets(fifo: bool, seed: int) -> None:
    _drain_queue(Program(seed, loss=0.3), fifo=fifo, again=0.2)


@pytest.mark.parametrize("fifo", [False, True])
@given(seed=st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_a_rule_is_done_once_with_each_message_while_the_store_remembers(fifo: bool, seed: int) -> None:
    program = Program(seed, loss=0.0)

    _drain_queue(program, fifo=fifo, again=0.0)

    assert set(program.done.values()) <= {1}


# -- Streams -----------------------------------------------------------------------------------------------------------


def _kinesis(numbers: Sequence[int]) -> Any:
    return to_kinesis_records([{"data": _body(n), "sequence_number": str(100 + n)} for n in numbers])


def _dynamodb(numbers: Sequence[int]) -> Any:
    changes = [{"new_image": {"pk": f"k{n % 2}", "sk": "s"}, "sequence_number": str(100 + n)} for n in numbers]
    event = to_dynamodb_records(changes)
    for record, n in zip(event["Records"], numbers, strict=True):
        record["eventID"] = f"e{n}"
    return event


def _kafka(numbers: Sequence[int]) -> Any:
    return to_kafka_records([{"value": _body(n), "partition": 0, "offset": n} for n in numbers])


def _body(n: int) -> dict[str, Any]:
    return {"id": f"e{n}", "type": "t", "partition_key": f"k{n % 2}"}


def _first(reported: Sequence[Any], numbers: Sequence[int]) -> int:
    """Return at which of the records Lambda goes on: behind the last, if none is reported."""
    positions = [one["offset"] if isinstance(one, dict) else int(one) - 100 for one in reported]
    return numbers.index(min(positions)) if positions else len(numbers)


STREAMS = [(_kinesis, KinesisSource), (_dynamodb, DynamoDBSource), (_kafka, KafkaSource)]


def _drain_stream(program: Program, make: Any, source: Source, *, disorder: float) -> None:
    chance = program.chance
    waiting = list(range(chance.randint(1, 8)))
    size = len(waiting)
    for _ in _rounds(program):
        if not waiting:
            return
        # A shard is read in batches, and one that failed may be bisected, or read anew from further back.
        batch = waiting[: chance.randint(1, size) if chance.random() < disorder else size]
        first = _first(program.deliver(make(batch), source), batch)
        program.check_acknowledged([f"e{n}" for n in batch[:first]])
        if chance.random() >= disorder / 2:
            del waiting[:first]
    assert not waiting


@pytest.mark.parametrize(("make", "source"), STREAMS)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_no_record_of_a_stream_is_passed_before_each_rule_was_done_with_it(make: Any, source: Any, seed: int) -> None:
    _drain_stream(Program(seed, loss=0.3), make, source(), disorder=0.4)


@pytest.mark.parametrize(("make", "source"), STREAMS)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_a_rule_is_done_once_with_each_record_of_a_stream_in_order(make: Any, source: Any, seed: int) -> None:
    program = Program(seed, loss=0.0)

    _drain_stream(program, make, source(), disorder=0.0)

    assert set(program.done.values()) <= {1}
