from __future__ import annotations

from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.expressions import timestamp_condition, update_expression
from powertools_stream.flavors import materialize

rules = RuleRegistry()


# --8<-- [start:sequence]
@rules.register(
    materialize,
    event_type="stock-counted",
    table_name="stock",
    on_condition_failed="ignore",
)
def keep_stock(uow: UnitOfWork) -> dict[str, Any]:
    # Strings of equal length compare like numbers. DynamoDB's numbers hold 38 digits:
    # https://docs.aws.amazon.com/kinesis/latest/APIReference/API_Record.html: to 129.
    sequence = str(uow.record["kinesis"]["sequenceNumber"]).zfill(129)
    return {
        "Key": {"pk": uow.event["partition_key"], "sk": "stock"},
        **update_expression({"count": uow.event["count"], "sequence": sequence}),
        **timestamp_condition("sequence"),
    }


# --8<-- [end:sequence]


# --8<-- [start:fault]
@rules.register(
    materialize,
    event_type="stock-reserved",
    table_name="stock",
    on_condition_failed="fault",
)
def reserve(uow: UnitOfWork) -> dict[str, Any]:
    return {
        "Key": {
            "pk": uow.event["partition_key"],
            "sk": f"reservation.{uow.event['order']}",
        },
        **update_expression({"amount": uow.event["amount"], "event": uow.event["id"]}),
        # There is one reservation per order; the same event may write it again.
        "ConditionExpression": "attribute_not_exists(#event) OR #event = :event",
    }


# --8<-- [end:fault]
