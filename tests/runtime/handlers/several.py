"""A function that receives from several sources, each in its own form, and needs no AWS."""

from __future__ import annotations

import os
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import firehose_transform, task

logger = Logger(service="under-test")
rules = RuleRegistry()
seen: list[str] = []


@rules.register(task, event_type=["order-created", "object-created", "Object Created"])
def note(uow: UnitOfWork) -> None:
    if uow.event.get("fail"):
        raise ValueError("no")
    seen.append(uow.event["type"])


@rules.register(firehose_transform, event_type="line")
def shout(uow: UnitOfWork) -> str:
    return str(uow.event["text"]).upper()


@rules.register(task, event_type="PreSignUp_SignUp", result_key="response")
def confirm(uow: UnitOfWork) -> dict[str, Any]:
    if uow.event["userName"] == "mallory":
        raise PermissionError("not mallory")
    return {"autoConfirmUser": True}


@stream_processor(rules=rules, logger=logger)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any] | None:
    # Cognito and Firehose accept no other fields.
    if "triggerSource" in event or "deliveryStreamArn" in event:
        return None
    noted = {"pid": os.getpid(), "seen": list(seen)}
    seen.clear()
    return noted
