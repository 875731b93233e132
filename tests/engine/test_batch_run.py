from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

from powertools_stream import UnitOfWork, flavor
from powertools_stream.requests import Call
from powertools_stream.sources import SQSSource
from powertools_stream.testing import run, to_sqs_records
from tests.engine.store import numbered


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
