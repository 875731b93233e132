"""How streams are polled, rule by rule, against streams whose clock the test moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from powertools_stream.local import (
    BatchOutcome,
    DynamoDBPoller,
    KinesisPoller,
    MappingError,
    StreamPoller,
    drain,
)
from tests.local.mappings.fakes import Clock, FakeDynamoDBStream, FakeKinesis, Function
from tests.local.mappings.records import content_of, contents, fail_on, identifier_of, report

Stream = FakeKinesis | FakeDynamoDBStream


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=[FakeKinesis, FakeDynamoDBStream])
def stream(request: pytest.FixtureRequest, clock: Clock) -> Stream:
    made: Stream = request.param(clock)
    return made


def a_poller(stream: Stream, function: Function, **options: Any) -> StreamPoller:
    poller: type[StreamPoller] = KinesisPoller if isinstance(stream, FakeKinesis) else DynamoDBPoller
    return poller(function, stream.arn, client=stream, clock=stream.clock, **options)


def test_the_lowest_reported_sequence_number_is_the_checkpoint(stream: Stream) -> None:
    function = Function()
    stream.put("a", "b", "c", "d", "e", "f")  # with sequence numbers from 5 to 10
    poller = a_poller(stream, function)

    function.handler = report("f", "e")
    poller.poll()
    function.handler = lambda records: None
    poller.poll()

    assert [identifier_of(record) for record in function.batches[0]] == ["5", "6", "7", "8", "9", "10"]
    assert contents(function.batches)[1] == ["e", "f"]


def test_nothing_new_is_sent_before_what_was_reported(stream: Stream) -> None:
    function = Function(report("b"))
    stream.put("a", "b", "c")
    poller = a_poller(stream, function, batch_size=2)

    for _ in range(3):
        poller.poll()

    assert contents(function.batches) == [["a", "b"], ["b"], ["b"]]
    assert poller.pending() == 1


@pytest.mark.parametrize("handler", [fail_on("b"), lambda records: {"batchItemFailures": [{"itemIdentifier": ""}]}])
def test_after_an_error_the_whole_batch_comes_again(stream: Stream, handler: Callable[[Any], Any]) -> None:
    function = Function(handler)
    stream.put("a", "b")
    poller = a_poller(stream, function)

    poller.poll()
    poller.poll()

    assert contents(function.batches) == [["a", "b"], ["a", "b"]]


def test_the_response_counts_only_if_the_mapping_says_so(stream: Stream) -> None:
    function = Function(report("a"))
    stream.put("a", "b")

    list(drain(a_poller(stream, function, reports_partially=False)))

    assert contents(function.batches) == [["a", "b"]]


def test_a_batch_is_given_up_on_after_its_retries(stream: Stream) -> None:
    function = Function(report("a"))
    stream.put("a", "b", "c")
    poller = a_poller(stream, function, batch_size=2, max_retries=2)

    list(drain(poller))

    assert contents(function.batches) == [["a", "b"]] * 3 + [["c"]]
    assert [content_of(record) for record in poller.discarded] == ["a", "b"]


def test_without_retries_a_batch_is_sent_once(stream: Stream) -> None:
    function = Function(fail_on("a"))
    stream.put("a")

    list(drain(a_poller(stream, function, max_retries=0)))

    assert contents(function.batches) == [["a"]]


def test_a_failed_batch_is_split_until_the_bad_record_is_alone(stream: Stream) -> None:
    function = Function(fail_on("c"))
    stream.put("a", "b", "c", "d", "e")
    poller = a_poller(stream, function, bisect=True, max_retries=1)

    list(drain(poller))

    assert contents(function.batches) == [
        ["a", "b", "c", "d", "e"],
        ["a", "b", "c"],
        ["a", "b"],
        ["c"],
        ["c"],  # Splitting consumes no retry.
        ["d", "e"],
    ]
    assert [content_of(record) for record in poller.discarded] == ["c"]


def test_a_partial_response_splits_at_what_it_reports(stream: Stream) -> None:
    function = Function(report("c"))
    stream.put("a", "b", "c", "d")
    poller = a_poller(stream, function, bisect=True)

    poller.poll()
    poller.poll()

    assert contents(function.batches) == [["a", "b", "c", "d"], ["c", "d"]]


def test_records_that_are_too_old_are_not_sent(stream: Stream) -> None:
    function = Function()
    told: list[BatchOutcome] = []
    stream.put("old", "older")
    stream.clock.tick(100)
    stream.put("young")
    stream.clock.tick(30)
    poller = a_poller(stream, function, max_record_age=60, observer=told.append)

    list(drain(poller))

    assert contents(function.batches) == [["young"]]
    assert [content_of(record) for record in poller.discarded] == ["old", "older"]
    assert [(outcome.discarded, outcome.done) for outcome in told] == [(2, 0), (0, 1)]
    assert told[0].invocation is None


def test_records_that_become_too_old_between_retries_are_given_up_on(stream: Stream) -> None:
    function = Function(fail_on("a"))
    stream.put("a")
    poller = a_poller(stream, function, max_record_age=60)

    poller.poll()
    stream.clock.tick(61)
    none = poller.poll()

    assert none is None
    assert contents(function.batches) == [["a"]]
    assert [content_of(record) for record in poller.discarded] == ["a"]


def test_retries_wait_a_little_longer_each_time(stream: Stream) -> None:
    function = Function(fail_on("a"))
    stream.put("a")
    poller = a_poller(stream, function)
    waits = []

    for _ in range(8):
        started = stream.clock.now
        while (batch := poller._next(at_once=False)) is None:
            stream.clock.tick(1 / 64)
        poller._land(batch, function.invoke(batch.event))
        waits.append(stream.clock.now - started)

    assert waits == pytest.approx([0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0], abs=1 / 32)


def test_records_wait_for_a_full_batch_until_their_window_ends(stream: Stream) -> None:
    function = Function()
    poller = a_poller(stream, function, batch_size=3, batching_window=5)

    stream.put("a")
    early = poller._next(at_once=False)
    stream.clock.tick(5)
    at_its_end = poller._next(at_once=False)

    assert early is None
    assert at_its_end is not None
    assert contents([at_its_end.records]) == [["a"]]


def test_one_batch_of_a_shard_is_in_flight_and_another_shard_does_not_wait(stream: Stream) -> None:
    function = Function()
    stream.split("shard-0", "shard-1", "shard-2")
    stream.put("a1", "a2", shard_id="shard-1")
    stream.put("b1", shard_id="shard-2")
    poller = a_poller(stream, function, batch_size=1)

    first, second, third = (poller._next(at_once=False) for _ in range(3))

    assert first is not None
    assert second is not None
    assert sorted(contents([first.records, second.records])) == [["a1"], ["b1"]]
    assert third is None


def test_with_a_parallelization_factor_the_records_of_a_key_stay_in_order(stream: Stream) -> None:
    function = Function()
    keys = [f"key-{number}" for number in range(6)]
    for number in range(4):
        for key in keys:
            stream.put(f"{key}:{number}", key=key)
    poller = a_poller(stream, function, batch_size=2, parallelization_factor=3)
    in_flight: list[Any] = []
    most = 0

    while True:
        while (batch := poller._next(at_once=True)) is not None:
            in_flight.append(batch)
        most = max(most, len(in_flight))
        together = [{content_of(record).partition(":")[0] for record in batch.records} for batch in in_flight]
        assert sum(map(len, together)) == len(set().union(*together))
        if not in_flight:
            break
        last = in_flight.pop()
        poller._land(last, function.invoke(last.event))

    sent = [content_of(record) for batch in function.batches for record in batch]
    assert most == 3
    assert {key: [each for each in sent if each.startswith(f"{key}:")] for key in keys} == {
        key: [f"{key}:{number}" for number in range(4)] for key in keys
    }


def test_a_key_that_fails_does_not_hold_up_the_keys_of_other_lanes(stream: Stream) -> None:
    function = Function(fail_on("key-0"))
    keys = [f"key-{number}" for number in range(20)]
    stream.put(*keys)
    poller = a_poller(stream, function, batch_size=1, parallelization_factor=10)

    for _ in range(60):
        poller.poll()

    sent = {content_of(record) for batch in function.batches for record in batch}
    assert len(sent) > 10
    assert sent | {content_of(each.record) for lane in poller._lanes for each in lane.waiting._records} == set(keys)
    assert [len(lane.again) for lane in poller._lanes if lane.held()] == [1]


def test_records_that_no_filter_matches_are_skipped(stream: Stream) -> None:
    function = Function()
    stream.put('{"kind": "note"}', '{"kind": "order"}', '{"kind": "note"}', '{"kind": "order", "n": 2}')
    pattern = (
        '{"data": {"kind": ["order"]}}'
        if isinstance(stream, FakeKinesis)
        else '{"dynamodb": {"NewImage": {"value": {"S": [{"prefix": "{\\"kind\\": \\"order\\""}]}}}}'
    )
    poller = a_poller(stream, function, filters={"Filters": [{"Pattern": pattern}]})

    list(drain(poller))

    assert contents(function.batches) == [['{"kind": "order"}', '{"kind": "order", "n": 2}']]
    assert (poller.pending(), poller.filtered) == (0, 2)


def test_reading_begins_where_the_mapping_says(stream: Stream) -> None:
    stream.put("old")
    oldest, newest = Function(), Function()
    pollers = [a_poller(stream, oldest), a_poller(stream, newest, starting_position="LATEST")]
    stream.put("new")

    list(drain(*pollers))

    assert contents(oldest.batches) == [["old", "new"]]
    assert contents(newest.batches) == [["new"]]


def test_a_kinesis_stream_may_be_read_from_a_time_on(clock: Clock) -> None:
    stream = FakeKinesis(clock)

    a_poller(stream, Function(), starting_position="AT_TIMESTAMP", starting_timestamp=clock.now)

    (start,) = stream.starts
    assert start["ShardIteratorType"] == "AT_TIMESTAMP"
    assert start["Timestamp"].timestamp() == clock.now


def test_a_dynamodb_stream_may_not(clock: Clock) -> None:
    with pytest.raises(MappingError, match="found AT_TIMESTAMP"):
        a_poller(FakeDynamoDBStream(clock), Function(), starting_position="AT_TIMESTAMP", starting_timestamp=clock.now)


@pytest.mark.parametrize("goes_on", [False, True])
def test_a_child_shard_is_read_once_its_parent_is_done(stream: Stream, goes_on: bool) -> None:
    function = Function(report("a1"))
    stream.goes_on = goes_on
    stream.put("a1", key="a")
    poller = a_poller(stream, function)
    poller.poll()
    stream.split("shard-0", "shard-1", "shard-2")
    stream.put("a2", key="a", shard_id="shard-1")
    stream.clock.tick(1)

    poller.poll()
    function.handler = lambda records: None
    list(drain(poller))
    stream.clock.tick(1)
    list(drain(poller))

    assert contents(function.batches) == [["a1"], ["a1"], ["a1"], ["a2"]]


def test_a_stream_may_have_more_shards_than_are_listed_at_once(stream: Stream) -> None:
    function = Function()
    names = [f"shard-{number}" for number in range(1, 7)]
    stream.split("shard-0", *names)
    for name in names:
        stream.put(name, shard_id=name)

    list(drain(a_poller(stream, function)))

    assert sorted(content for batch in contents(function.batches) for content in batch) == names


def test_shards_that_come_later_are_read_from_their_beginning(stream: Stream) -> None:
    function = Function()
    stream.put("old")
    poller = a_poller(stream, function, starting_position="LATEST")
    stream.split("shard-0", "shard-1")
    stream.put("new", shard_id="shard-1")
    stream.clock.tick(1)

    list(drain(poller))

    assert contents(function.batches) == [["new"]]


def test_reading_goes_on_where_it_was_after_an_iterator_has_expired(stream: Stream) -> None:
    function = Function()
    stream.put("a", "b")
    poller = a_poller(stream, function, starting_position="TRIM_HORIZON")
    poller.poll()
    stream.put("c")
    stream.failures = ["ExpiredIteratorException"]

    list(drain(poller))

    assert contents(function.batches) == [["a", "b"], ["c"]]


def test_a_shard_that_is_gone_is_read_to_its_end(stream: Stream) -> None:
    function = Function()
    stream.split("shard-0", "shard-1")
    stream.put("a", shard_id="shard-1")
    stream.failures = ["ResourceNotFoundException"]

    list(drain(a_poller(stream, function)))

    assert contents(function.batches) == [["a"]]


def test_any_other_error_of_the_stream_is_raised(stream: Stream) -> None:
    stream.failures = ["AccessDeniedException"]

    with pytest.raises(ClientError, match="AccessDeniedException"):
        a_poller(stream, Function()).poll()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "a batch size between 1 and 10000"),
        ({"batch_size": 10_001}, "a batch size between 1 and 10000"),
        ({"parallelization_factor": 11}, "a parallelization factor between 1 and 10 for a stream, found 11"),
    ],
)
def test_limits_are_lambdas(stream: Stream, options: dict[str, Any], message: str) -> None:
    with pytest.raises(MappingError, match=message):
        a_poller(stream, Function(), **options)
