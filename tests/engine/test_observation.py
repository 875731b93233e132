"""What observers see of a batch from the inside."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import pytest

from powertools_stream import RuleRegistry, StreamProcessor, UnitOfWork
from powertools_stream.connectors import Entry, Operation
from powertools_stream.engine import batch_run
from powertools_stream.engine.steps import RUNNING
from powertools_stream.flavors import cdc, evaluate, materialize, task
from powertools_stream.outcomes import BatchDetails, BatchSummary, CallDetails, CallStart, RecordDetails, StepDetails
from powertools_stream.requests import Call, PutEvent, Request
from powertools_stream.testing import to_dynamodb_records, to_kinesis_records, to_sqs_records
from tests.engine.store import Store, Write, numbered

NAME: ContextVar[str] = ContextVar("name", default="nobody")


class Watching:
    """Sees everything, and gives each step a context variable that user code can read."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.steps: list[StepDetails] = []
        self.calls: list[CallStart] = []
        self.threads = set[int]()
        self.errors: list[str] = []
        self.open = 0
        self.summary: BatchSummary | None = None

    def on_call(self, details: CallDetails) -> None:
        self.seen.append("on_call")

    def on_record_failed(self, details: RecordDetails) -> None:
        self.seen.append("on_record_failed")

    def on_batch(self, summary: BatchSummary) -> None:
        self.seen.append("on_batch")
        self.summary = summary

    @contextmanager
    def batch(self, details: BatchDetails) -> Iterator[None]:
        self.seen.append(f"begin {details.source} {len(details.records)}")
        yield
        self.seen.append("end")

    @contextmanager
    def step(self, details: StepDetails) -> Iterator[None]:
        self.steps.append(details)
        self.open += 1
        token = NAME.set(f"{details.rule_id} {_n(details)}")
        try:
            yield
        except BaseException as error:
            self.errors.append(type(error).__name__)
            raise
        finally:
            NAME.reset(token)
            self.open -= 1

    @contextmanager
    def call(self, details: CallStart) -> Iterator[None]:
        self.calls.append(details)
        self.threads.add(threading.get_ident())
        try:
            yield
        except Exception as error:
            self.errors.append(f"call {type(error).__name__}")
            raise


class Bus:
    """Takes events."""

    requests: tuple[type[Request], ...] = (PutEvent,)

    def entries(self, request: Any) -> Sequence[Entry]:
        return [Entry(Operation("events", "PutEvents", max_entries=10), request.event)]

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        return [{"EventId": "1"} for _ in entries]

    def answer(self, request: Any, responses: Sequence[Any]) -> Any:
        return responses[0]

    def close(self) -> None: ...


def process(rules: RuleRegistry, event: Any, context: Any = None, **options: Any) -> StreamProcessor:
    """Run a batch; `Call` is real, unlike with `testing.run`."""
    settings = {"bus_name": "bus", "raise_on_entire_batch_failure": False, "connectors": [Bus()], **options}
    processor = StreamProcessor(rules=rules, **settings)
    processor.process_event(event, context)
    return processor


def _n(details: StepDetails) -> Any:
    return details.event["n"] if details.event is not None else "-"


def watched(rules: RuleRegistry, event: Any, **options: Any) -> tuple[Watching, Any]:
    watching = Watching()
    outcome = process(rules, event, observers=[watching], **options)
    assert watching.open == 0
    assert (NAME.get(), RUNNING.get()) == ("nobody", None), "nothing is left behind"
    return watching, outcome


def events(count: int = 3) -> dict[str, Any]:
    return to_sqs_records([{"id": str(n), "type": "e", "n": n, "timestamp": 1_000 + n} for n in range(count)])


def test_a_function_runs_in_a_step_of_its_rule_and_record() -> None:
    rules = RuleRegistry()
    names: list[str] = []

    def is_wanted(uow: Any) -> bool:
        names.append(f"filter {NAME.get()}")
        return True

    @rules.register(task, filters=[is_wanted])
    def first(uow: Any) -> None:
        names.append(NAME.get())

    event = events(2)
    watching, _ = watched(rules, event)

    assert names == ["filter first 0", "first 0", "filter first 1", "first 1"]
    assert watching.steps[-1].record_id == event["Records"][1]["messageId"]
    assert watching.steps[-1].record is event["Records"][1]


