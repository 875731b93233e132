"""Flavors: what a rule does. A flavor asks for I/O by yielding requests, and the engine carries them out.

Each is imported when it is first used, so that a function pays for the flavors of its rules only.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from powertools_stream.flavors.cdc import CdcRule, cdc
    from powertools_stream.flavors.collect import CollectRule, collect
    from powertools_stream.flavors.correlate import CorrelateRule, correlate
    from powertools_stream.flavors.emitting import emitted, publish_all
    from powertools_stream.flavors.evaluate import EvaluateRule, evaluate
    from powertools_stream.flavors.expired import ExpiredRule, expired
    from powertools_stream.flavors.job import JobRule, job
    from powertools_stream.flavors.materialize import MaterializeRule, materialize
    from powertools_stream.flavors.steps import PublishingRule, call, get_items, publish, split
    from powertools_stream.flavors.tables import SplittingRule, TableRule, UpdatingRule
    from powertools_stream.flavors.task import TaskRule, task
    from powertools_stream.flavors.update import UpdateRule, update

__all__ = [
    # Flavors, each with the model of its rules.
    "CdcRule",
    "cdc",
    "CollectRule",
    "collect",
    "CorrelateRule",
    "correlate",
    "EvaluateRule",
    "evaluate",
    "ExpiredRule",
    "expired",
    "JobRule",
    "job",
    "MaterializeRule",
    "materialize",
    "TaskRule",
    "task",
    "UpdateRule",
    "update",
    # The steps that they are made of, for flavors of one's own.
    "PublishingRule",
    "SplittingRule",
    "TableRule",
    "UpdatingRule",
    "call",
    "emitted",
    "get_items",
    "publish",
    "publish_all",
    "split",
]

_MODULES = {
    "CdcRule": "cdc",
    "CollectRule": "collect",
    "CorrelateRule": "correlate",
    "EvaluateRule": "evaluate",
    "ExpiredRule": "expired",
    "JobRule": "job",
    "MaterializeRule": "materialize",
    "PublishingRule": "steps",
    "SplittingRule": "tables",
    "TableRule": "tables",
    "TaskRule": "task",
    "UpdateRule": "update",
    "UpdatingRule": "tables",
    "call": "steps",
    "cdc": "cdc",
    "collect": "collect",
    "correlate": "correlate",
    "emitted": "emitting",
    "evaluate": "evaluate",
    "expired": "expired",
    "get_items": "steps",
    "job": "job",
    "materialize": "materialize",
    "publish": "steps",
    "publish_all": "emitting",
    "split": "steps",
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
