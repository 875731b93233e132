"""The compaction settings of a rule: the records of a group become one unit of work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import ConfigDict

from powertools_stream.rules.binding import UserFunction, bind_filter
from powertools_stream.rules.paths import check_path, path_reader

__all__ = ["Compact", "bind_compact"]


@dataclass(frozen=True, slots=True)
class Compact:
    """How records are compacted: those with the same group key become one unit of work, that of the newest.

    Parameters
    ----------
    group_key
        A path into the unit of work, or a function of it. A record without one stays alone. None: the flavor's default,
        in most cases the event's partition key.
    sort_key
        A path or a function too: the record with the greatest value is the newest; of equal ones, the last.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")  # applies if it is given as a dict

    group_key: str | UserFunction | None = None
    sort_key: str | UserFunction = "event.timestamp"


def bind_compact(compact: Compact, rule: Any) -> Compact:
    """Return a copy with functions in place of paths."""

    def bound(key: str | UserFunction, field: str) -> UserFunction:
        if isinstance(key, str):
            check_path(key, rule_id=rule.id, field=field)
            return path_reader(key)
        return bind_filter(key, rule, field)

    return Compact(
        group_key=bound(compact.group_key or rule.compact_group_key, "compact.group_key"),
        sort_key=bound(compact.sort_key, "compact.sort_key"),
    )
