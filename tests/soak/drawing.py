"""Draws a program from a seed: mostly small, with a few things that fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import TypeVar

from powertools_stream.testing.envelopes import NOW
from tests.soak import service
from tests.soak.failing import FINAL, HANGING, IN_COROUTINES
from tests.soak.program import (
    CodeFailure,
    PlannedInvocation,
    PlannedOptions,
    PlannedRecord,
    PlannedRule,
    Program,
    ServiceFailure,
)
from tests.soak.sources import SOURCES
from tests.soak.works import WORKS, Work

__all__ = ["draw"]

T = TypeVar("T")

_SOURCES = {
    "sqs": 5, "sqs-fifo": 5, "kinesis": 5, "dynamodb": 4, "kafka": 4, "firehose": 2, "s3": 2, "sns": 2,
    "eventbridge": 1, "pipe-sqs": 1, "pipe-kinesis": 1, "pipe-kafka": 1,
}  # fmt: skip
_STEMS = ("alpha", "beta", "gamma")
_POLICIES = {"report-and-publish": 4, "publish": 5, "report": 1}
_LIMIT = 20_000
"""Bytes of a ``PutEvents`` call, in programs with records that are larger."""


def draw(seed: int) -> Program:
    """Return the program of a seed."""
    return _Drawing(seed).program()


class _Drawing:
    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random = Random(seed)
        self._source_name = self._one_of(_SOURCES)
        self._source = SOURCES[self._source_name]
        self._count = self._random.randint(3, 6)
        # Something hangs in some programs only: each hang takes as long as the invocation.
        self._is_tight = self._chance(0.2)
        self._own_thread = self._is_tight and self._chance(0.15)
        self._has_large_records = self._source.has_payload and self._chance(0.06)

    def program(self) -> Program:
        records = self._records()
        rules = self._rules(records)
        options = self._options()
        program = Program(
            seed=self._seed,
            source=self._source_name,
            records=records,
            rules=rules,
            code=self._code(rules, records),
            service=self._service(records),
            options=options,
            invocations=self._invocations(),
        )
        checkpoint = self._random.choice((None, None, "remembers", "forgets"))
        return replace(program, options=replace(options, checkpoint=checkpoint))

    # -- Records -------------------------------------------------------------------------------------------------------

    def _records(self) -> tuple[PlannedRecord, ...]:
        count = min(self._random.randint(1, 12), self._random.randint(1, 12))
        keys = [f"k{n}" for n in range(self._random.choice((1, 1, 2, 3)))]
        records = [self._record(position, keys) for position in range(count)]
        # All at once, or some later, in the order of their positions.
        if self._chance(0.4):
            arrivals = sorted(self._random.randrange(self._count) for _ in records)
            records = [replace(record, arrives=arrives) for record, arrives in zip(records, arrivals, strict=True)]
        return tuple(records)

    def _record(self, position: int, keys: Sequence[str]) -> PlannedRecord:
        has_payload = self._source.has_payload
        kind = self._one_of({**dict.fromkeys(_STEMS, 5), "": 2, "fault": 0.3})
        has_key = self._source_name == "sqs-fifo" or self._chance(0.9)
        return PlannedRecord(
            position=position,
            kind=kind,
            key=self._random.choice(keys) if has_key else "",
            number=self._random.randrange(4),
            timestamp=NOW + 1000 * (position if self._chance(0.8) else self._random.randrange(12)),
            event_id=self._random.choice((None, f"id-{position}", f"id-{position}", "same-id")),
            malformed=self._random.choice(self._source.malformed) if self._chance(0.08) else None,
            size=25_000 if self._has_large_records and self._chance(0.3) else 0,
            nested=self._random.randint(250, 410) if has_payload and self._chance(0.01) else 0,
            change=self._one_of({"created": 3, "updated": 2, "deleted": 1}),
            latched=self._chance(0.1),
            skipped=self._chance(0.05),
            envelope=self._envelope(),
        )

    def _envelope(self) -> str | None:
        if not self._source.has_payload or self._source_name == "eventbridge" or self._chance(0.8):
            return None
        return self._random.choice(("eventbridge", "sns"))

    # -- Rules ---------------------------------------------------------------------------------------------------------

    def _rules(self, records: Sequence[PlannedRecord]) -> tuple[PlannedRule, ...]:
        types = sorted({self._source.event_type(record) for record in records} - {""}) or ["alpha"]
        count = min(self._random.randint(1, 5), self._random.randint(1, 5))
        return tuple(self._rule(f"rule-{n}", types) for n in range(count))

    def _rule(self, rule_id: str, types: Sequence[str]) -> PlannedRule:
        work = self._random.choice(list(WORKS))
        named = None
        if self._chance(0.6):
            named = tuple(self._random.sample(types, self._random.randint(1, len(types))))
        is_ordered = self._random.choice((True, True, None, False)) if WORKS[work].is_custom else None
        return PlannedRule(
            id=rule_id,
            work=work,
            types=named,
            types_as=self._random.choice(("name", "list", "pattern", "function")),
            every=2 if self._chance(0.15) else 1,
            ordered=self._random.choice((True, False)) if self._chance(0.1) else is_ordered,
            compact=WORKS[work].takes_compact and self._chance(0.12),
            on_fault=self._one_of(_POLICIES) if self._chance(0.2) else None,
            rate=(200, 1.0) if self._chance(0.03) else None,
        )

    # -- What fails ----------------------------------------------------------------------------------------------------

    def _code(self, rules: Sequence[PlannedRule], records: Sequence[PlannedRecord]) -> tuple[CodeFailure, ...]:
        count = self._random.choice((0, 0, 1, 1, 2, 3))
        if self._is_tight:
            count += 1
        drawn = [self._code_failure(self._random.choice(rules), self._random.choice(records)) for _ in range(count)]
        # One for each place.
        return tuple({(one.rule_id, one.ref, one.place): one for one in drawn}.values())

    def _code_failure(self, rule: PlannedRule, record: PlannedRecord) -> CodeFailure:
        work = WORKS[rule.work]
        place = self._one_of({"code": 8, "between": 2, "filter": 1})
        return CodeFailure(
            rule_id=rule.id,
            ref=record.ref,
            place=place,
            kind=self._random.choice(sorted(self._kinds(work, place))),
            times=self._random.choice((1, 1, 1, 2, 99)),
        )

    def _kinds(self, work: Work, place: str) -> frozenset[str]:
        if self._is_tight and self._chance(0.7):
            # What spins on a thread that is left behind takes the interpreter from the next invocation.
            hanging = HANGING - {"spin"} if self._own_thread else HANGING
            in_coroutine = work.in_coroutine and place == "code"
            return hanging if in_coroutine else hanging - IN_COROUTINES
        kinds = FINAL | {"RetryableError"}
        return kinds | {"cancel all"} if work.in_coroutine and place == "code" else kinds

    def _service(self, records: Sequence[PlannedRecord]) -> tuple[ServiceFailure, ...]:
        count = self._random.choice((0, 0, 1, 1, 2, 3))
        return tuple(self._service_failure(records) for _ in range(count))

    def _service_failure(self, records: Sequence[PlannedRecord]) -> ServiceFailure:
        refs = None
        if self._chance(0.6):
            some = self._random.sample(records, self._random.randint(1, min(3, len(records))))
            refs = frozenset(record.ref for record in some)
        on = self._one_of({"writes": 6, "reads": 2, "faults": 2})
        kinds = [kind for kind in service.KINDS if on == "writes" or not kind.startswith("entry")]
        kind = self._random.choice(kinds if on != "faults" else list(service.KINDS))
        times = self._random.choice((1, 1, 2, 4, 99))
        # Each takes its time.
        return ServiceFailure(kind, on, refs, min(times, 2) if kind in ("slow", "silent") else times)

    # -- How the processor is used -------------------------------------------------------------------------------------

    def _options(self) -> PlannedOptions:
        bus = None if self._chance(0.05) else "bus"
        return PlannedOptions(
            on_fault=self._one_of(_POLICIES),
            bus=bus,
            fault_bus="faults" if self._chance(0.2) else None,
            raise_on_entire_batch_failure=self._chance(0.3),
            skip_group_on_error=self._chance(0.8),
            max_workers=self._random.choice((1, 2, 4, 8, 16)),
            max_attempts=self._random.choice((1, 2, 3, 3)),
            compressed=self._chance(0.15),
            keep_results=self._chance(0.7),
            timeout_margin=self._random.choice((1.0, 1.0, 0.15, 0.08)),
            retryable="raises" if self._chance(0.03) else None,
            observer="raises" if self._chance(0.05) else None,
            max_request_bytes=_LIMIT if self._has_large_records else None,
            entry="decorator" if self._chance(0.2) else "process_event",
            own_thread=self._own_thread,
            failing_threads=self._failing_threads(),
            in_lambda=self._chance(0.2),
        )

    def _failing_threads(self) -> tuple[int, ...]:
        if not self._chance(0.06):
            return ()
        return tuple(sorted(self._random.sample(range(6), self._random.randint(1, 4))))

    def _invocations(self) -> tuple[PlannedInvocation, ...]:
        style = "tight" if self._is_tight else self._random.choice(("none", "ample", "ample", "mixed"))
        return tuple(
            PlannedInvocation(self._remaining(style), self._random.choice((1, 3, 12, 12, 12)))
            for _ in range(self._count)
        )

    def _remaining(self, style: str) -> int | None:
        if style == "tight":
            return min(self._random.randint(300, 900), self._random.randint(300, 900))
        if style == "mixed":
            return self._random.choice((None, 400, 30_000))
        return None if style == "none" else 30_000

    # -- Chance --------------------------------------------------------------------------------------------------------

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def _one_of(self, weights: dict[str, float] | dict[str, int]) -> str:
        return self._random.choices(list(weights), list(weights.values()))[0]
