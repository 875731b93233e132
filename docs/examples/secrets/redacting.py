from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import (
    ClaimChecks,
    FaultPolicy,
    RuleRegistry,
    UnitOfWork,
    stream_processor,
)
from powertools_stream.flavors import task

rules = RuleRegistry()


# --8<-- [start:redacting]
@rules.register(task, event_type="order-created")
def send_receipt(uow: UnitOfWork) -> dict[str, Any]:
    customer = uow.event["customer"]
    raise ValueError(f"{customer['email']} has opted out")


@stream_processor(
    rules=rules,
    redact=["event.customer.email", "event.lines[*].note"],
    claim_checks=ClaimChecks(
        {"shop-claim-checks": "111122223333"}, "shop-claim-checks"
    ),
    on_fault=FaultPolicy.PUBLISH,
)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """The decorator returns the response to Lambda."""


# --8<-- [end:redacting]
