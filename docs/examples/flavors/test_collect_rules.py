from __future__ import annotations

from docs.examples.flavors.collect_rules import rules
from powertools_stream.testing import run, to_kinesis_records

NOW = 1_767_225_600_000


# --8<-- [start:collect]
def test_an_order_is_stored_under_its_id_with_the_key_that_correlates_it() -> None:
    order = {
        "id": "e-1",
        "type": "order-created",
        "timestamp": NOW,
        "order": {"id": "o-1"},
    }

    outcome = run(rules, to_kinesis_records([order]))

    (put,) = outcome.requests
    item = put.params["Item"]
    assert (item["pk"], item["sk"], item["data"]) == ("e-1", "EVENT", "o-1")
    assert item["ttl"] == NOW // 1000 + 3 * 24 * 60 * 60
    assert item["expire"] is True
    assert item["event"]["order"] == {"id": "o-1"}


def test_an_order_without_an_id_is_a_fault_and_no_other_is() -> None:
    events = [
        {"id": "e-1", "type": "order-created", "timestamp": NOW, "order": {}},
        {
            "id": "e-2",
            "type": "payment-authorized",
            "timestamp": NOW,
            "payment": {"order_id": "o-1"},
        },
    ]

    outcome = run(rules, to_kinesis_records(events))

    (fault,) = outcome.faults
    assert "'order.id' holds nothing" in str(fault.error)
    assert [put.params["Item"]["data"] for put in outcome.requests] == ["o-1"]


# --8<-- [end:collect]


def test_only_the_first_visit_is_stored() -> None:
    visit = {
        "id": "e-1",
        "type": "page-visited",
        "timestamp": NOW,
        "visitor": {"id": "v-1"},
    }

    (put,) = run(rules, to_kinesis_records([visit])).requests

    assert put.params["ConditionExpression"] == "attribute_not_exists(pk)"
    assert put.params["Item"]["pk"] == "v-1"
