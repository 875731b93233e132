from orders import SUBMITTED_AT, Event, paid, submitted
from powertools_stream.requests import PutEvent, PutItem, Query
from powertools_stream.testing import run, to_dynamodb_records

from trigger_rules import rules


def collected(event: Event) -> Event:
    """Return the row that the listener stores."""
    return {"pk": event["id"], "sk": "EVENT", "discriminator": "EVENT", "data": event["order"]["id"], "event": event}


def correlated(event: Event) -> Event:
    """Return the row that `correlate_orders` stores."""
    return {"pk": event["order"]["id"], "sk": event["id"], "discriminator": "CORREL", "event": event}


def inserted(*rows: Event) -> Event:
    return to_dynamodb_records([{"new_image": row} for row in rows])


def test_collected_events_are_correlated_by_order() -> None:
    outcome = run(rules, inserted(collected(submitted()), collected(paid())))

    assert {type(request) for request in outcome.requests} == {PutItem}
    keys = [(request.params["Item"]["pk"], request.params["Item"]["sk"]) for request in outcome.requests]
    assert keys == [("o-1", "o-1.submitted"), ("o-1", "o-1.paid.1")]


def test_an_order_is_fulfilled_once_whichever_event_comes_last() -> None:
    rows = [correlated(event) for event in (submitted(), paid(), paid(number=2))]

    for last in rows:
        outcome = run(rules, inserted(last), responses={Query: rows})

        (event,) = outcome.events
        assert (event["id"], event["type"], event["partition_key"]) == ("order-fulfilled.o-1", "order-fulfilled", "o-1")
        payment = {"reference": "p-1", "amount": 900}
        assert event["order"] == {"id": "o-1", "customer": "c-1", "total": 900, "payment": payment}


def test_an_order_is_evaluated_once_in_a_batch() -> None:
    rows = [correlated(event) for event in (submitted(), paid())]

    outcome = run(rules, inserted(*rows), responses={Query: rows})

    assert [type(request) for request in outcome.requests] == [Query, PutEvent]


def test_an_order_is_not_fulfilled_before_it_is_submitted_and_paid() -> None:
    for events in ([submitted()], [paid()], [paid(), paid(number=2)]):
        rows = [correlated(event) for event in events]

        assert run(rules, inserted(*rows), responses={Query: rows}).events == []


def test_an_order_expires_when_its_row_is_removed_after_its_time() -> None:
    due = SUBMITTED_AT // 1000 + 3 * 24 * 60 * 60
    row = {**collected(submitted()), "ttl": due, "expire": True}
    removals = [{"old_image": row, "timestamp": removed} for removed in (due - 1, due)]

    outcome = run(rules, to_dynamodb_records(removals))

    (event,) = outcome.events
    assert (event["type"], event["order"]["id"]) == ("order-submitted-expired", "o-1")
