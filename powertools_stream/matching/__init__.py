"""Matching: which units of work a rule is for.

`changed`, `appeared` and `disappeared` make filters for change events; `out_latched`, `out_source_is_self` and
`out_skip` are filters as they stand; `compile_event_pattern` compiles a pattern of EventBridge's language, and is of
use outside of rules as well. Each is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from powertools_stream.matching.changes import appeared, changed, disappeared
    from powertools_stream.matching.event_patterns import EventPattern, EventPatternError, compile_event_pattern
    from powertools_stream.matching.event_types import TypeIndex
    from powertools_stream.matching.filters import Filter, out_latched, out_skip, out_source_is_self

__all__ = [
    "EventPattern",
    "EventPatternError",
    "Filter",
    "TypeIndex",
    "appeared",
    "changed",
    "compile_event_pattern",
    "disappeared",
    "out_latched",
    "out_skip",
    "out_source_is_self",
]

_MODULES = {
    "EventPattern": "event_patterns",
    "EventPatternError": "event_patterns",
    "compile_event_pattern": "event_patterns",
    "Filter": "filters",
    "TypeIndex": "event_types",
    "appeared": "changes",
    "changed": "changes",
    "disappeared": "changes",
    "out_latched": "filters",
    "out_skip": "filters",
    "out_source_is_self": "filters",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
