"""Flavors: what a rule does. A flavor asks for I/O by yielding requests, and the engine carries them out.

Each is imported when it is first used, so that a function pays for the flavors of its rules only.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from powertools_stream.flavors.alarms import Alarm, alarm_of
    from powertools_stream.flavors.cdc import CdcRule, cdc
    from powertools_stream.flavors.circuit_breaker import CircuitBreakerRule, circuit_breaker
    from powertools_stream.flavors.collect import CollectRule, collect
    from powertools_stream.flavors.correlate import CorrelateRule, correlate
    from powertools_stream.flavors.emitting import emitted, publish_all
    from powertools_stream.flavors.evaluate import EvaluateRule, evaluate
    from powertools_stream.flavors.expired import ExpiredRule, expired
    from powertools_stream.flavors.firehose import (
        FirehoseDropRule,
        FirehoseTransformRule,
        firehose_drop,
        firehose_transform,
    )
    from powertools_stream.flavors.job import JobRule, job
    from powertools_stream.flavors.materialize import MaterializeRule, materialize
    from powertools_stream.flavors.opensearch import OpenSearchRule, elasticsearch, opensearch
    from powertools_stream.flavors.s3 import S3Rule, s3
    from powertools_stream.flavors.sns import SnsRule, sns
    from powertools_stream.flavors.sqs import SqsRule, sqs
    from powertools_stream.flavors.steps import PublishingRule, call, get_items, publish, split
    from powertools_stream.flavors.stream_failover import StreamFailoverRule, stream_failover
    from powertools_stream.flavors.tables import SplittingRule, TableRule, UpdatingRule
    from powertools_stream.flavors.task import TaskRule, task
    from powertools_stream.flavors.update import UpdateRule, update

__all__ = [
    # Flavors, each with the model of its rules.
    "CdcRule",
    "cdc",
    "CircuitBreakerRule",
    "circuit_breaker",
    "CollectRule",
    "collect",
    "CorrelateRule",
    "correlate",
    "EvaluateRule",
    "evaluate",
    "ExpiredRule",
    "expired",
    "FirehoseDropRule",
    "firehose_drop",
    "FirehoseTransformRule",
    "firehose_transform",
    "JobRule",
    "job",
    "MaterializeRule",
    "materialize",
    "OpenSearchRule",
    "elasticsearch",
    "opensearch",
    "S3Rule",
    "s3",
    "SnsRule",
    "sns",
    "SqsRule",
    "sqs",
    "StreamFailoverRule",
    "stream_failover",
    "TaskRule",
    "task",
    "UpdateRule",
    "update",
    # The steps that they are made of, for flavors of one's own.
    "Alarm",
    "PublishingRule",
    "SplittingRule",
    "TableRule",
    "UpdatingRule",
    "alarm_of",
    "call",
    "emitted",
    "get_items",
    "publish",
    "publish_all",
    "split",
]

_MODULES = {
    "Alarm": "alarms",
    "CdcRule": "cdc",
    "CircuitBreakerRule": "circuit_breaker",
    "CollectRule": "collect",
    "CorrelateRule": "correlate",
    "EvaluateRule": "evaluate",
    "ExpiredRule": "expired",
    "FirehoseDropRule": "firehose",
    "FirehoseTransformRule": "firehose",
    "JobRule": "job",
    "MaterializeRule": "materialize",
    "OpenSearchRule": "opensearch",
    "PublishingRule": "steps",
    "S3Rule": "s3",
    "SnsRule": "sns",
    "SplittingRule": "tables",
    "SqsRule": "sqs",
    "StreamFailoverRule": "stream_failover",
    "TableRule": "tables",
    "TaskRule": "task",
    "UpdateRule": "update",
    "UpdatingRule": "tables",
    "alarm_of": "alarms",
    "call": "steps",
    "cdc": "cdc",
    "circuit_breaker": "circuit_breaker",
    "collect": "collect",
    "correlate": "correlate",
    "elasticsearch": "opensearch",
    "emitted": "emitting",
    "evaluate": "evaluate",
    "expired": "expired",
    "firehose_drop": "firehose",
    "firehose_transform": "firehose",
    "get_items": "steps",
    "job": "job",
    "materialize": "materialize",
    "opensearch": "opensearch",
    "publish": "steps",
    "publish_all": "emitting",
    "s3": "s3",
    "sns": "sns",
    "split": "steps",
    "sqs": "sqs",
    "stream_failover": "stream_failover",
    "task": "task",
    "update": "update",
}


class _Flavors(ModuleType):
    def __setattr__(self, name: str, value: Any) -> None:
        # A flavor has the name of its module. Python binds a module to its package once it is imported, which would
        # hide the flavor: the flavor is bound instead.
        super().__setattr__(name, getattr(value, name, value) if isinstance(value, ModuleType) else value)


sys.modules[__name__].__class__ = _Flavors


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
