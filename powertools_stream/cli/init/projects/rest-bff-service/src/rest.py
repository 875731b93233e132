"""The API: takes commands, which it writes into the table, and shows what became of them."""

from http import HTTPStatus
from typing import Annotated, Any, Literal, Never

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response, content_types
from aws_lambda_powertools.event_handler.exceptions import NotFoundError, ServiceError
from aws_lambda_powertools.event_handler.openapi.params import Path
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel

import table
from orders import ConflictError, Id, Line, NewOrder, Payment, Row, check_paid, check_submitted

logger = Logger()
app = APIGatewayHttpResolver(enable_validation=True)

OrderId = Annotated[Id, Path()]


class Order(BaseModel):
    """An order as the API shows it."""

    id: str
    status: Literal["submitted", "paid", "fulfilled", "expired"]
    customer: str
    lines: list[Line]
    total: int
    payment: Payment | None = None


@app.post("/orders")
def submit_order(order: NewOrder) -> Response[Order]:
    """Take an order. The same order again, under the same id, is the same order, and gets the same response."""
    if table.insert(order):
        count("OrdersSubmitted")
    else:
        check_submitted(row_of(order.id), order)
    return response(HTTPStatus.CREATED, order.id, {"Location": f"/orders/{order.id}"})


@app.post("/orders/<order_id>/payment")
def pay_order(order_id: OrderId, payment: Payment) -> Response[Order]:
    """Take the payment of an order. The same payment again gets the same response."""
    if table.pay(order_id, payment):
        count("OrdersPaid")
    else:
        check_paid(row_of(order_id), payment)
    return response(HTTPStatus.CREATED, order_id)


@app.get("/orders/<order_id>")
def get_order(order_id: OrderId) -> Response[Order]:
    """Show an order."""
    return response(HTTPStatus.OK, order_id)


@app.exception_handler(ConflictError)  # type: ignore[untyped-decorator]
def conflict(error: ConflictError) -> Never:
    raise ServiceError(HTTPStatus.CONFLICT, str(error))


def count(name: str) -> None:
    # Most requests have nothing to count, so that there is no set of metrics for each of them.
    with single_metric(name=name, unit=MetricUnit.Count, value=1):
        pass


def row_of(order_id: str) -> Row:
    row = table.read(order_id)
    if row is None:
        raise NotFoundError(f"There is no order {order_id}.")
    return row


def response(status: HTTPStatus, order_id: str, headers: dict[str, str] | None = None) -> Response[Order]:
    order = Order.model_validate({**row_of(order_id), "id": order_id})
    return Response(status, content_types.APPLICATION_JSON, order, dict(headers or {}))


@logger.inject_lambda_context(correlation_id_path=correlation_paths.API_GATEWAY_HTTP)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
