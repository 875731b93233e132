"""Mappings that run on threads, with several invocations in flight."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Condition, Event, Thread
from typing import Any

import pytest

from powertools_stream.local import EventSourceMapping, KinesisPoller, LambdaFunction, SQSPoller, wait_until_quiet
from tests.local.mappings.fakes import Clock, FakeKinesis, FakeQueue, Function
from tests.local.mappings.records import content_of, contents

URL = "http://localhost/123456789012/queue"


class Busy(Function):
    """A function whose invocations wait for each other until so many are in flight; it notes keys that meet."""

    def __init__(self, expected: int) -> None:
        super().__init__()
        self.most = 0
        self.clashes: list[str] = []
        self._expected = expected
        self._in_flight: list[set[str]] = []
        self._changed = Condition()

    def invoke(self, event: Any) -> Any:
        keys = {content_of(record).partition(":")[0] for record in event["Records"]}
        with self._changed:
            self.clashes += [key for others in self._in_flight for key in others & keys]
            self._in_flight.append(keys)
            self.most = max(self.most, len(self._in_flight))
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.most >= self._expected, timeout=5)
        time.sleep(0.005)  # so that one too many would be noticed
        with self._changed:
            self._in_flight.remove(keys)
            return super().invoke(event)


@contextmanager
def running(*mappings: EventSourceMapping[Any]) -> Iterator[None]:
    stop = Event()
    threads = [Thread(target=mapping.run, args=(stop,)) for mapping in mappings]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(10)


def sent(batches: Sequence[Sequence[Any]]) -> list[str]:
    return [content for batch in contents(batches) for content in batch]


def test_a_queue_has_several_invocations_in_flight() -> None:
    queue, function = FakeQueue(Clock()), Busy(4)
    queue.send(*map(str, range(40)))
    poller = SQSPoller(function, URL, batch_size=2, max_concurrency=4, client=queue)

    with running(poller):
        assert wait_until_quiet([poller], timeout=10)

    assert sorted(sent(function.batches), key=int) == list(map(str, range(40)))
    assert function.most == 4
    assert poller.invocations == 20


def test_a_fifo_queue_has_one_for_each_group() -> None:
    queue, function = FakeQueue(Clock(), "queue.fifo"), Busy(3)
    for number in range(4):
        for group in "abc":
            queue.send(f"{group}:{number}", group=group)
    poller = SQSPoller(function, URL, batch_size=1, client=queue)

    with running(poller):
        assert wait_until_quiet([poller], timeout=10)

    assert function.most == 3
    assert function.clashes == []
    assert [each for each in sent(function.batches) if each[0] == "a"] == ["a:0", "a:1", "a:2", "a:3"]


@pytest.mark.parametrize(("factor", "most"), [(1, 1), (4, 4)])
def test_a_shard_has_as_many_as_the_parallelization_factor(factor: int, most: int) -> None:
    stream, function = FakeKinesis(Clock()), Busy(most)
    for number in range(3):
        for key in map(str, range(20)):
            stream.put(f"{key}:{number}", key=key)
    poller = KinesisPoller(function, stream.arn, batch_size=5, parallelization_factor=factor, client=stream)

    with running(poller):
        assert wait_until_quiet([poller], timeout=10)

    assert function.most == most
    assert function.clashes == []
    assert [each for each in sent(function.batches) if each.startswith("7:")] == ["7:0", "7:1", "7:2"]


def test_what_one_function_sends_to_another_is_waited_for() -> None:
    clock = Clock()
    first, second = FakeQueue(clock), FakeQueue(clock)
    counted = Function()

    def forward(records: Sequence[Any]) -> None:
        time.sleep(0.05)
        second.send(*map(content_of, records))

    first.send("a", "b")
    pollers = [SQSPoller(counted, URL, client=second), SQSPoller(Function(forward), URL, batch_size=1, client=first)]

    with running(*pollers):
        assert wait_until_quiet(pollers, timeout=10)

    assert sorted(sent(counted.batches)) == ["a", "b"]


class Told:
    """A mapping that is looked at whenever someone asks, and whose function runs once, after so many looks."""

    error = None

    def __init__(self, runs_after: int | None = None, *, is_looked_at: bool = True) -> None:
        self.asked = 0
        self._runs_after = runs_after
        self._is_looked_at = is_looked_at

    @property
    def looks(self) -> int:
        self.asked += 1
        return self.asked if self._is_looked_at else 0

    @property
    def invocations(self) -> int:
        return int(self._runs_after is not None and self.asked > self._runs_after)

    def is_quiet(self) -> bool:
        return True


def test_a_source_that_nobody_has_looked_at_is_not_quiet() -> None:
    assert not wait_until_quiet([Told(is_looked_at=False)], timeout=0.1)  # type: ignore[list-item]


def test_after_each_invocation_every_source_is_looked_at_again() -> None:
    other, runs = Told(), Told(runs_after=2)

    assert wait_until_quiet([other, runs], timeout=5)  # type: ignore[list-item]

    # Twice before the invocation was noticed, and twice after.
    assert other.asked >= 2 * 3


def test_a_look_while_something_is_in_flight_says_nothing() -> None:
    queue, function = FakeQueue(Clock()), Function()
    queue.send("a")
    poller = SQSPoller(function, URL, client=queue)

    batch = poller._next(at_once=True)
    assert poller._next(at_once=True) is None
    before = poller.looks
    assert batch is not None
    poller._land(batch, function.invoke(batch.event))
    poller._next(at_once=True)

    assert (before, poller.looks) == (0, 1)


def test_a_message_that_waits_for_its_visibility_timeout_is_not_quiet() -> None:
    queue = FakeQueue(Clock())
    queue.send("a")
    poller = SQSPoller(Function(lambda records: "bad"), URL, client=queue)

    with running(poller):
        assert not wait_until_quiet([poller], timeout=0.5)


def test_an_idle_source_is_asked_a_few_times_a_second() -> None:
    queue = FakeQueue(Clock())

    with running(SQSPoller(Function(), URL, client=queue)):
        time.sleep(0.5)

    assert 1 <= queue.receives <= 8


def test_invocations_in_flight_end_before_a_mapping_stops() -> None:
    queue, begun, stop = FakeQueue(Clock()), Event(), Event()

    def handler(records: Sequence[Any]) -> None:
        begun.set()
        time.sleep(0.1)

    queue.send("a")
    thread = Thread(target=SQSPoller(Function(handler), URL, client=queue).run, args=(stop,))
    thread.start()
    begun.wait(5)

    stop.set()
    thread.join(5)

    assert queue.bodies() == []


def test_what_goes_wrong_with_the_source_ends_the_run() -> None:
    class Gone(FakeQueue):
        def receive_message(self, MaxNumberOfMessages: int, **options: Any) -> Any:  # noqa: N803
            raise ConnectionError("no queue")

    poller = SQSPoller(Function(), URL, client=Gone(Clock()))

    with pytest.raises(ConnectionError, match="no queue"):
        poller.run(Event())
    with pytest.raises(ConnectionError, match="no queue"):
        wait_until_quiet([poller], timeout=10)


def test_functions_in_this_process_run_one_at_a_time() -> None:
    queue, most, now = FakeQueue(Clock()), 0, 0
    queue.send(*map(str, range(10)))

    def handler(event: Any, context: Any) -> None:
        nonlocal most, now
        now += 1
        most = max(most, now)
        time.sleep(0.01)
        now -= 1

    poller = SQSPoller(LambdaFunction(handler, name="f"), URL, batch_size=1, client=queue)
    with running(poller):
        assert wait_until_quiet([poller], timeout=10)

    assert (most, poller.invocations) == (1, 10)
