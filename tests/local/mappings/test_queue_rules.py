"""How queues are polled, rule by rule, against a queue whose clock the test moves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from powertools_stream.local import BatchOutcome, Invocation, MappingError, SQSPoller, drain
from tests.local.mappings.fakes import Clock, FakeQueue, Function
from tests.local.mappings.records import content_of, contents, fail_on, report

URL = "http://localhost/123456789012/queue"


@pytest.fixture
def clock() -> Clock:
    return Clock()


def a_poller(queue: FakeQueue, function: Function, **options: Any) -> SQSPoller:
    return SQSPoller(function, URL, client=queue, clock=queue.clock, **options)


def test_a_message_that_is_not_done_comes_again_when_its_visibility_timeout_ends(clock: Clock) -> None:
    queue, function = FakeQueue(clock, visibility=30), Function(report("b"))
    queue.send("a", "b")
    poller = a_poller(queue, function)

    poller.poll()
    too_early = poller.poll()
    clock.tick(30)
    poller.poll()

    assert too_early is None
    assert contents(function.batches) == [["a", "b"], ["b"]]
    assert queue.bodies() == ["b"]


def test_a_retry_may_come_sooner_where_a_test_cannot_wait(clock: Clock) -> None:
    queue, function = FakeQueue(clock, visibility=30), Function(report("a"))
    queue.send("a")
    poller = a_poller(queue, function, retry_delay=2)

    poller.poll()
    clock.tick(2)
    poller.poll()

    assert contents(function.batches) == [["a"], ["a"]]


def test_after_an_error_all_messages_of_the_batch_come_again(clock: Clock) -> None:
    queue, function = FakeQueue(clock), Function(fail_on("b"))
    queue.send("a", "b")
    poller = a_poller(queue, function)

    poller.poll()

    assert queue.bodies() == ["a", "b"]


def test_the_response_counts_only_if_the_mapping_says_so(clock: Clock) -> None:
    queue, function = FakeQueue(clock), Function(report("a"))
    queue.send("a", "b")

    a_poller(queue, function, reports_partially=False).poll()

    assert queue.bodies() == []


def test_the_queues_redrive_policy_moves_a_message_away(clock: Clock) -> None:
    queue, function = FakeQueue(clock, max_receive_count=2), Function(report("poison"))
    queue.send("poison", "fine")
    poller = a_poller(queue, function, retry_delay=0)

    list(drain(poller))

    assert queue.letters == ["poison"]
    assert poller.is_quiet()


def test_a_message_that_no_filter_matches_is_deleted_and_never_sent(clock: Clock) -> None:
    queue, function = FakeQueue(clock), Function()
    queue.send('{"kind": "order"}', '{"kind": "note"}')
    pattern = json.dumps({"body": {"kind": ["order"]}})
    poller = a_poller(queue, function, filters={"Filters": [{"Pattern": pattern}]})

    list(drain(poller))

    assert contents(function.batches) == [['{"kind": "order"}']]
    assert queue.bodies() == []
    assert poller.filtered == 1


def test_messages_wait_for_a_full_batch_until_their_window_ends(clock: Clock) -> None:
    queue, function = FakeQueue(clock), Function()
    poller = a_poller(queue, function, batch_size=3, batching_window=5)

    queue.send("a")
    early = poller._next(at_once=False)
    clock.tick(4)
    queue.send("b")
    still_early = poller._next(at_once=False)
    clock.tick(1)
    at_its_end = poller._next(at_once=False)
    queue.send("c", "d", "e")
    full = poller._next(at_once=False)

    assert early is still_early is None
    assert at_its_end is not None
    assert contents([at_its_end.records]) == [["a", "b"]]
    assert full is not None
    assert contents([full.records]) == [["c", "d", "e"]]


def test_polling_by_hand_does_not_wait_for_the_window(clock: Clock) -> None:
    queue, function = FakeQueue(clock), Function()
    queue.send("a")

    a_poller(queue, function, batch_size=3, batching_window=5).poll()

    assert contents(function.batches) == [["a"]]


def test_a_batch_holds_no_more_than_an_invocation_may(clock: Clock) -> None:
    queue, function = FakeQueue(clock), Function()
    large = "x" * 1_000_000
    queue.send(*(f"{number}{large}" for number in range(8)))

    list(drain(a_poller(queue, function)))

    assert [len(batch) for batch in function.batches] == [6, 2]
    assert all(len(json.dumps({"Records": batch})) < 6 * 1024 * 1024 for batch in function.batches)


def test_no_more_invocations_are_in_flight_than_the_maximum_concurrency(clock: Clock) -> None:
    queue, function = FakeQueue(clock), Function()
    queue.send(*map(str, range(5)))
    poller = a_poller(queue, function, batch_size=1, max_concurrency=2)

    first, second, third = (poller._next(at_once=False) for _ in range(3))

    assert first is not None
    assert second is not None
    assert third is None
    poller._land(first, function.invoke(first.event))
    assert poller._next(at_once=False) is not None


def test_one_invocation_has_messages_of_a_group_and_they_stay_in_order(clock: Clock) -> None:
    queue, function = FakeQueue(clock, "queue.fifo"), Function()
    queue.send("a1", "a2", "a3", group="a")
    queue.send("b1", group="b")
    poller = a_poller(queue, function, batch_size=2)

    first, second, third = (poller._next(at_once=False) for _ in range(3))

    assert first is not None
    assert second is not None
    assert contents([first.records, second.records]) == [["a1", "a2"], ["b1"]]
    assert third is None
    poller._land(first, function.invoke(first.event))
    after = poller._next(at_once=False)
    assert after is not None
    assert contents([after.records]) == [["a3"]]


def test_messages_of_a_group_in_flight_wait_even_if_the_queue_hands_them_out(clock: Clock) -> None:
    queue, function = FakeQueue(clock, "queue.fifo", visibility=10), Function()
    queue.send("a1", group="a")
    poller = a_poller(queue, function)
    first = poller._next(at_once=False)
    assert first is not None

    clock.tick(10)
    meanwhile = poller._next(at_once=False)
    poller._land(first, function.invoke(first.event))

    assert meanwhile is None


def test_a_failed_message_holds_back_later_ones_of_its_group(clock: Clock) -> None:
    queue, function = FakeQueue(clock, "queue.fifo", visibility=30), Function(report("a1", "a2"))
    queue.send("a1", "a2", group="a")
    queue.send("b1", group="b")
    poller = a_poller(queue, function)
    poller.poll()
    queue.send("a3", group="a")
    queue.send("b2", group="b")

    function.handler = lambda records: None
    poller.poll()
    clock.tick(30)
    poller.poll()

    assert contents(function.batches) == [["a1", "a2", "b1"], ["b2"], ["a1", "a2", "a3"]]


@pytest.mark.parametrize(("name", "limit"), [("queue", 10_000), ("queue.fifo", 10)])
def test_batches_are_no_larger_than_the_kind_of_queue_allows(clock: Clock, name: str, limit: int) -> None:
    queue = FakeQueue(clock, name)

    a_poller(queue, Function(), batch_size=limit)
    with pytest.raises(MappingError, match=f"between 1 and {limit} for arn:aws:sqs:eu-west-1:123456789012:{name}"):
        a_poller(queue, Function(), batch_size=limit + 1)


def test_a_fifo_queue_has_no_batching_window(clock: Clock) -> None:
    with pytest.raises(MappingError, match="FIFO queues do not support it"):
        a_poller(FakeQueue(clock, "queue.fifo"), Function(), batching_window=1)


def test_a_queue_is_quiet_once_nothing_is_visible_received_or_delayed(clock: Clock) -> None:
    queue, function = FakeQueue(clock), Function(report("a"))
    poller = a_poller(queue, function)
    assert poller.is_quiet()

    queue.send("a", delay=5)
    assert poller.pending() == 1

    clock.tick(5)
    poller.poll()
    assert not poller.is_quiet()

    function.handler = lambda records: None
    clock.tick(30)
    poller.poll()
    assert poller.is_quiet()


def test_an_observer_is_told_what_became_of_each_batch(clock: Clock) -> None:
    queue, function = FakeQueue(clock), Function(report("b"))
    told: list[BatchOutcome] = []
    queue.send("a", "b", "c")
    poller = a_poller(queue, function, observer=told.append)

    invocation = poller.poll()

    (outcome,) = told
    assert isinstance(outcome.invocation, Invocation)
    assert outcome.invocation is invocation
    assert (outcome.source_arn, outcome.function_name) == (poller.source_arn, "function")
    assert (outcome.done, outcome.retried, outcome.discarded) == (2, 1, 0)
    assert [content_of(record) for record in outcome.invocation.event["Records"]] == ["a", "b", "c"]
