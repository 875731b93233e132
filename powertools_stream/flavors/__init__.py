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
    from powertools_stream.flavors.materialize import MaterializeRule, materialize
    from powertools_stream.flavors.steps import PublishingRule, call, get_items, publish, split
    from powertools_stream.flavors.task import TaskRule, task

__all__ = [
    # Flavors, each with the model of its rules.
    "CdcRule",
    "cdc",
    "MaterializeRule",
    "materialize",
    "TaskRule",
    "task",
    # The steps that they are made of, for flavors of one's own.
    "PublishingRule",
    "call",
    "get_items",
    "publish",
    "split",
]

_MODULES = {
    "CdcRule": "cdc",
    "MaterializeRule": "materialize",
    "PublishingRule": "steps",
    "TaskRule": "task",
    "call": "steps",
    "cdc": "cdc",
    "get_items": "steps",
    "materialize": "materialize",
    "publish": "steps",
    "split": "steps",
    "task": "task",
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
