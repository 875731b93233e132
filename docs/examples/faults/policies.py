from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import (
    FaultPolicy,
    RetryableError,
    RuleRegistry,
    UnitOfWork,
    stream_processor,
)
from powertools_stream.flavors import task

rules = RuleRegistry()


# --8<-- [start:publish]
@rules.register(task, event_type="thumbnail-requested", on_fault=FaultPolicy.PUBLISH)
def make_thumbnail(uow: UnitOfWork) -> dict[str, Any]:
    """A picture that cannot be read is set aside; later ones do not wait for it."""
    return {"thumbnail": shrink(uow.event["picture"])}


# --8<-- [end:publish]


# --8<-- [start:retryable]
@rules.register(task, event_type="payment-requested")
def take_payment(uow: UnitOfWork) -> dict[str, Any]:
    payment = uow.event["payment"]
    if payment["bank"] == "closed":
        # Reported, but no fault event: the next attempt may succeed.
        raise RetryableError("The bank is closed.")
    return {"receipt": payment["amount"]}


# --8<-- [end:retryable]


def shrink(picture: str) -> str:
    if not picture.startswith("data:image/"):
        raise ValueError("Expected a picture as a data URL.")
    return picture[:32]


@stream_processor(rules=rules, bus_name="orders")
def handler(event: dict[str, Any], context: LambdaContext) -> None: ...
