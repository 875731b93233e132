"""The calls that 100 records of each flavor make; the benchmark measures how long they take."""

from __future__ import annotations

from collections import Counter
from types import ModuleType

import pytest

from powertools_stream.testing import ScriptedEndpoint
from tests.bench.cases import Case, environment
from tests.bench.contestants import flavors, replay
from tests.bench.script import SCRIPT

_CALLS = {
    "task": {"PutEvents": 10},
    "collect": {"BatchWriteItem": 4},
    "correlate": {"BatchWriteItem": 4},
    "evaluate": {"Query": 50, "PutEvents": 10},
    "expired": {"PutEvents": 10},
    "materialize": {"UpdateItem": 100},
    "materialize, compact": {"UpdateItem": 10},
    "update": {"Query": 100, "BatchGetItem": 1, "UpdateItem": 200},
    "cdc, with a get": {"BatchGetItem": 1, "PutEvents": 10},
    "job": {"Scan": 4, "PutEvents": 12},
}


def test_every_flavor_is_measured() -> None:
    assert set(flavors.FLAVORS) == set(_CALLS)


@pytest.mark.parametrize("flavor", flavors.FLAVORS)
@pytest.mark.parametrize("contestant", [flavors, replay], ids=["the flavor", "its replay"])
def test_100_records_of_a_flavor_make_as_few_calls_as_they_allow(
    contestant: ModuleType, flavor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedEndpoint(SCRIPT) as endpoint:
        for name, value in environment(endpoint.url).items():
            monkeypatch.setenv(name, value)
        handler = contestant.prepare(Case("flavors", "flavor", 100, form=flavor))

        # A warm start makes the same calls.
        for _ in range(2):
            endpoint.clear()
            handler({})

            assert Counter(operation for operation, _ in endpoint.calls) == _CALLS[flavor]
