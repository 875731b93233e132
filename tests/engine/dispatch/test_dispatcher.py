"""The shape of the calls that a batch makes, seen by a connector of one's own, through the public door."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from typing import Any, ClassVar

from powertools_stream import RuleRegistry, StreamProcessor, UnitOfWork, flavor
from powertools_stream.flavors import task
from powertools_stream.outcomes import CallDetails, RecordDetails
from powertools_stream.requests import Call, Query
from powertools_stream.testing import run, to_sqs_records
from tests.engine.store import Read, Save, Store, Write, numbered, processing, writes


def test_one_call_carries_what_several_records_and_rules_ask_for() -> None:
    store = Store()
    processor = processing(writes, writes, store=store)

    for _ in ("cold start", "warm start"):
        store.calls.clear()
        assert processor.process_event(numbered(4)) == {"batchItemFailures": []}

        assert sorted(store.sizes("Write")) == [2, 3, 3]
        assert [result.uow["answer"] for result in processor.results] == [
            f"Write {n}" for n in (0, 0, 1, 1, 2, 2, 3, 3)
        ]


def test_a_call_is_filled_up_to_its_bytes() -> None:
    store = Store()

    def large(uow: UnitOfWork, rule: Any) -> Generator[Any, Any, None]:
        yield Write("x" * 45)

    processing(large, store=store).process_event(numbered(5))

    assert sorted(store.sizes("Write")) == [1, 2, 2]


def test_equal_reads_are_asked_once_and_everybody_gets_the_answer() -> None:
    store = Store()

    def reads(uow: UnitOfWork, rule: Any) -> Generator[Any, Any, UnitOfWork]:
        answers = yield [Read("same"), Read(f"own-{uow.event['n'] % 2}")]
        return uow.extend(answers=answers)

    processor = processing(reads, store=store)
    processor.process_event(numbered(10))

    assert store.calls == [("Read", ["same", "own-0", "own-1"])]
    assert [result.uow["answers"][1] for result in processor.results][:2] == ["Read own-0", "Read own-1"]


def test_who_has_written_never_joins_a_read_that_was_sent_before() -> None:
    may_answer = threading.Event()

    def answer(name: str, payloads: list[Any]) -> list[Any]:
        if name == "Read" and len(store.sizes("Read")) == 1:
            assert may_answer.wait(10)
        elif name == "Read":
            may_answer.set()
        return [name for _ in payloads]

    store = Store(answer)

    def reads(uow: UnitOfWork, rule: Any) -> Generator[Any, Any, None]:
        if uow.event["n"] == 1:
            yield Save("mine")
        yield Read("at once")

    # The answer to one record's read is held up until the other record, which has written, has asked for itself.
    assert processing(reads, store=store).process_event(numbered(2)) == {"batchItemFailures": []}

    assert store.sizes("Read") == [1, 1]


def test_writes_of_one_key_go_in_order_and_never_in_one_call_nor_side_by_side() -> None:
    under_way = 0
    most = 0

    def answer(name: str, payloads: list[Any]) -> list[Any]:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        time.sleep(0.005)
        under_way -= 1
        return payloads

    store = Store(answer)

    def one_key(uow: UnitOfWork, rule: Any) -> Generator[Any, Any, None]:
        yield Write(uow.event["n"], key="one")

    processing(one_key, store=store).process_event(numbered(6))

    assert store.calls == [("Write", [n]) for n in range(6)]
    assert most == 1


def test_a_partial_call_waits_for_those_who_may_still_join_it() -> None:
    store = Store()

    def saves_first(uow: UnitOfWork, rule: Any) -> Generator[Any, Any, None]:
        if uow.event["n"] > 0:
            yield Save(uow.event["n"])
        yield Write(uow.event["n"])

    processing(saves_first, store=store).process_event(numbered(3))

    assert store.sizes("Write") == [3]


def test_a_partial_call_does_not_wait_for_those_who_are_past_it() -> None:
    written = threading.Event()

    def answer(name: str, payloads: list[Any]) -> list[Any]:
        if name == "Save":
            assert written.wait(10), "the write should not wait for the save"
        else:
            written.set()
        return payloads

    store = Store(answer)

    @flavor(asks=[Write, Save])
    def saves_last(uow: UnitOfWork, rule: Any) -> Generator[Any, Any, None]:
        yield Save(1) if uow.event["n"] == 0 else Write(1)

    assert processing(saves_last, store=store).process_event(numbered(2)) == {"batchItemFailures": []}


def test_an_entry_that_fails_fails_the_record_that_asked_and_no_other() -> None:
    store = Store(lambda name, payloads: [ValueError("no") if payload in (1, 4) else payload for payload in payloads])
    processor = processing(writes, store=store)
    event = numbered(6)

    response = processor.process_event(event)

    failed = [event["Records"][n]["messageId"] for n in (1, 4)]
    assert [failure["itemIdentifier"] for failure in response["batchItemFailures"]] == failed


def test_a_call_rejected_as_invalid_is_repeated_in_halves_in_order_until_the_entry_is_found() -> None:
    class InvalidError(Exception):
        response: ClassVar = {"Error": {"Code": "ValidationException"}}

    def answer(name: str, payloads: list[Any]) -> list[Any]:
        if 1 in payloads:
            raise InvalidError
        return payloads

    store = Store(answer)
    processor = processing(writes, store=store)

    response = processor.process_event(numbered(3))

    assert [payloads for _, payloads in store.calls] == [[0, 1, 2], [0], [1, 2], [1], [2]]
    assert len(response["batchItemFailures"]) == 1


def test_more_answers_than_entries_are_an_error_since_none_can_be_told_to_be_whose() -> None:
    processor = processing(writes, store=Store(lambda name, payloads: [*payloads, "one more"]))

    processor.process_event(numbered(2))

    assert all("one response per entry" in str(fault.error) for fault in processor.faults)
    assert len(processor.faults) == 2


def test_a_call_that_is_stuck_is_left_behind_and_the_next_batch_waits_for_it(
    lambda_context: Callable[..., Any],
) -> None:
    may_go_on = threading.Event()
    ended: list[str] = []

    def stuck() -> None:
        may_go_on.wait(10)
        ended.append("stuck call")

    def calls(uow: UnitOfWork, rule: Any) -> Generator[Any, Any, None]:
        if uow.event.get("stuck"):
            yield Call(stuck)
        ended.append("next batch")

    processor = StreamProcessor(rules=[{"id": "calls", "flavor": calls}], raise_on_entire_batch_failure=False)
    first = processor.process_event(numbered(1, stuck=True), lambda_context(400))
    threading.Timer(0.2, may_go_on.set).start()
    second = processor.process_event(numbered(1), lambda_context(30_000))

    assert len(first["batchItemFailures"]) == 1
    assert second == {"batchItemFailures": []}
    assert ended == ["stuck call", "next batch"]


def test_observers_are_told_of_every_call_and_of_every_record_that_failed() -> None:
    class Watching:
        def __init__(self) -> None:
            self.calls: list[CallDetails] = []
            self.failed: list[RecordDetails] = []

        def on_call(self, details: CallDetails) -> None:
            self.calls.append(details)

        def on_record_failed(self, details: RecordDetails) -> None:
            self.failed.append(details)

    watching = Watching()
    store = Store(lambda name, payloads: [ValueError("no") if payload == 1 else payload for payload in payloads])
    processing(writes, store=store, observers=[watching]).process_event(numbered(2))

    (call,) = watching.calls
    (failed,) = watching.failed
    assert (call.service, call.operation, call.entries, call.failed) == ("store", "Write", 2, 1)
    assert [fault.rule_id for fault in failed.faults] == ["rule-0"]


def test_equal_reads_are_asked_once_though_the_answer_comes_while_records_are_still_being_started() -> None:
    def ask_slowly(uow: Any) -> Any:
        answer = yield Query({"Limit": uow.event["n"] + 1}, table_name="t")
        return answer

    def dawdle(uow: Any) -> None:
        time.sleep(0.002)  # so that the answer is there before the next record is started

    rules = RuleRegistry()
    rules.add(id="ask", flavor=task, execute=ask_slowly, ordered=False)
    rules.add(id="dawdle", flavor=task, execute=dawdle)
    events = [{"id": str(n), "type": "t", "n": n % 2} for n in range(40)]

    outcome = run(rules, to_sqs_records(events), responses=lambda request: [{"n": request.params["Limit"] - 1}])

    assert len(outcome.requests) == 2
    answers = [result.uow["result"] for result in outcome.results if result.rule_id == "ask"]
    assert answers == [[{"n": n % 2}] for n in range(40)]


def test_whoever_asks_again_gets_a_new_answer() -> None:
    counter = iter(range(10))

    def ask_three_times(uow: Any) -> Any:
        answers = []
        for _ in range(3):
            answers += yield Query({"Limit": 1}, table_name="t")
        return answers

    rules = RuleRegistry()
    rules.add(id="ask", flavor=task, execute=ask_three_times)

    outcome = run(rules, to_sqs_records([{"id": "1", "type": "t"}]), responses=lambda request: [next(counter)])

    assert outcome.results[0].uow["result"] == [0, 1, 2]
