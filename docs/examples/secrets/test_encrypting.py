from __future__ import annotations

from docs.examples.secrets import encrypting
from powertools_stream import FieldEncryption, RuleRegistry
from powertools_stream.flavors import task
from powertools_stream.testing import run, to_sqs_records


# --8<-- [start:test]
def test_the_address_travels_encrypted_and_a_listener_reads_it() -> None:
    order = {
        "id": "o-1",
        "type": "order-created",
        "customer": {"email": "ann@example.com"},
    }

    outcome = run(encrypting.rules, to_sqs_records([order]), encrypt=encrypting.encrypt)

    (event,) = outcome.events
    assert event["to"]["name"] == "Ann"
    assert event["to"]["email"].startswith("U2FsdGVkX1")
    assert event["eem"]["fields"] == ["email", "card"]

    listener = RuleRegistry()
    listener.add(
        id="send",
        flavor=task,
        event_type="receipt-wanted",
        execute=lambda uow: uow.event["to"]["email"],
    )
    read = run(listener, to_sqs_records([event]), encrypt=FieldEncryption())
    assert read.results[0].uow["result"] == "ann@example.com"


# --8<-- [end:test]
