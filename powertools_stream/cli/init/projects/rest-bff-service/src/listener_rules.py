"""Keeps the status of orders up to date with what other services publish."""

import os
from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.expressions import update_expression
from powertools_stream.flavors import materialize

rules = RuleRegistry()


# A status follows from the one before, so that is the condition, and not which event is
# newer: an expiry is dated when it was due. Events about orders that are not in the
# table change nothing.
@rules.register(materialize, event_type="order-fulfilled")
def fulfil(uow: UnitOfWork) -> dict[str, Any]:
    request = to_status(uow, "fulfilled")
    return {**request, "ConditionExpression": "attribute_exists(pk)"}


# The time of every order is over some day: only one that nobody has paid has expired.
@rules.register(materialize, event_type="order-submitted-expired")
def expire(uow: UnitOfWork) -> dict[str, Any]:
    request = to_status(uow, "expired")
    values = {**request["ExpressionAttributeValues"], ":submitted": "submitted"}
    return {
        **request,
        "ConditionExpression": "#status = :submitted",
        "ExpressionAttributeValues": values,
    }


def to_status(uow: UnitOfWork, status: str) -> dict[str, Any]:
    """Return the update of an order's row. It is latched: the trigger leaves it out."""
    row = {
        "status": status,
        "timestamp": uow.event["timestamp"],
        "latched": True,
        "awsregion": os.environ["AWS_REGION"],
    }
    key = {"pk": uow.event["order"]["id"], "sk": "order"}
    return {"Key": key, **update_expression(row)}
