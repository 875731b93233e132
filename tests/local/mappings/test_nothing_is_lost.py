"""Random failing rules, batches, duplicates and kills: nothing is lost, and ordered rules see each key in order.

The functions are real: a `StreamProcessor` with rules. The sources are fakes whose clock the program moves, so that a
hundred programs with visibility timeouts and retries take seconds. Batches are taken and landed in random order, as if
several invocations were in flight.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from powertools_stream import FaultPolicy, RetryableError, StreamProcessor, UnitOfWork
from powertools_stream.flavors import TaskRule, task
from powertools_stream.local import (
    Destination,
    DynamoDBPoller,
    Invocation,
    KinesisPoller,
    SQSPoller,
)
from powertools_stream.testing import FakeConnector
from tests.local.mappings.fakes import Clock, FakeDynamoDBStream, FakeKinesis, FakeQueue
from tests.local.mappings.records import content_of

SOURCES = ("standard queue", "FIFO queue", "Kinesis", "DynamoDB")
PROGRAMS = 40
MAX_RECEIVE_COUNT = 5

# One rule is for every event, and keeps the order of keys; the other is for some of them, and does not.
ORDERED, UNORDERED = "ordered", "unordered"


@dataclass
class Program:
    """One random program: what is sent, how it is polled, and what fails; and what it saw."""

    source: str
    seed: int

    def __post_init__(self) -> None:
        self.random = Random(f"{self.source} {self.seed}")
        self.clock = Clock()
        self.policy = self.random.choice(list(FaultPolicy))
        self.names = [f"{self.random.choice('abc')}:{number}" for number in range(self.random.randint(1, 14))]
        self.failures = {
            (rule, name): self.random.choice([None] * 6 + ["poison", 1, 2])
            for rule in (ORDERED, UNORDERED)
            for name in self.names
        }
        self.done: dict[str, list[str]] = {ORDERED: [], UNORDERED: []}
        self.attempts: Counter[tuple[str, str]] = Counter()
        self.violations: list[str] = []
        self.bus = FakeConnector(bus_name="bus")
        self.letters = FakeQueue(self.clock, "letters")
        self.queue: FakeQueue | None = None
        self.mapping = self._mapping()

    # -- The function --------------------------------------------------------------------------------------------------

    def processor(self) -> StreamProcessor:
        rules = [
            TaskRule(
                id=rule, flavor=task, event_type=re.compile(".*"), ordered=rule == ORDERED, **self._functions(rule)
            )
            for rule in (ORDERED, UNORDERED)
        ]
        return StreamProcessor(
            rules=rules,
            connectors=[self.bus],
            bus_name="bus",
            on_fault=self.policy,
            raise_on_entire_batch_failure=self.random.random() < 0.5,
        )

    def _functions(self, rule: str) -> dict[str, Any]:
        def execute(uow: UnitOfWork) -> None:
            self.run(rule, name_of(uow.event))

        return {"execute": execute, "filters": [lambda uow: self.matches(rule, name_of(uow.event))]}

    def matches(self, rule: str, name: str) -> bool:
        return rule == ORDERED or int(name.partition(":")[2]) % 2 == 0

    def run(self, rule: str, name: str) -> None:
        self.attempts[rule, name] += 1
        failure = self.failures[rule, name]
        if failure == "poison":
            raise ValueError(f"{rule} cannot process {name}")
        if isinstance(failure, int) and self.attempts[rule, name] <= failure:
            raise RetryableError(f"{rule} cannot process {name} yet")
        if rule == ORDERED and name not in self.done[rule] and self.source != "standard queue":
            self._check_order(name)
        self.done[rule].append(name)

    def _check_order(self, name: str) -> None:
        key = name.partition(":")[0]
        for earlier in self.names[: self.names.index(name)]:
            if earlier.startswith(key) and not self.is_settled(ORDERED, earlier):
                self.violations.append(f"{name} was processed before {earlier}")

    # -- What became of records ----------------------------------------------------------------------------------------

    def is_settled(self, rule: str, name: str) -> bool:
        is_set_aside = self.policy is FaultPolicy.PUBLISH and (rule, name) in self.faults()
        return name in self.done[rule] or name in self.dead() or is_set_aside

    def faults(self) -> set[tuple[str, str]]:
        events = [event for event in self.bus.published if event["type"] == "fault"]
        return {(event["tags"]["pipeline"], name_in(event["uow"]["record"])) for event in events}

    def dead(self) -> set[str]:
        if self.queue is not None:
            return {json.loads(body)["name"] for body in self.queue.letters}
        return {name_in(record) for record in self.mapping.discarded}

    # -- The source ----------------------------------------------------------------------------------------------------

    def _mapping(self) -> Any:
        function = Function(self)
        batch_size = self.random.randint(1, 6)
        if "queue" in self.source:
            self.queue = self._queue()
            delay = self.random.choice([None, 0, 5])
            options = {"batch_size": batch_size, "retry_delay": delay, "clock": self.clock, "client": self.queue}
            return SQSPoller(function, "http://localhost/123456789012/queue", max_concurrency=3, **options)  # type: ignore[arg-type]
        return self._stream_mapping(function, batch_size)

    def _queue(self) -> FakeQueue:
        is_fifo = self.source == "FIFO queue"
        duplicates = None if is_fifo else self.random
        name = "queue.fifo" if is_fifo else "queue"
        queue = FakeQueue(self.clock, name, 30, MAX_RECEIVE_COUNT, duplicates)
        for sent in self.names:
            queue.send(event_of(sent), group=sent.partition(":")[0] if is_fifo else None)
        return queue

    def _stream_mapping(self, function: Function, batch_size: int) -> Any:
        stream = (FakeKinesis if self.source == "Kinesis" else FakeDynamoDBStream)(self.clock)
        split_at = self.random.choice([None, self.random.randrange(len(self.names))])
        for number, name in enumerate(self.names):
            if number == split_at:
                stream.split("shard-0", "shard-1")
            shard_id = "shard-0" if split_at is None or number < split_at else "shard-1"
            content = event_of(name) if isinstance(stream, FakeKinesis) else name
            stream.put(content, key=name.partition(":")[0], shard_id=shard_id)
        poller: Any = KinesisPoller if isinstance(stream, FakeKinesis) else DynamoDBPoller
        return poller(
            function,
            stream.arn,
            batch_size=batch_size,
            parallelization_factor=self.random.randint(1, 3),
            # What is reported every time would come for ever.
            max_retries=self.random.choice([2, 4] if self.policy is not FaultPolicy.PUBLISH else [-1, 4]),
            max_record_age=self.random.choice([-1, 600]),
            bisect=self.random.random() < 0.5,
            on_failure=Destination("arn:aws:sqs:eu-west-1:123456789012:letters", lambda service: self.letters),
            clock=self.clock,
            client=stream,
        )

    # -- Running -------------------------------------------------------------------------------------------------------

    def go(self) -> None:
        in_flight: list[tuple[Any, Invocation]] = []
        for _ in range(5000):
            self.clock.tick(self.random.choice([0, 0, 1, 10]))
            if in_flight and self.random.random() < 0.5:
                self.mapping._land(*in_flight.pop(self.random.randrange(len(in_flight))))
            elif (batch := self.mapping._next(at_once=self.random.random() < 0.5)) is not None:
                in_flight.append((batch, self.mapping.function.invoke(batch.event)))
            elif not in_flight and self._is_over():
                return
        raise AssertionError(f"{self} does not end")

    def _is_over(self) -> bool:
        if self.queue is not None:
            return not self.queue.bodies()
        is_read = all(shard.iterator is None or not shard.info.is_closed for shard in self.mapping._shards.values())
        everything = {*self.done[ORDERED], *self.dead(), *(name for _, name in self.faults())}
        return self.mapping.is_quiet() and is_read and everything == set(self.names)

    def counts(self) -> dict[str, int]:
        retried = sum(attempts > 1 for attempts in self.attempts.values())
        done = sum(map(len, self.done.values()))
        return {"done": done, "dead": len(self.dead()), "at fault": len(self.faults()), "retried": retried}

    def check(self) -> None:
        self.violations += [
            f"{name} is lost to {rule}"
            for rule, name in self.failures
            if self.matches(rule, name) and not self.is_settled(rule, name)
        ]
        if self.policy is not FaultPolicy.REPORT:
            self.violations += [
                f"{name} failed in {rule} without a fault event"
                for rule, name in self.attempts
                if self.failures[rule, name] == "poison" and (rule, name) not in self.faults()
            ]
        positions = [json.loads(body) for body in self.letters.bodies()]
        sizes = [next(v for k, v in each.items() if k.endswith("BatchInfo"))["batchSize"] for each in positions]
        if self.queue is None and sum(sizes) != len(self.mapping.discarded):
            self.violations.append("the destination was not told of everything that was discarded")
        assert not self.violations, (self, self.policy, self.failures, self.violations)


@dataclass
class Function:
    """The function: now and then it is killed before or after its work, or its response is none."""

    program: Program
    name: str = "function"
    timeout: float = 30.0
    batches: int = field(default=0)

    def __post_init__(self) -> None:
        self._processor: StreamProcessor | None = None

    def invoke(self, event: Mapping[str, Any]) -> Invocation:
        response, error = None, None
        fate = self.program.random.choice(["killed before", "killed after", "garbled", *[None] * 15])
        if fate != "killed before":
            try:
                response = json.loads(json.dumps(self._environment().process_event(json.loads(json.dumps(event)))))
            except Exception as raised:
                error = raised
        if fate is not None and fate.startswith("killed"):
            error = TimeoutError(fate)
        if fate == "garbled":
            response = {"batchItemFailures": [{"itemIdentifier": ""}]}
        return Invocation(self.name, str(uuid4()), event, response, error, 0.0)

    def _environment(self) -> StreamProcessor:
        """Return the processor of a warm environment, or, now and then, of a cold one."""
        if self._processor is None or self.program.random.random() < 0.2:
            self._processor = self.program.processor()
        return self._processor


def event_of(name: str) -> str:
    return json.dumps({"id": name, "type": "thing-made", "timestamp": 1, "partition_key": name[0], "name": name})


def name_of(event: Mapping[str, Any]) -> str:
    name: str = event["name"] if "name" in event else event["raw"]["new"]["value"]
    return name


def name_in(record: Mapping[str, Any]) -> str:
    content = content_of(dict(record))
    name: str = json.loads(content)["name"] if content.startswith("{") else content
    return name


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES)
def test_every_record_is_processed_by_every_rule_or_is_in_its_dead_letter_place(source: str) -> None:
    programs = [Program(source, seed) for seed in range(PROGRAMS)]

    for program in programs:
        program.go()
        program.check()

    # The programs do come to all of that.
    for kind in ("done", "dead", "at fault", "retried"):
        assert sum(program.counts()[kind] for program in programs) > PROGRAMS / 4, kind
