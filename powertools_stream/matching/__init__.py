"""Matching: which units of work a rule is for.

`changed`, `appeared` and `disappeared` make filters for change events; `out_latched`, `out_source_is_self` and
`out_skip` are ready-made filters; `compile_event_pattern` compiles a pattern in EventBridge's language, and is also
useful outside of rules. Each is imported on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from powertools_stream._lazy import export

if TYPE_CHECKING:
    from powertools_stream.matching.changes import appeared as appeared, changed as changed, disappeared as disappeared
    from powertools_stream.matching.event_patterns import (
        EventPattern as EventPattern,
        EventPatternError as EventPatternError,
        compile_event_pattern as compile_event_pattern,
    )
    from powertools_stream.matching.event_types import TypeIndex as TypeIndex
    from powertools_stream.matching.filters import (
        Filter as Filter,
        out_latched as out_latched,
        out_skip as out_skip,
        out_source_is_self as out_source_is_self,
    )

__all__ = export(
    __name__,
    {
        "changes": ("appeared", "changed", "disappeared"),
        "event_patterns": ("EventPattern", "EventPatternError", "compile_event_pattern"),
        "event_types": ("TypeIndex",),
        "filters": ("Filter", "out_latched", "out_skip", "out_source_is_self"),
    },
)
