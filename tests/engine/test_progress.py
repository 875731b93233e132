"""With checkpoints, a later delivery runs only the rules that are not done, and whatever is in doubt runs again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from typing import Any

import pytest

from powertools_stream import FaultPolicy, UnitOfWork
from powertools_stream.checkpoints import Checkpoint, InMemoryCheckpointStore
from powertools_stream.requests import Call
from powertools_stream.sources import KafkaSource, SQSSource
from powertools_stream.testing import (
    FakeConnector,
    run,
    to_cognito_event,
    to_eventbridge_event,
    to_firehose_records,
    to_kafka_records,
    to_kinesis_records,
    to_pipe_records,
    to_s3_records,
    to_sns_records,
    to_sqs_records,
)
from tests.checkpoints.rules import FUNCTION, Ran, context, processor_of, reported, rule


def _message(n: int, *, receive_count: int = 1, message_id: str | None = None) -> dict[str, Any]:
    body = {"id": f"e{n}", "type": "t", "partition_key": "k"}
    return {"body": body, "message_id": message_id or f"m{n}", "receive_count": receive_count}


def _messages(numbers: Iterable[int], *, receive_count: int = 1, fifo: bool = False) -> dict[str, Any]:
    return to_sqs_records([_message(n, receive_count=receive_count) for n in numbers], fifo=fifo)


def _stream(numbers: Iterable[int], stream: str = "orders") -> dict[str, Any]:
    records = [{"data": {"id": f"e{n}", "type": "t"}, "sequence_number": str(100 + n)} for n in numbers]
    return to_kinesis_records(records, stream=stream)


def _two(ran: Ran, bad: set[str], **fields: Any) -> list[dict[str, Any]]:
    """Return two rules of which the second one fails on some events."""
    return [rule(ran, "a"), rule(ran, "b", lambda event_id: event_id in bad, **fields)]


class _Context:
    def __init__(self, invoked_function_arn: str) -> None:
        self.invoked_function_arn = invoked_function_arn


# -- Queues ------------------------------------------------------------------------------------------------------------


def test_a_first_delivery_asks_for_nothing_and_a_later_one_for_its_own_messages() -> None:
    ran, bad, store = Ran(), {"e1"}, InMemoryCheckpointStore()
    processor = processor_of(_two(ran, bad), store)

    processor.process_event(_messages([0, 1, 2]), context)
    asked_at_first = list(store.loaded)
    mixed = to_sqs_records([_message(1, receive_count=2), _message(3)])
    processor.process_event(mixed, context)

    assert asked_at_first == []
    assert len(store.loaded) == len(store.saved) == 1
    assert (ran["a", "e1"], ran["a", "e3"]) == (1, 1)


def test_a_message_that_fails_as_before_is_not_saved_again() -> None:
    ran, store = Ran(), InMemoryCheckpointStore()
    processor = processor_of(_two(ran, {"e0"}), store)

    for receive_count in (1, 2, 3):
        processor.process_event(_messages([0], receive_count=receive_count), context)

    assert len(store.saved) == 1
    assert ran == {("a", "e0"): 1}


def test_what_is_done_adds_up_over_deliveries() -> None:
    ran, bad, store = Ran(), {"b", "c"}, InMemoryCheckpointStore()
    rules = [rule(ran, name, lambda _, name=name: name in bad) for name in "abc"]  # type: ignore[misc]
    processor = processor_of(rules, store)

    for receive_count in (1, 2, 3):
        processor.process_event(_messages([0], receive_count=receive_count), context)
        bad.discard("cb"[receive_count - 1] if receive_count < 3 else "")

    assert ran == {("a", "e0"): 1, ("b", "e0"): 1, ("c", "e0"): 1}


@pytest.mark.parametrize("keep_results", [True, False])
@pytest.mark.parametrize("fifo", [True, False])
def test_rules_before_and_behind_the_one_that_failed_are_done(keep_results: bool, fifo: bool) -> None:
    ran, bad, store = Ran(), {"e1"}, InMemoryCheckpointStore()
    rules = [rule(ran, "a"), rule(ran, "b", lambda event_id: event_id in bad), rule(ran, "c")]
    processor = processor_of(rules, store, keep_results=keep_results)

    first = processor.process_event(_messages(range(3), fifo=fifo), context)
    bad.clear()
    processor.process_event(_messages([1, 2] if fifo else [1], receive_count=2, fifo=fifo), context)

    assert reported(first) == (["m1", "m2"] if fifo else ["m1"])
    assert ran == {(rule_id, f"e{n}"): 1 for rule_id in "abc" for n in range(3)}


def test_a_rule_that_is_new_runs_on_what_was_done_without_it() -> None:
    ran, bad, store = Ran(), {"e0"}, InMemoryCheckpointStore()

    processor_of(_two(ran, bad), store).process_event(_messages([0]), context)
    processor_of([*_two(ran, set()), rule(ran, "new")], store).process_event(_messages([0], receive_count=2), context)

    assert ran == {("a", "e0"): 1, ("b", "e0"): 1, ("new", "e0"): 1}


def test_a_redrive_with_a_new_id_runs_again() -> None:
    ran, bad, store = Ran(), {"e0"}, InMemoryCheckpointStore()
    processor = processor_of(_two(ran, bad), store)

    processor.process_event(_messages([0]), context)
    redriven = to_sqs_records([_message(0, message_id="redriven", receive_count=2)])
    processor.process_event(redriven, context)

    assert ran["a", "e0"] == 2


def test_by_event_a_redrive_runs_only_what_was_not_done() -> None:
    ran, bad, store = Ran(), {"e0"}, InMemoryCheckpointStore()
    processor = processor_of(_two(ran, bad), store, checkpoint_key="event")

    processor.process_event(_messages([0, 1]), context)
    bad.clear()
    response = processor.process_event(to_sqs_records([_message(0, message_id="redriven")]), context)

    assert reported(response) == []
    assert set(ran.values()) == {1}


def test_by_event_a_true_duplicate_is_taken_for_the_same() -> None:
    ran, bad, store = Ran(), {"e0"}, InMemoryCheckpointStore()
    processor = processor_of(_two(ran, bad), store, checkpoint_key="event")

    processor.process_event(_messages([0]), context)
    processor.process_event(to_sqs_records([_message(0, message_id="another")]), context)

    assert ran["a", "e0"] == 1


def test_by_event_events_without_an_id_are_not_taken_for_each_other() -> None:
    class Nameless(SQSSource):
        def read(self, record: Any) -> Any:
            event: Any = super().read(record)
            return {**event, "id": None, "n": event["id"]}

    seen: list[str] = []

    def notes(uow: UnitOfWork, rule: Any) -> None:
        seen.append(uow.event["n"])

    rules = [{"id": "a", "flavor": notes}, rule(Ran(), "b", lambda event_id: True)]
    processor = processor_of(rules, InMemoryCheckpointStore(), source=Nameless(), checkpoint_key="event")

    processor.process_event(_messages([0]), context)
    processor.process_event(_messages([1]), context)

    assert seen == ["e0", "e1"]


def test_by_event_a_message_that_cannot_be_read_is_known_by_its_own_id() -> None:
    ran, store = Ran(), InMemoryCheckpointStore()
    processor = processor_of(_two(ran, {"e0"}), store, checkpoint_key="event")

    response = processor.process_event(to_sqs_records([{"body": "%", "message_id": "m9"}, _message(0)]), context)

    assert reported(response) == ["m9", "m0"]
    assert len(store.loaded) == 2


def test_what_is_reported_behind_another_of_its_group_though_done_does_not_run_again() -> None:
    ran, bad, store = Ran(), {"e0"}, InMemoryCheckpointStore()
    rules = [rule(ran, "a", event_type="t"), rule(ran, "b", lambda event_id: event_id in bad, ordered=False)]
    processor = processor_of(rules, store)

    first = processor.process_event(_messages([0, 1], fifo=True), context)
    bad.clear()
    second = processor.process_event(_messages([0, 1], receive_count=2, fifo=True), context)

    assert (reported(first), reported(second)) == (["m0", "m1"], [])
    assert set(ran.values()) == {1}


def test_messages_that_a_pipe_delivers_have_checkpoints_as_those_of_lambda() -> None:
    ran, bad, store = Ran(), {"e0"}, InMemoryCheckpointStore()
    processor = processor_of(_two(ran, bad), store)

    for receive_count in (1, 2):
        processor.process_event(to_pipe_records(_messages([0, 1], receive_count=receive_count)), context)
        bad.clear()

    assert ran["a", "e0"] == 1


# -- Streams -----------------------------------------------------------------------------------------------------------


def test_a_stream_goes_on_from_the_first_reported_record() -> None:
    ran, bad, store = Ran(), {"e1"}, InMemoryCheckpointStore()
    processor = processor_of(_two(ran, bad), store)

    processor.process_event(_stream(range(5)), context)
    bad.clear()
    processor.process_event(_stream(range(1, 7)), context)

    assert len(store.saved) == 1
    assert len(store.loaded) == 2, "a record does not say whether it comes again"
    assert len(ran) == 14
    assert set(ran.values()) == {1}


def test_after_a_bisect_the_second_half_runs_again() -> None:
    ran, bad, store = Ran(), {"e0"}, InMemoryCheckpointStore()
    processor = processor_of(_two(ran, bad), store)

    processor.process_event(_stream(range(4)), context)
    bad.clear()
    for half in (range(2), range(2, 4)):
        processor.process_event(_stream(half), context)

    assert [ran["a", f"e{n}"] for n in range(4)] == [1, 1, 2, 2]


def test_streams_functions_and_aliases_do_not_share_checkpoints() -> None:
    ran, bad, store = Ran(), {"e0"}, InMemoryCheckpointStore()
    processor = processor_of(_two(ran, bad), store)

    processor.process_event(_stream([0]), _Context(FUNCTION))
    processor.process_event(_stream([0], stream="others"), _Context(FUNCTION))
    processor.process_event(_stream([0]), _Context(f"{FUNCTION}:blue"))
    processor.process_event(_stream([0]), _Context(FUNCTION.replace("orders", "invoices")))
    processor.process_event(_stream([0]))

    assert ran["a", "e0"] == 5
    assert len(set(store.saved)) == 5


def test_without_a_context_the_name_of_the_function_is_that_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "orders")
    store = InMemoryCheckpointStore()

    processor_of(_two(Ran(), {"e0"}), store).process_event(_stream([0]))

    assert [key.partition("#")[0] for key in store.saved] == ["orders.checkpoint"]


def test_each_partition_of_a_topic_has_its_own_checkpoint() -> None:
    ran, bad, store = Ran(), {"e1", "e4"}, InMemoryCheckpointStore()
    processor = processor_of(_two(ran, bad), store)

    def deliver(offsets: Mapping[int, Iterable[int]]) -> Any:
        records = [
            {"value": {"id": f"e{n}", "type": "t"}, "partition": partition, "offset": n}
            for partition, numbers in offsets.items()
            for n in numbers
        ]
        return processor.process_event(to_kafka_records(records), context)

    deliver({0: [0, 1, 2], 1: [3, 4, 5]})
    bad.clear()
    deliver({1: [4, 5]})
    deliver({0: [1, 2]})

    assert set(ran.values()) == {1}


def test_a_topic_that_is_made_anew_is_not_taken_for_the_old_one() -> None:
    ran, bad, store = Ran(), {"orders-0-0"}, InMemoryCheckpointStore()
    processor = processor_of(_two(ran, bad), store, source=KafkaSource())

    for timestamp in (1_700_000_000_000, 1_800_000_000_000):
        record = {"value": {"type": "t"}, "partition": 0, "offset": 0, "timestamp": timestamp}
        processor.process_event(to_kafka_records([record]), context)

    assert ran["a", "orders-0-0"] == 2


def test_where_the_whole_batch_may_come_again_it_is_known_by_its_first_record_too() -> None:
    ran, bad, store = Ran(), {"e1"}, InMemoryCheckpointStore()
    processor = processor_of(_two(ran, bad), store)
    event = to_kafka_records([{"value": {"id": f"e{n}", "type": "t"}, "offset": n} for n in range(3)])

    processor.process_event(event, context)
    bad.clear()
    processor.process_event(event, context)

    assert len(store.saved) == 2
    assert set(ran.values()) == {1}


@pytest.mark.parametrize(
    "event",
    [to_s3_records(["orders/1.json", "orders/2.json"]), to_sns_records([{"id": "1", "type": "t"}])],
)
def test_an_event_that_lambda_retries_as_a_whole_runs_only_what_was_not_done(event: Any) -> None:
    ran, trouble = Ran(), [True]
    rules = [rule(ran, "a"), rule(ran, "b", lambda event_id: trouble[0])]
    processor = processor_of(rules, InMemoryCheckpointStore())

    with pytest.raises(Exception, match="failed"):
        processor.process_event(event, context)
    trouble.clear()
    trouble.append(False)
    processor.process_event(event, context)

    assert set(ran.values()) == {1}
    assert len(ran) == 2 * len(event["Records"])


def test_an_event_that_is_replayed_from_an_archive_runs_again() -> None:
    ran = Ran()
    processor = processor_of([rule(ran, "a"), rule(ran, "b", lambda event_id: True)], InMemoryCheckpointStore())
    event = to_eventbridge_event({"id": "1"}, detail_type="t", event_id="1")

    for delivered in (event, event, {**event, "replay-name": "monday"}):
        with pytest.raises(Exception, match="failed"):
            processor.process_event(delivered, context)

    assert ran["a", "1"] == 2


@pytest.mark.parametrize("event", [to_firehose_records([{"id": "1", "type": "t"}]), to_cognito_event()])
def test_what_never_comes_again_has_no_checkpoint(event: Any) -> None:
    store = InMemoryCheckpointStore()
    rules = [rule(Ran(), "a"), rule(Ran(), "b", lambda event_id: True)]

    outcome = _attempt(lambda: run(rules, event, checkpoint=store, context=context))

    assert outcome is not None
    assert store.loaded == store.saved == []


def _attempt(function: Callable[[], Any]) -> Any:
    try:
        return function()
    except Exception as error:
        return error


# -- What counts as done -----------------------------------------------------------------------------------------------


def test_a_fault_that_is_set_aside_is_done() -> None:
    ran, store, bus = Ran(), InMemoryCheckpointStore(), FakeConnector()
    fails = {"e0"}
    rules = [
        rule(ran, "aside", lambda event_id: True, on_fault=FaultPolicy.PUBLISH),
        rule(ran, "b", lambda event_id: event_id in fails),
    ]
    processor = processor_of(rules, store, connectors=[bus], bus_name="bus")

    first = processor.process_event(_messages([0]), context)
    fails.clear()
    second = processor.process_event(_messages([0], receive_count=2), context)

    assert (reported(first), reported(second)) == (["m0"], [])
    assert len(bus.published) == 1


def test_a_fault_that_was_not_published_is_not_done() -> None:
    ran, store = Ran(), InMemoryCheckpointStore()

    def refused(request: Any) -> Any:
        raise PermissionError("no")

    def deliver(receive_count: int, answer: Any) -> Any:
        rules = [rule(ran, "a"), rule(ran, "aside", lambda event_id: True, on_fault=FaultPolicy.PUBLISH)]
        event = _messages([0], receive_count=receive_count)
        return run(rules, event, responses=answer, checkpoint=store, context=context, on_fault="report")

    first, second = deliver(1, refused), deliver(2, None)

    assert (reported(first.response), reported(second.response)) == (["m0"], [])
    assert [fault.rule_id for fault in second.faults] == ["aside"]


def test_an_unreadable_record_that_is_set_aside_is_set_aside_once() -> None:
    ran, bad, store, bus = Ran(), {"e0"}, InMemoryCheckpointStore(), FakeConnector()
    processor = processor_of(
        _two(ran, bad, on_fault=FaultPolicy.REPORT), store, connectors=[bus], bus_name="bus", on_fault="publish"
    )
    good = {"data": {"id": "e0", "type": "t"}, "sequence_number": "100"}
    event = to_kinesis_records([good, {"data": "%", "sequence_number": "101"}])

    processor.process_event(event, context)
    bad.clear()
    response = processor.process_event(event, context)

    assert reported(response) == []
    assert len(bus.published) == 1


def test_a_record_that_carries_several_events_runs_again_only_the_one_that_failed() -> None:
    class Several(SQSSource):
        def read(self, record: Any) -> Any:
            event: Any = super().read(record)
            # Both have the same id: their places tell them apart.
            return [{**event, "n": 0}, {**event, "n": 1}]

    seen: list[int] = []

    def once(uow: UnitOfWork, rule: Any) -> None:
        seen.append(uow.event["n"])
        if seen == [0, 1]:
            raise ValueError("the second one")

    processor = processor_of([{"id": "once", "flavor": once}], InMemoryCheckpointStore(), source=Several())

    for receive_count in (1, 2):
        processor.process_event(_messages([0], receive_count=receive_count), context)

    assert seen == [0, 1, 1]


def test_records_that_were_compacted_are_done_together() -> None:
    ran, bad, store = Ran(), {"e0"}, InMemoryCheckpointStore()
    rules = [rule(ran, "newest", compact=True), rule(ran, "b", lambda event_id: event_id in bad)]
    processor = processor_of(rules, store)

    processor.process_event(_messages([0, 1, 2]), context)
    bad.clear()
    processor.process_event(_messages([0], receive_count=2), context)

    assert [ran["newest", f"e{n}"] for n in range(3)] == [1, 1, 1], "an older one does not come after the newest"


def test_what_the_deadline_cuts_off_is_not_done_and_what_was_before_is_saved(
    lambda_context: Callable[..., Any],
) -> None:
    ran, store, slow = Ran(), InMemoryCheckpointStore(), [1.0]

    def hangs(uow: UnitOfWork, rule: Any) -> None:
        time.sleep(slow[0])
        ran["hangs", uow.event["id"]] += 1

    processor = processor_of([rule(ran, "a"), {"id": "hangs", "flavor": hangs}], store)
    given = lambda_context(remaining_ms=800)
    first = processor.process_event(_messages([0]), given)
    left = given.get_remaining_time_in_millis()
    slow[0] = 0.0
    second = processor.process_event(_messages([0], receive_count=2), lambda_context())

    assert (reported(first), reported(second)) == (["m0"], [])
    assert ran == {("a", "e0"): 1, ("hangs", "e0"): 1}
    assert left > 0


def test_what_was_done_is_kept_for_records_that_there_is_no_time_for(lambda_context: Callable[..., Any]) -> None:
    ran, bad, store, slow = Ran(), {"e0"}, InMemoryCheckpointStore(), [0.0]

    def waits(uow: UnitOfWork, rule: Any) -> None:
        time.sleep(slow[0])
        if uow.event["id"] in bad:
            raise ValueError("trouble")

    processor = processor_of([{"id": "waits", "flavor": waits}, rule(ran, "a", ordered=False)], store)

    processor.process_event(_stream(range(3)), lambda_context())
    slow[0] = 0.5
    cut_off = processor.process_event(_stream(range(3)), lambda_context(remaining_ms=500))
    slow[0] = 0.0
    bad.clear()
    processor.process_event(_stream(range(3)), lambda_context())

    assert reported(cut_off) == ["100", "101", "102"]
    assert ran == {("a", f"e{n}"): 1 for n in range(3)}


def test_messages_that_there_is_no_time_for_keep_their_own_marks_only(lambda_context: Callable[..., Any]) -> None:
    ran, store, slow = Ran(), InMemoryCheckpointStore(), [0.0]

    def fails(uow: UnitOfWork, rule: Any) -> None:
        time.sleep(slow[0])
        raise ValueError("trouble")

    processor = processor_of([rule(ran, "a"), {"id": "fails", "flavor": fails}], store)

    processor.process_event(_messages(range(20)), lambda_context())
    before = store.load_many(store.saved)
    store.saved.clear()
    slow[0] = 0.5
    processor.process_event(_messages(range(20), receive_count=2), lambda_context(remaining_ms=500))

    assert store.saved == [], "there is nothing new to be said of any of them"
    assert store.load_many(list(before)) == before
    assert len(set(map(len, before.values()))) == 1


# -- A record handler --------------------------------------------------------------------------------------------------


def test_a_record_handler_runs_every_time() -> None:
    ran, bad, handled = Ran(), {"e0"}, list[str]()
    processor = processor_of(_two(ran, bad), InMemoryCheckpointStore())

    for receive_count in (1, 2):
        records = _messages([0], receive_count=receive_count)["Records"]
        with processor(records, lambda record: handled.append(record.message_id), context):
            processor.process()
        bad.clear()

    assert ran["a", "e0"] == 1
    assert handled == ["m0", "m0"]


# -- Stores that fail --------------------------------------------------------------------------------------------------


class FailingStore(InMemoryCheckpointStore):
    """Fails in the method that it is told to, in the way that it is told to."""

    def __init__(self, method: str, how: Callable[[], Any]) -> None:
        super().__init__()
        self._method = method
        self._how = how

    def load_many(self, keys: Sequence[str]) -> Any:
        return self._how() if self._method == "load" else super().load_many(keys)

    def save_many(self, checkpoints: Sequence[Checkpoint]) -> Any:
        return self._how() if self._method == "save" else super().save_many(checkpoints)


def _raises() -> Any:
    raise OSError("the store is away")


def _fails_later() -> Generator[Any, Any, Any]:
    yield Call(_raises)


@pytest.mark.parametrize("how", [_raises, _fails_later, lambda: {"key": "garbage"}, lambda: {"key": 5}, lambda: 5])
@pytest.mark.parametrize("method", ["load", "save"])
def test_a_store_that_fails_is_told_and_every_rule_runs(
    method: str, how: Any, caplog: pytest.LogCaptureFixture
) -> None:
    ran, bad = Ran(), {"e0"}
    processor = processor_of(_two(ran, bad), FailingStore(method, how))

    with caplog.at_level(logging.WARNING, "powertools_stream"):
        first = processor.process_event(_messages([0]), context)
        bad.clear()
        second = processor.process_event(_messages([0], receive_count=2), context)

    assert (reported(first), reported(second)) == (["m0"], [])
    warnings = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    if method == "load":
        assert ran["a", "e0"] == 2
        assert len(warnings) == 1
        assert warnings[0].startswith("Checkpoints could not be loaded: every rule runs, done or not. ")
    elif how in (_raises, _fails_later):
        assert ran["a", "e0"] == 2
        expected = "Checkpoints could not be saved: rules that are done will run again. OSError: the store is away"
        assert warnings == [expected]


def _hangs() -> Generator[Any, Any, Any]:
    yield Call(time.sleep, 1.2)


@pytest.mark.parametrize("hangs", [_hangs, lambda: time.sleep(1.2)])
def test_a_store_that_hangs_does_not_hold_up_the_batch(
    hangs: Any, lambda_context: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    ran = Ran()
    processor = processor_of(_two(ran, {"e0"}), FailingStore("load", hangs))

    started = time.monotonic()
    processor.process_event(_messages([0], receive_count=2), lambda_context(remaining_ms=2_000))
    seconds = time.monotonic() - started

    assert ran == {("a", "e0"): 1}
    assert seconds < 1.2
    assert "every rule runs, done or not. DeadlineError: The store took too long." in caplog.text


@pytest.mark.parametrize("hangs", [_hangs, lambda: time.sleep(1.2)])
def test_a_store_that_hangs_while_it_saves_does_not_hold_up_the_response(
    hangs: Any, monkeypatch: pytest.MonkeyPatch, lambda_context: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("powertools_stream.engine.life_cycle._SAVE_SECONDS", 0.2)
    processor = processor_of(_two(Ran(), {"e0"}), FailingStore("save", hangs))

    started = time.monotonic()
    response = processor.process_event(_messages([0]), lambda_context())

    assert time.monotonic() - started < 1.2
    assert reported(response) == ["m0"]
    assert "rules that are done will run again. DeadlineError: The store took too long." in caplog.text


def test_results_and_unmatched_records_are_those_of_what_ran() -> None:
    ran, bad, store = Ran(), {"e0"}, InMemoryCheckpointStore()
    rules = _two(ran, bad)

    run(rules, _messages([0]), checkpoint=store, context=context, on_fault="report")
    bad.clear()
    outcome = run(rules, _messages([0], receive_count=2), checkpoint=store, context=context)

    assert [result.rule_id for result in outcome.results] == ["b"]
    assert outcome.unmatched == []
