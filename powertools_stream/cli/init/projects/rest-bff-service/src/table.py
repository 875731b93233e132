"""The table of orders, as the API reads and writes it: one row for each order."""

import os
import time
from functools import cache
from typing import Any

import boto3
from boto3.dynamodb.conditions import Attr
from powertools_stream.expressions import update_expression

from orders import NewOrder, Payment, Row


def insert(order: NewOrder) -> bool:
    """Store a new order, and return whether its id was free."""
    row = {**order.model_dump(exclude={"id"}), "total": order.total, "status": "submitted"}
    try:
        _table().put_item(Item={**key_of(order.id), **row, **_command()}, ConditionExpression=Attr("pk").not_exists())
    except _table().meta.client.exceptions.ConditionalCheckFailedException:
        return False
    return True


def pay(order_id: str, payment: Payment) -> bool:
    """Store the payment of an order, and return whether the order was there, open, and of this amount."""
    # A listener may have latched the row: what a command changes is to be published again.
    row = {"payment": payment.model_dump(), "status": "paid", "latched": None, **_command()}
    condition = Attr("status").eq("submitted") & Attr("total").eq(payment.amount)
    try:
        _table().update_item(Key=key_of(order_id), **update_expression(row), ConditionExpression=condition)
    except _table().meta.client.exceptions.ConditionalCheckFailedException:
        return False
    return True


def read(order_id: str) -> Row | None:
    """Return the row of an order, as it is after all writes before."""
    row: Row | None = _table().get_item(Key=key_of(order_id), ConsistentRead=True).get("Item")
    return row


def key_of(order_id: str) -> dict[str, str]:
    return {"pk": order_id, "sk": "order"}


def _command() -> Row:
    """Return what every command writes: from it the trigger tells the event's type and time, and replicas apart."""
    return {
        "discriminator": "order",
        "timestamp": time.time_ns() // 1_000_000,
        "awsregion": os.environ["AWS_REGION"],
    }


@cache
def _table() -> Any:
    return boto3.resource("dynamodb").Table(os.environ["ENTITY_TABLE_NAME"])