def test_each_generator_has_steps_of_its_own_and_keeps_its_context_variables() -> None:
    rules = RuleRegistry()
    own: ContextVar[Any] = ContextVar("own", default=None)
    names: list[tuple[str, Any]] = []

    @rules.register(task, ordered=False)
    def asks(uow: Any) -> Any:
        own.set(uow.event["n"])
        for _ in range(2):
            names.append((NAME.get(), own.get()))
            yield Call(int)
        names.append((NAME.get(), own.get()))

    watching, _ = watched(rules, events())

    assert sorted(names) == [(f"asks {n}", n) for n in range(3) for _ in range(3)]
    assert own.get() is None
    assert Counter(map(_n, watching.steps)) == dict.fromkeys(range(3), len(watching.steps) // 3)
    assert watching.errors == [], "the end of a generator is no error"


def test_context_variables_of_generators_do_not_mix_when_nobody_watches() -> None:
    rules = RuleRegistry()
    own: ContextVar[Any] = ContextVar("own", default=None)

    @rules.register(task, ordered=False)
    def asks(uow: Any) -> Any:
        before = own.get()
        own.set(uow.event["n"])
        inner = yield nested()
        yield Call(int)
        return [before, inner, own.get()]

    def nested() -> Any:
        yield Call(int)
        return own.get()

    outcome = process(rules, events())

    assert [result.uow["result"] for result in outcome.results] == [[None, n, n] for n in range(3)]
    assert own.get() is None


def test_coroutines_side_by_side_have_steps_of_their_own() -> None:
    rules = RuleRegistry()
    names: list[str] = []

    @rules.register(task, ordered=False)
    async def waits(uow: Any) -> None:
        for _ in range(2):
            names.append(NAME.get())
            await asyncio.sleep(0.001)
        await asyncio.gather(inner(), inner())

    async def inner() -> None:
        names.append(NAME.get())

    watched(rules, events())

    assert sorted(names) == [f"waits {n}" for n in range(3) for _ in range(4)]


def test_a_call_runs_on_a_worker_with_the_context_it_was_asked_in() -> None:
    rules = RuleRegistry()

    @rules.register(task, ordered=False)
    def asks(uow: Any) -> Any:
        own = yield [Call(NAME.get), Call(lambda: RUNNING.get().details().rule_id)]  # type: ignore[union-attr]
        return own

    watching, outcome = watched(rules, events(), max_workers=4)

    assert [result.uow["result"] for result in outcome.results] == [[f"asks {n}", "asks"] for n in range(3)]
    assert threading.get_ident() not in watching.threads
    assert {(call.service, call.entries, call.rule_ids) for call in watching.calls} == {("call", 1, ("asks",))}
    assert sorted(_n(call.step) for call in watching.calls if call.step) == [0, 0, 1, 1, 2, 2]


def test_a_call_names_every_rule_that_asked_for_it() -> None:
    rules = RuleRegistry()
    for rule_id in ("a", "b"):
        rules.add(id=rule_id, flavor=task, event_type="e", emit="done")

    watching, _ = watched(rules, events(2))

    (call,) = watching.calls
    assert (call.operation, call.entries, call.attempt, call.rule_ids) == ("PutEvents", 4, 1, ("a", "b"))
    assert call.step is not None
    assert (call.step.rule_id, _n(call.step)) == ("a", 0)


def test_errors_are_seen_and_cannot_be_suppressed() -> None:
    rules = RuleRegistry()

    @rules.register(task)
    def fails(uow: Any) -> Any:
        if uow.event["n"] == 0:
            raise KeyError("at once")
        yield Call(_fail)

    class Suppressing(Watching):
        @contextmanager
        def step(self, details: StepDetails) -> Iterator[None]:
            try:
                yield
            except Exception as error:
                self.errors.append(type(error).__name__)

    suppressing = Suppressing()
    outcome = process(rules, events(2), observers=[suppressing])

    assert [type(fault.error) for fault in outcome.faults] == [KeyError, ZeroDivisionError]
    assert set(suppressing.errors) == {"KeyError", "ZeroDivisionError", "call ZeroDivisionError"}


def _fail() -> None:
    raise ZeroDivisionError


def test_the_context_of_a_batch_is_open_until_all_is_told() -> None:
    rules = RuleRegistry()

    @rules.register(task)
    def fails(uow: Any) -> Any:
        yield Call(int)
        if uow.event["n"]:
            raise ValueError

    watching, _ = watched(rules, events(2), bus_name=None)

    assert watching.seen == [
        "begin sqs 2", "on_call", "on_call", "on_record_failed", "on_batch", "end",
    ]  # fmt: skip


def test_the_summary_counts_what_happened() -> None:
    rules = RuleRegistry()
    rules.add(id="r", flavor=task, event_type="e", execute=lambda uow: {"n": 1 // uow.event["n"]}, emit="done")
    rules.add(id="s", flavor=task, event_type="e", execute=lambda uow: None)
    rules.add(id="t", flavor=task, event_type="other", execute=lambda uow: None)
    event = events()
    event["Records"][2]["body"] = '{"id": "2", "type": "nobody", "n": 0}'
    event["Records"].append({**event["Records"][0], "messageId": "x", "body": "no JSON"})
    event["Records"].append({**event["Records"][0], "messageId": "y", "body": '{"type": "e", "tags": {"skip": true}}'})

    watching, _ = watched(rules, event)

    summary = watching.summary
    assert summary is not None
    assert (summary.records, summary.matched, summary.unmatched) == (5, 2, 1)
    assert (summary.runs, summary.reported, summary.set_aside) == ({"r": 2, "s": 2}, 2, 0)
    assert [fault.rule_id for fault in summary.faults] == ["r", "undefined"]
    assert summary.calls_by_service() == {"events": 2}
    assert summary.oldest_timestamp == 1_000
    assert summary.seconds > 0


class Counting:
    """Wants the summary, and nothing of each step."""

    def __init__(self, is_enabled: bool = True) -> None:
        self.is_enabled = is_enabled
        self.summaries: list[BatchSummary] = []

    def on_call(self, details: CallDetails) -> None: ...

    def on_record_failed(self, details: RecordDetails) -> None: ...

    def on_batch(self, summary: BatchSummary) -> None:
        self.summaries.append(summary)


@pytest.mark.parametrize(
    "more", [{"emit": "done"}, {"compact": True, "to_update_request": lambda uow: None, "flavor": materialize}]
)
def test_the_counts_are_the_same_on_every_way(more: dict[str, Any]) -> None:
    rules = RuleRegistry()
    rules.add(**{"id": "r", "flavor": task, "event_type": "e", **more})
    event = to_kinesis_records(
        [*({"id": str(n), "type": "e", "timestamp": 5, "partition_key": "k"} for n in range(3)), {"type": "f"}]
    )
    counting, watching = Counting(), Watching()

    process(rules, event, observers=[counting])
    process(rules, event, observers=[watching])

    (straight,), stepwise = counting.summaries, watching.summary
    assert stepwise is not None
    for summary in (straight, stepwise):
        assert (summary.records, summary.matched, summary.unmatched) == (4, 3, 1)
        assert summary.runs == {"r": 1 if "compact" in more else 3}


def test_an_event_that_only_a_prepared_rule_matches_is_matched() -> None:
    rules = RuleRegistry()
    rules.add(id="changes", flavor=cdc, event_type="order-created")
    rules.add(id="complex", flavor=evaluate, event_type="order-created", emit="higher")
    row = {"pk": "1", "sk": "EVENT", "discriminator": "EVENT", "event": {"id": "1", "type": "order-created"}}
    counting = Counting()

    process(
        rules, to_dynamodb_records([{"new_image": row}, {"new_image": {"pk": "2", "sk": "x"}}]), observers=[counting]
    )

    (summary,) = counting.summaries
    assert (summary.records, summary.matched, summary.unmatched) == (2, 1, 1)


def test_nothing_is_made_for_observers_that_watch_no_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any) -> Any:
        raise AssertionError("a step was made")

    monkeypatch.setattr(batch_run, "Step", refuse)
    rules = RuleRegistry()
    rules.add(id="r", flavor=task, event_type="e", execute=lambda uow: RUNNING.get().details().rule_id)  # type: ignore[union-attr]
    counting = Counting()

    outcome = process(rules, events(), observers=[counting])

    assert [result.uow["result"] for result in outcome.results] == ["r"] * 3
    assert counting.summaries[0].runs == {"r": 3}


def test_an_observer_that_is_not_enabled_sees_nothing_and_costs_nothing() -> None:
    rules = RuleRegistry()
    rules.add(id="r", flavor=task, event_type="e", execute=lambda uow: RUNNING.get())
    counting = Counting(is_enabled=False)

    outcome = process(rules, events(), observers=[counting])

    assert [result.uow["result"] for result in outcome.results] == [None] * 3
    assert counting.summaries == []


def test_an_observer_may_be_switched_on_and_off_between_batches() -> None:
    rules = RuleRegistry()
    rules.add(id="r", flavor=task, event_type="e", execute=lambda uow: None)
    always, sometimes = Counting(), Counting()
    processor = StreamProcessor(rules=rules, observers=[always, sometimes])

    for is_enabled in (True, False, False, True):
        sometimes.is_enabled = is_enabled
        processor.process_event(events())

    assert (len(always.summaries), len(sometimes.summaries)) == (4, 2)


@pytest.mark.parametrize(
    ("timestamps", "oldest"),
    [
        (["3", "2"], 2),
        (["3", "1.5"], 1.5),
        (["3", '"1"'], 3),
        (["3", "true"], 3),
        (["3", "-1e400"], 3),
        (['"1"', "[]"], None),
        (["true", "false"], None),
    ],
)
def test_the_oldest_timestamp_is_a_number_whatever_other_events_have(timestamps: list[str], oldest: Any) -> None:
    rules = RuleRegistry()
    rules.add(id="r", flavor=task, event_type="e", execute=lambda uow: None)
    counting = Counting()

    process(
        rules,
        to_sqs_records([f'{{"type": "e", "timestamp": {timestamp}}}' for timestamp in timestamps]),
        observers=[counting],
    )

    assert counting.summaries[0].oldest_timestamp == oldest


def test_what_runs_is_known_to_predicates_and_not_beside_rules() -> None:
    rules = RuleRegistry()
    ran: list[Any] = []

    def note(error: Any) -> bool:
        running = RUNNING.get()
        details = running.details() if running is not None else None
        ran.append(details and (details.rule_id, _n(details)))
        return False

    @rules.register(task, ordered=False)
    def fails(uow: Any) -> Any:
        if uow.event["n"] == 0:
            yield Call(time.sleep, 0.01)
        raise ValueError

    event = events()
    event["Records"][1]["body"] = "no JSON"
    process(rules, event, observers=[Counting()], retryable=note)

    assert ran == [None, ("fails", 2), ("fails", 0)]


def test_connectors_and_observers_of_calls_are_no_part_of_a_rule() -> None:
    ran: list[Any] = []

    class Noting(Bus):
        def answer(self, request: Any, responses: Sequence[Any]) -> Any:
            ran.append(_running())
            return super().answer(request, responses)

    class Observing(Counting):
        def on_call(self, details: CallDetails) -> None:
            ran.append(_running())

    rules = RuleRegistry()
    rules.add(id="emits", flavor=task, event_type="e", emit="done")
    rules.add(id="last", flavor=task, event_type="e", execute=lambda uow: None)

    process(rules, events(25), observers=[Observing()], connectors=[Noting()])

    assert ran == [None] * 28


@pytest.mark.parametrize("method", ["batch", "step", "call", "on_batch", "is_enabled"])
def test_an_observer_that_raises_does_no_harm(method: str, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Watching):
        def __getattribute__(self, name: str) -> Any:
            if name == method:
                if name == "is_enabled":
                    raise ValueError("broken")
                return self._raise
            return super().__getattribute__(name)

        def _raise(self, details: Any) -> Any:
            raise ValueError("broken")

    rules = RuleRegistry()
    rules.add(id="r", flavor=task, event_type="e", execute=lambda uow: {"name": NAME.get()}, emit="done")
    watching = Watching()

    outcome = process(rules, events(), observers=[Broken(), watching])

    assert [result.uow["result"]["name"] for result in outcome.results] == [f"r {n}" for n in range(3)]
    assert caplog.text.count("broken") == 1
    assert watching.seen[-1] == "end"


@pytest.mark.parametrize("exit_raises", [True, False])
def test_a_context_that_cannot_be_entered_or_left_does_no_harm(
    exit_raises: bool, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Watching):
        @contextmanager
        def step(self, details: StepDetails) -> Iterator[None]:
            if not exit_raises:
                raise ValueError("broken")
            yield
            raise ValueError("broken")

    rules = RuleRegistry()
    rules.add(id="r", flavor=task, event_type="e", execute=lambda uow: 1)

    outcome = process(rules, events(), observers=[Broken()])

    assert len(outcome.results) == 3
    assert caplog.text.count("failed: ValueError('broken')") >= 1


def test_an_observer_that_hangs_is_cut_off_and_the_response_goes_out() -> None:
    class Hanging(Watching):
        @contextmanager
        def step(self, details: StepDetails) -> Iterator[None]:
            time.sleep(30)
            yield

        def on_batch(self, summary: BatchSummary) -> None:
            time.sleep(30)

        def batch(self, details: BatchDetails) -> Any:
            return self

        def __enter__(self) -> None: ...

        def __exit__(self, *error: object) -> None:
            time.sleep(30)

    class Context:
        def get_remaining_time_in_millis(self) -> int:
            return 400

    rules = RuleRegistry()
    rules.add(id="r", flavor=task, event_type="e", execute=lambda uow: 1)
    started = time.monotonic()

    outcome = process(rules, events(), observers=[Hanging()], context=Context(), timeout_margin=0.2)

    assert len(outcome.response()["batchItemFailures"]) == 3
    assert time.monotonic() - started < 1


def test_steps_are_seen_on_another_thread_with_a_deadline_too() -> None:
    class Context:
        def get_remaining_time_in_millis(self) -> int:
            return 10_000

    rules = RuleRegistry()
    rules.add(id="r", flavor=task, event_type="e", execute=lambda uow: NAME.get())
    results: list[Any] = []

    def work() -> None:
        outcome = process(rules, events(), observers=[Watching()], context=Context())
        results.extend(result.uow["result"] for result in outcome.results)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert results == ["r 0", "r 1", "r 2"]


def test_a_record_handler_is_a_step_without_an_event() -> None:
    from aws_lambda_powertools.utilities.batch import EventType, process_partial_response

    names: list[str] = []
    watching = Watching()
    processor = StreamProcessor(EventType.SQS, observers=[watching])

    process_partial_response(events(1), lambda record: names.append(NAME.get()), processor)

    assert names == ["record_handler -"]
    assert watching.summary is not None
    assert (watching.summary.matched, watching.summary.runs) == (1, {"record_handler": 1})


def test_a_nested_processor_has_steps_of_its_own() -> None:
    inner_rules = RuleRegistry()
    inner_rules.add(id="inner", flavor=task, event_type="e", execute=lambda uow: _running())
    outer_rules = RuleRegistry()

    @outer_rules.register(task)
    def outer(uow: UnitOfWork) -> Any:
        inner = process(inner_rules, events(1), observers=[Counting()])
        return [inner.results[0].uow["result"], _running()]

    outcome = process(outer_rules, events(1), observers=[Counting()])

    assert outcome.results[0].uow["result"] == ["inner", "outer"]


def _running() -> Any:
    running = RUNNING.get()
    details = running.details() if running is not None else None
    return details and details.rule_id


def test_halves_of_a_call_and_its_retries_are_calls_of_their_own() -> None:
    watching = Watching()
    rules = RuleRegistry()

    @rules.register(task, ordered=False)
    def writes(uow: Any) -> Any:
        yield Write(uow.event["n"])

    store = Store()
    StreamProcessor(rules=rules, connectors=[store], observers=[watching]).process_event(numbered(6))

    assert [call.entries for call in watching.calls] == [3, 3]


def test_fault_events_are_calls_of_no_rule() -> None:
    rules = RuleRegistry()
    rules.add(id="r", flavor=task, event_type="e", execute=lambda uow: 1 // 0)

    watching, _ = watched(rules, events(1))

    (call,) = watching.calls
    assert (call.operation, call.rule_ids, call.step) == ("PutEvents", (), None)


def test_requests_that_are_yielded_at_once_are_seen_in_one_call() -> None:
    rules = RuleRegistry()

    @rules.register(task)
    def asks(uow: Any) -> Any:
        yield [PutEvent({"type": "a", "id": "1"}), PutEvent({"type": "b", "id": "2"})]

    watching, outcome = watched(rules, events(1))

    assert outcome.results
    assert [(call.entries, call.rule_ids) for call in watching.calls] == [(2, ("asks",))]
