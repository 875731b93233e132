from __future__ import annotations

from collections.abc import Generator
from typing import Any

from powertools_stream import RuleRegistry, UnitOfWork
from powertools_stream.flavors import task
from powertools_stream.requests import PublishMessage

rules = RuleRegistry()


# --8<-- [start:task]
@rules.register(task, event_type="order-shipped")
def announce(uow: UnitOfWork) -> Generator[Any, Any, str]:
    order = uow.event["order"]
    message = {
        "Message": uow.event,
        "Subject": f"Order {order['id']} is on its way",
        "MessageAttributes": {
            "type": uow.event["type"],
            "total": order["total"],
            "regions": order["regions"],
        },
    }
    answer = yield PublishMessage(
        message, topic_arn="arn:aws:sns:eu-central-1:123456789012:orders"
    )
    return str(answer["MessageId"])


# --8<-- [end:task]


# --8<-- [start:phone]
@rules.register(task, event_type="delivery-announced")
def send_text_message(uow: UnitOfWork) -> Generator[Any, Any, None]:
    delivery = uow.event["delivery"]
    yield PublishMessage(
        {"PhoneNumber": delivery["phone"], "Message": f"We come at {delivery['time']}."}
    )


# --8<-- [end:phone]
