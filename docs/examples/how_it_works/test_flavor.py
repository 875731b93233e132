from __future__ import annotations

from docs.examples.how_it_works.flavor import announce, rules
from powertools_stream import UnitOfWork
from powertools_stream.requests import GetItems, PutEvent
from powertools_stream.testing import drive

CUSTOMER = {"pk": "c-1", "sk": "customer", "name": "Ada"}


def test_the_event_is_published_with_the_name_of_the_customer() -> None:
    uow = UnitOfWork(event={"id": "1", "type": "order-created", "customer_id": "c-1"})

    driven = drive(
        announce,
        uow,
        rules["announce-orders"],
        [{"Responses": {"customers": [CUSTOMER]}}, {"EventId": "e-1"}],
    )

    asked, published = driven.requests
    assert asked == GetItems(
        {"Keys": [{"pk": "c-1", "sk": "customer"}]}, table_name="customers"
    )
    assert isinstance(published, PutEvent)
    assert published.event["customer"] == "Ada"
