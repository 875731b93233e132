import json
from collections.abc import Mapping
from typing import Any

import pytest
from faults import Event, fault
from powertools_stream.requests import PublishMessage, PutEvent
from powertools_stream.testing import run, to_sqs_records

from monitor_rules import metrics, rules, subject


@pytest.fixture(autouse=True)
def no_metrics_of_other_tests() -> None:
    metrics.clear_metrics()


def told(*faults: Event) -> list[Mapping[str, Any]]:
    outcome = run(rules, to_sqs_records(faults))
    return [request.params for request in outcome.requests if isinstance(request, PublishMessage)]


def test_faults_of_one_kind_are_one_message() -> None:
    first, second = told(fault(1), fault(2, disposition="set-aside"), fault(3), fault(4, rule="keep_order"))

    assert first["Subject"] == "3 x KeyError in orders-listener, price_order"
    assert "records   2 reported, 1 set-aside" in first["Message"]
    assert "newest    fault-3" in first["Message"]
    assert first["MessageAttributes"] == {"function": "orders-listener", "rule": "price_order", "error": "KeyError"}
    assert second["Subject"] == "1 x KeyError in orders-listener, keep_order"


def test_a_message_has_nothing_of_the_record() -> None:
    (message,) = told(fault(uow={"record": {"body": "a secret"}, "event": {"password": "a secret"}}))

    assert "a secret" not in str(message)


@pytest.mark.parametrize("name", ["Größenfehler", "An\nError", "E" * 300])
def test_a_subject_is_one_that_sns_accepts(name: str) -> None:
    made = subject(f"1 x {name}")

    assert made.isascii()
    assert made.isprintable()
    assert len(made) < 100


def test_fault_events_are_counted_in_all_and_by_rule(capsys: pytest.CaptureFixture[str]) -> None:
    told(fault(1), fault(2, rule="keep_order"))

    assert metrics.metric_set["FaultEvents"]["Value"] == [1.0, 1.0]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["function"], line["rule"], line["FaultEvents"]) for line in lines] == [
        ("orders-listener", "price_order", [1.0]),
        ("orders-listener", "keep_order", [1.0]),
    ]


def test_a_fault_event_that_fails_here_is_reported_and_not_published_again() -> None:
    broken = fault(1)
    del broken["err"]

    batch = to_sqs_records([broken, fault(2)])
    outcome = run(rules, batch)

    assert outcome.response == {"batchItemFailures": [{"itemIdentifier": batch["Records"][0]["messageId"]}]}
    assert not any(isinstance(request, PutEvent) for request in outcome.requests)
    assert outcome.events == []
