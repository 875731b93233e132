from __future__ import annotations

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task
from powertools_stream.testing import run, to_sqs_records

rules = RuleRegistry()


@rules.register(task, event_type="order-created")
def reserve(uow: UnitOfWork) -> None: ...


@stream_processor(rules, on_unmatched="fault")
def handler(event: object, context: object) -> None: ...


def test_an_event_that_no_rule_matches_is_a_fault() -> None:
    outcome = run(
        rules, to_sqs_records([{"type": "order_created"}]), on_unmatched="fault"
    )

    assert len(outcome.response["batchItemFailures"]) == 1
    assert "none for one of type 'order_created'" in str(outcome.faults[0].error)
