from __future__ import annotations

from collections.abc import Generator
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.expressions import update_expression
from powertools_stream.flavors import materialize, task
from powertools_stream.requests import HttpRequest

rules = RuleRegistry()


# --8<-- [start:rate]
@rules.register(task, event_type="order-paid", rate=(10, 1), ordered=False)
def tell_the_partner(uow: UnitOfWork) -> Generator[Any, Any, int]:
    """The partner accepts ten calls per second."""
    url = "https://partner.example/orders"
    response = yield HttpRequest(
        {"method": "POST", "url": url, "json": uow.event["order"]}
    )
    return int(response.status)


# --8<-- [end:rate]


# --8<-- [start:rates]
@stream_processor(rules=rules, rates={HttpRequest: (50, 1)})
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """The decorator returns the response to Lambda."""


# --8<-- [end:rates]


# --8<-- [start:role]
WRITER = "arn:aws:iam::111122223333:role/order-view-writer"


@rules.register(
    materialize, event_type="order-shipped", table_name="orders", role_arn=WRITER
)
def keep_order(uow: UnitOfWork) -> dict[str, Any]:
    """The table is in the account 111122223333."""
    key = {"pk": uow.event["partition_key"], "sk": "order"}
    return {"Key": key, **update_expression({"status": "SHIPPED"})}


# --8<-- [end:role]
