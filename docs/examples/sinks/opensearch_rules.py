from __future__ import annotations

from collections.abc import Generator
from typing import Any

from powertools_stream import RuleRegistry, StreamProcessor, UnitOfWork
from powertools_stream.connectors import Clients
from powertools_stream.connectors.opensearch.connector import OpenSearchConnector
from powertools_stream.flavors import task
from powertools_stream.requests import DeleteDocument, IndexDocument, UpdateDocument

rules = RuleRegistry()


# --8<-- [start:newest]
@rules.register(task, event_type="product-updated")
def index_product(uow: UnitOfWork) -> Generator[Any, Any, str]:
    product = uow.event["product"]
    answer = yield IndexDocument(
        {
            "index": "products",
            "id": product["id"],
            "body": {"name": product["name"], "price": product["price"]},
            # An event that arrives late does not overwrite a newer one.
            "version": uow.event["timestamp"],
            "version_type": "external",
        }
    )
    return answer["result"] if answer else "a newer one is there"


# --8<-- [end:newest]


# --8<-- [start:parts]
@rules.register(task, event_type="product-sold")
def count_sale(uow: UnitOfWork) -> Generator[Any, Any, None]:
    body = {"doc": {"last_sold": uow.event["timestamp"]}, "doc_as_upsert": True}
    yield UpdateDocument(
        {"index": "products", "id": uow.event["product"]["id"], "body": body}
    )


@rules.register(task, event_type="product-deleted")
def forget_product(uow: UnitOfWork) -> Generator[Any, Any, None]:
    yield DeleteDocument({"index": "products", "id": uow.event["product"]["id"]})


# --8<-- [end:parts]


# --8<-- [start:connector]
# A slow domain behind a custom host name, which does not contain the Region.
search = OpenSearchConnector(
    Clients(), domain_host="search.example.com", region_name="eu-central-1", timeout=20
)
processor = StreamProcessor(rules=rules, connectors=[search])
# --8<-- [end:connector]
