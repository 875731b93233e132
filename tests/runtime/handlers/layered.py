"""A function whose library comes from a layer. It publishes, and says where it found what it uses."""

from __future__ import annotations

import sys
from typing import Any

import boto3
import pydantic
from aws_lambda_powertools import Logger

import powertools_stream
from powertools_stream import RuleRegistry, UnitOfWork, stream_processor
from powertools_stream.flavors import task

logger = Logger(service="layered")
rules = RuleRegistry()


@rules.register(task, event_type="order-created", emit="order-accepted")
def accept_order(uow: UnitOfWork) -> dict[str, Any]:
    return {"total": sum(line["price"] for line in uow.event["order"]["lines"])}


@stream_processor(rules=rules, logger=logger)
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return {
        "files": [module.__file__ for module in (powertools_stream, pydantic, boto3)],
        "compiled": powertools_stream.__spec__.cached,
        "path": sys.path,
    }
