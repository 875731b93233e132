"""The calls of records that come again; the benchmark measures how long they take."""

from __future__ import annotations

from collections import Counter

import pytest

from powertools_stream.testing import ScriptedEndpoint
from tests.bench.cases import Case, Job, environment, event_of, totals
from tests.bench.contestants import redelivery
from tests.bench.script import SCRIPT


def _calls(job: Job, form: str, monkeypatch: pytest.MonkeyPatch, records: int = 10) -> dict[str, int]:
    with ScriptedEndpoint(SCRIPT) as endpoint:
        for name, value in environment(endpoint.url).items():
            monkeypatch.setenv(name, value)
        handler = redelivery.prepare(Case("redelivery", job, records, form=form))

        response = handler(event_of(records))

        totals.clear()
        assert response == {"batchItemFailures": []}
        return dict(Counter(operation for operation, _ in endpoint.calls))


def test_checkpoints_cost_nothing_while_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _calls("total", "checkpoints", monkeypatch) == {}


def test_checkpoints_spare_more_calls_on_a_redelivery_than_they_make(monkeypatch: pytest.MonkeyPatch) -> None:
    without = _calls("redeliver", "", monkeypatch)
    having = _calls("redeliver", "checkpoints", monkeypatch)

    assert without == {"UpdateItem": 20}
    assert having == {"UpdateItem": 10, "BatchWriteItem": 1, "BatchGetItem": 1}


# Nobody tells Powertools how much time is left: there is no Lambda context in a bench.
@pytest.mark.filterwarnings("ignore:Couldn't determine the remaining time left")
@pytest.mark.parametrize("form", ["function", "rule"])
def test_an_idempotent_rule_makes_the_calls_of_an_idempotent_function(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _calls("idempotent", form, monkeypatch) == {"PutItem": 10, "UpdateItem": 10}
