"""The shape of the calls that a batch makes, seen by a connector of one's own, through the public door."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from powertools_stream import FaultPolicy, RetryableError, RuleRegistry, StreamProcessor, UnitOfWork, flavor
from powertools_stream.connectors import Entry, Operation
from powertools_stream.errors import RunError
from powertools_stream.flavors import task
from powertools_stream.outcomes import CallDetails, Reason, RecordDetails
from powertools_stream.requests import Call, Query, Request
from powertools_stream.sources import SQSSource
from powertools_stream.testing import run, to_kinesis_records, to_sqs_records


@dataclass(frozen=True)
class Write(Request):
    value: Any
    key: str | None = None


@dataclass(frozen=True)
class Read(Request):
    reads = True
    key: str


@dataclass(frozen=True)
class Save(Request):
    value: Any


class Store:
    """Takes three writes a call, one save, and five keys a read; remembers its calls."""

    requests: tuple[type[Request], ...] = (Write, Read, Save)

    def __init__(self, answer: Callable[[str, list[Any]], Sequence[Any]] | None = None) -> None:
        self.calls: list[tuple[str, list[Any]]] = []
        self._answer = answer or (lambda name, payloads: [f"{name} {payload}" for payload in payloads])
        self._lock = threading.Lock()

    def entries(self, request: Any) -> Sequence[Entry]:
        if isinstance(request, Read):
            max_entries = 1 if request.key == "at once" else 5
            return [
                Entry(Operation("store", "Read", max_entries=max_entries, reads=True), request.key, key=request.key)
            ]
        if isinstance(request, Save):
            return [Entry(Operation("store", "Save"), request.value)]
        operation = Operation("store", "Write", max_entries=3, max_bytes=100, one_per_key=True)
        return [Entry(operation, request.value, size=len(str(request.value)), key=request.key)]

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        name, payloads = entries[0].operation.name, [entry.payload for entry in entries]
        with self._lock:
            self.calls.append((name, payloads))
        return self._answer(name, payloads)

    def answer(self, request: Any, responses: Sequence[Any]) -> Any:
        return responses[0]

    def close(self) -> None: ...

    def sizes(self, name: str) -> list[int]:
        return [len(payloads) for called, payloads in self.calls if called == name]


def numbered(count: int, **fields: Any) -> dict[str, Any]:
    return to_sqs_records([{"type": "e", "n": n, **fields} for n in range(count)])


def processing(*flavors: Any, store: Store, **options: Any) -> StreamProcessor:
    rules = [{"id": f"rule-{position}", "flavor": flavor} for position, flavor in enumerate(flavors)]
    return StreamProcessor(
        rules=rules, connectors=[store], **{"raise_on_entire_batch_failure": False, "max_workers": 4, **options}
    )


def writes(uow: UnitOfWork, rule: Any) -> Generator[Any, Any, UnitOfWork]:
    answer = yield Write(uow.event["n"])
    return uow.extend(answer=answer)


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


def test_everything_in_a_list_settles_before_the_first_error_is_raised() -> None:
    store = Store(lambda name, payloads: [RuntimeError(str(p)) if p in ("a", "b") else p for p in payloads])
    seen: list[str] = []

    def child() -> Generator[Any, Any, str]:
        seen.append((yield Save("child")))
        return "child's answer"

    async def coroutine() -> str:
        await asyncio.sleep(0.001)
        seen.append("coroutine")
        return "coroutine's answer"

    def asks(uow: UnitOfWork, rule: Any) -> Generator[Any, Any, UnitOfWork]:
        with pytest.raises(RuntimeError, match="b"):
            yield [child(), Save("b"), coroutine(), [Save("a")]]
        answers = yield [child(), coroutine(), [Save("c"), []]]
        return uow.extend(answers=answers)

    processor = processing(asks, store=store)
    processor.process_event(numbered(1))

    (result,) = processor.results
    assert result.uow["answers"] == ["child's answer", "coroutine's answer", ["c", []]]
    assert sorted(seen) == ["child", "child", "coroutine", "coroutine"]


@pytest.mark.parametrize("asked", [None, 42, "request", object()])
def test_yielding_what_is_no_request_says_what_may_be_yielded(asked: Any) -> None:
    def asks(uow: UnitOfWork, rule: Any) -> Generator[Any, Any, None]:
        yield asked

    (fault,) = run([{"id": "odd", "flavor": asks}], numbered(1)).faults

    assert isinstance(fault.error, RunError)
    assert "Expected a flavor to yield" in str(fault.error)


def test_yielding_the_class_of_a_request_says_to_make_one() -> None:
    def asks(uow: UnitOfWork, rule: Any) -> Generator[Any, Any, None]:
        yield Save

    (fault,) = run([{"id": "odd", "flavor": asks}], numbered(1)).faults

    assert "found the class Save. Make one of it: yield Save(…)." in str(fault.error)


def test_returning_what_is_no_unit_of_work_says_what_may_be_returned() -> None:
    (fault,) = run([{"id": "odd", "flavor": lambda uow, rule: 42}], numbered(1)).faults

    assert "Expected a flavor to return a UnitOfWork" in str(fault.error)


def test_user_functions_run_on_the_main_thread_and_blocking_calls_do_not() -> None:
    threads: set[str] = set()

    def asks(uow: UnitOfWork, rule: Any) -> Generator[Any, Any, None]:
        main = threading.current_thread()
        worker = yield Call(threading.current_thread)
        assert threading.current_thread() is main
        threads.add("main" if worker is main else "worker")

    run([{"id": "calls", "flavor": asks}], numbered(3))

    assert threads == {"worker"}


def test_coroutines_of_a_batch_run_side_by_side_on_one_loop_kept_between_batches() -> None:
    loops: set[int] = set()
    under_way = 0
    most = 0

    async def execute(uow: UnitOfWork) -> None:
        nonlocal under_way, most
        loops.add(id(asyncio.get_running_loop()))
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.005)
        under_way -= 1

    from powertools_stream.flavors import task

    processor = StreamProcessor(rules=[{"id": "async", "flavor": task, "execute": execute}])
    for _ in range(2):
        assert processor.process_event(numbered(5)) == {"batchItemFailures": []}

    assert most == 5
    assert len(loops) == 1


async def _inside_a_loop(rules: Any, event: Any) -> Any:
    return run(rules, event)


def test_a_coroutine_inside_a_running_loop_is_a_clear_error() -> None:
    from powertools_stream.flavors import task

    async def execute(uow: UnitOfWork) -> None: ...

    rules = [{"id": "async", "flavor": task, "execute": execute}]
    outcome = asyncio.run(_inside_a_loop(rules, numbered(1)))

    assert "found a loop running already" in str(outcome.faults[0].error)


def kinesis(*keys: str) -> dict[str, Any]:
    event = to_kinesis_records([{"type": "e", "n": n} for n in range(len(keys))])
    for record, key in zip(event["Records"], keys, strict=True):
        record["kinesis"]["partitionKey"] = key
    return event


def test_an_ordered_rule_takes_one_key_one_at_a_time_and_other_keys_beside_it() -> None:
    open_keys: list[str] = []
    together: set[tuple[str, ...]] = set()

    @flavor(ordered=True)
    def follows(uow: UnitOfWork, rule: Any) -> Generator[Any, Any, UnitOfWork]:
        key = uow.record["kinesis"]["partitionKey"]
        assert key not in open_keys
        open_keys.append(key)
        together.add(tuple(sorted(open_keys)))
        yield Save(uow.event["n"])
        open_keys.remove(key)
        return uow

    def answer(name: str, payloads: list[Any]) -> list[Any]:
        time.sleep(0.005)
        return payloads

    store = Store(answer)
    processor = processing(follows, store=store)
    response = processor.process_event(kinesis("a", "b", "a", "b", "a"))

    assert response == {"batchItemFailures": []}
    assert ("a", "b") in together
    saved = [payloads[0] for _, payloads in store.calls]
    assert [n for n in saved if n % 2 == 0] == [0, 2, 4]
    assert [n for n in saved if n % 2 == 1] == [1, 3]


@pytest.mark.parametrize(
    ("error", "policy", "started"),
    [
        (ValueError("no"), FaultPolicy.REPORT_AND_PUBLISH, [0, 1, 3]),
        (RetryableError("not now"), FaultPolicy.PUBLISH, [0, 1, 3]),
        (ValueError("no"), FaultPolicy.PUBLISH, [0, 1, 2, 3, 4]),
    ],
)
def test_a_reported_record_holds_back_later_ones_with_its_key_and_one_set_aside_does_not(
    error: Exception, policy: FaultPolicy, started: list[int]
) -> None:
    seen: list[int] = []

    @flavor(ordered=True)
    def follows(uow: UnitOfWork, rule: Any) -> Generator[Any, Any, None]:
        seen.append(uow.event["n"])
        yield Call(int)
        if uow.event["n"] == 0:
            raise error

    outcome = run([{"id": "follows", "flavor": follows}], kinesis("a", "b", "a", "b", "a"), on_fault=policy)

    assert sorted(seen) == started
    held_back = [fault for fault in outcome.faults if fault.reason is Reason.HELD_BACK]
    assert len(held_back) == 5 - len(started)


@pytest.mark.parametrize(("skip_group_on_error", "started"), [(True, [0, 1, 3]), (False, [0, 1])])
def test_fifo_stops_at_the_group_or_at_the_batch(skip_group_on_error: bool, started: list[int]) -> None:
    seen: list[int] = []

    def fails(uow: UnitOfWork, rule: Any) -> None:
        seen.append(uow.event["n"])
        if uow.event["n"] == 1:
            raise ValueError("no")

    event = numbered(4)
    for record, group in zip(event["Records"], ("a", "b", "b", "a"), strict=True):
        record["attributes"]["MessageGroupId"] = group

    outcome = run(
        [{"id": "fails", "flavor": fails}],
        event,
        source=SQSSource(fifo=True),
        skip_group_on_error=skip_group_on_error,
    )

    assert seen == started
    assert len(outcome.response["batchItemFailures"]) == (2 if skip_group_on_error else 3)


class RedeemingSource(SQSSource):
    """Asks for something before it reads, the first record longest."""

    def read(self, record: Any) -> Any:
        event: Any = super().read(record)
        return self._redeem(event)

    def _redeem(self, event: Any) -> Generator[Any, Any, Any]:
        yield Call(time.sleep, 0.02 if event["n"] == 0 else 0)
        if event["n"] == 2:
            raise ValueError("the claim is gone")
        return event


def test_records_are_matched_in_order_even_where_one_waits_for_its_payload() -> None:
    seen: list[int] = []

    def sees(uow: UnitOfWork, rule: Any) -> None:
        seen.append(uow.event["n"])

    outcome = run([{"id": "sees", "flavor": sees}], numbered(4), source=RedeemingSource(), max_workers=4)

    assert seen == [0, 1, 3]
    assert [fault.rule_id for fault in outcome.faults] == ["undefined"]


@pytest.mark.slow
def test_ten_thousand_records_of_one_key_run_through_an_ordered_rule_that_suspends() -> None:
    processor = processing(flavor(ordered=True)(writes), store=Store(), keep_results=False)

    assert processor.process_event(kinesis(*["one"] * 10_000)) == {"batchItemFailures": []}


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


def _row(uow: UnitOfWork) -> UnitOfWork | None:
    """Match what the row holds, not the change of the row."""
    if uow.event["n"] == 3:
        raise ValueError("no row")
    return uow.extend(event=uow.event["inner"]) if "inner" in uow.event else None


def test_rules_with_a_prepare_match_what_it_makes_of_the_record() -> None:
    seen: list[tuple[str, str]] = []

    def sees(uow: UnitOfWork, rule: Any) -> None:
        seen.append((rule.id, uow.event["type"]))

    prepared = flavor(prepare=_row)(lambda uow, rule: sees(uow, rule))
    rules = [
        {"id": "inner", "flavor": prepared, "event_type": "inner"},
        {"id": "never", "flavor": prepared, "event_type": "inner", "filters": [lambda uow: False]},
        {"id": "outer", "flavor": sees, "event_type": "e"},
    ]
    event = to_sqs_records(
        [{"type": "e", "n": 1, "inner": {"type": "inner"}}, {"type": "e", "n": 2}, {"type": "e", "n": 3}]
    )

    outcome = run(rules, event)

    assert sorted(seen) == [("inner", "inner"), ("outer", "e"), ("outer", "e"), ("outer", "e")]
    assert [result.rule_id for result in outcome.results] == ["inner", "outer", "outer", "outer"]
    (fault,) = outcome.faults
    assert (fault.rule_id, str(fault.error)) == ("undefined", "no row")


def test_a_filter_that_raises_is_a_fault_of_its_rule_on_its_record() -> None:
    def odd(uow: UnitOfWork) -> bool:
        return bool(1 / uow.event["n"])

    rules = [
        {"id": "filtered", "flavor": lambda uow, rule: None, "filters": [odd]},
        {"id": "other", "flavor": lambda uow, rule: None},
    ]

    outcome = run(rules, numbered(2))

    (fault,) = outcome.faults
    assert (fault.rule_id, type(fault.error)) == ("filtered", ZeroDivisionError)
    assert [result.rule_id for result in outcome.results] == ["other", "filtered", "other"]


def test_what_the_deadline_leaves_in_a_lane_or_in_a_call_is_reported_as_unfinished(
    lambda_context: Callable[..., Any],
) -> None:
    @flavor(ordered=True)
    def slow(uow: UnitOfWork, rule: Any) -> Generator[Any, Any, None]:
        yield Call(time.sleep, 1.5 if uow.event["n"] == 1 else 0)

    outcome = run([{"id": "slow", "flavor": slow}], kinesis("a", "b", "b"), context=lambda_context(800), max_workers=4)

    assert [fault.reason for fault in outcome.faults] == [Reason.UNFINISHED] * 2
    assert len(outcome.results) == 1
    assert all(fault.event is None for fault in outcome.faults)


def test_many_coroutines_that_end_together_are_all_waited_for_and_no_longer() -> None:
    async def short(n: int) -> int:
        await asyncio.sleep(n % 3 / 10_000)
        return n

    def asks(uow: UnitOfWork, rule: Any) -> Generator[Any, Any, UnitOfWork]:
        total = 0
        for n in range(5):
            answers = yield [short(n), Call(int, n), short(n + 1)]
            total += sum(answers)
        return uow.extend(total=total)

    for _ in range(10):
        outcome = run([{"id": "asks", "flavor": asks}], numbered(20), max_workers=4)

        assert [result.uow["total"] for result in outcome.results] == [35] * 20


def test_equal_reads_are_asked_once_though_the_answer_comes_while_records_are_still_being_started() -> None:
    def ask_slowly(uow: Any) -> Any:
        answer = yield Query({"n": uow.event["n"]}, table_name="t")
        return answer

    def dawdle(uow: Any) -> None:
        time.sleep(0.002)  # so that the answer is there before the next record is started

    rules = RuleRegistry()
    rules.add(id="ask", flavor=task, execute=ask_slowly, ordered=False)
    rules.add(id="dawdle", flavor=task, execute=dawdle)
    events = [{"id": str(n), "type": "t", "n": n % 2} for n in range(40)]

    outcome = run(rules, to_sqs_records(events), responses=lambda request: [{"n": request.params["n"]}])

    assert len(outcome.requests) == 2
    answers = [result.uow["result"] for result in outcome.results if result.rule_id == "ask"]
    assert answers == [[{"n": n % 2}] for n in range(40)]


def test_whoever_asks_again_gets_a_new_answer() -> None:
    counter = iter(range(10))

    def ask_three_times(uow: Any) -> Any:
        answers = []
        for _ in range(3):
            answers += yield Query({"n": 1}, table_name="t")
        return answers

    rules = RuleRegistry()
    rules.add(id="ask", flavor=task, execute=ask_three_times)

    outcome = run(rules, to_sqs_records([{"id": "1", "type": "t"}]), responses=lambda request: [next(counter)])

    assert outcome.results[0].uow["result"] == [0, 1, 2]
