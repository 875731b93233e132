from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task

rules = RuleRegistry()


# --8<-- [start:handler]
@rules.register(task, event_type="PreSignUp_SignUp", result_key="response")
def confirm_staff(uow: UnitOfWork) -> dict[str, Any]:
    email = uow.event["request"]["userAttributes"]["email"]
    return {"autoConfirmUser": email.endswith("@example.com")}


@rules.register(
    task, event_type="PostConfirmation_ConfirmSignUp", emit="user-confirmed"
)
def tell_others(uow: UnitOfWork) -> dict[str, Any]:
    return {"user": uow.event["userName"]}


@stream_processor(rules=rules)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """The decorator returns the event to Cognito, with the response of the rules."""


# --8<-- [end:handler]
