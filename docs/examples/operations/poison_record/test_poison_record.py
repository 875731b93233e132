from __future__ import annotations

from docs.examples.operations.poison_record import listener, listener_mended
from docs.examples.operations.poison_record.life import live
from docs.examples.operations.poison_record.shop import Shop
from powertools_stream.local import EmbeddedAWS
from powertools_stream.testing import run, to_sqs_records


def test_a_poison_record_is_told_given_up_on_redriven_and_succeeds() -> None:
    with EmbeddedAWS() as aws:
        steps = dict(live(Shop(aws)))

    told = [line for lines in steps.values() for line in lines]
    errors = [line for line in told if line.startswith("ERROR")]
    assert [line.partition("attempt ")[2][0] for line in errors] == ["1", "2", "3"]
    assert len([line for line in told if line.startswith("bus      fault")]) == 1
    assert steps["is-given-up-on"] == ["queues   0 in orders, 1 in dead-letters"]
    # The rule that had succeeded has not run again, neither for the second and third
    # delivery nor for the redrive.
    assert (
        len([line for line in told if "Label printed (print_label, order-2" in line])
        == 1
    )
    assert "RulesSkipped" in "".join(steps["is-redriven"])
    assert "bus      receipt-sent for order-2, to the parcel" in steps["is-redriven"]
    assert steps["is-redriven"][-1] == "queues   0 in orders, 0 in dead-letters"


# --8<-- [start:mended]
def test_the_mended_rules_take_the_record_of_the_fault_event() -> None:
    event = to_sqs_records(
        [{"type": "order-paid", "partition_key": "order-2", "customer": {}}]
    )
    (fault,) = run(listener.rules, event).faults
    assert fault.event is not None

    outcome = run(listener_mended.rules, {"Records": [fault.event["uow"]["record"]]})

    assert outcome.faults == []
    assert [event["to"] for event in outcome.events] == ["the parcel"]


# --8<-- [end:mended]
