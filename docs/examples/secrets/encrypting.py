from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import (
    FieldEncryption,
    RuleRegistry,
    UnitOfWork,
    stream_processor,
)
from powertools_stream.flavors import task

rules = RuleRegistry()


# --8<-- [start:encrypting]
@rules.register(task, event_type="order-created", emit="receipt-wanted")
def want_receipt(uow: UnitOfWork) -> dict[str, Any]:
    return {"to": {"name": "Ann", "email": uow.event["customer"]["email"]}}


encrypt = FieldEncryption(
    fields=("email", "card"),
    key_alias="alias/shop",
    regions=("eu-west-1", "eu-central-1"),
)


@stream_processor(rules=rules, encrypt=encrypt)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """The decorator returns the response to Lambda."""


# --8<-- [end:encrypting]
