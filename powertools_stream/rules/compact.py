"""The compaction settings of a rule: the records of a group become one unit of work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import ConfigDict

from powertools_stream.payloads.parsing import milliseconds
from powertools_stream.rules.binding import UserFunction, bind_filter
from powertools_stream.rules.paths import check_path, path_reader

__all__ = ["Compact", "bind_compact"]

_TIMESTAMP = "event.timestamp"


@dataclass(frozen=True, slots=True)
class Compact:
    """How records are compacted: those with the same group key become one unit of work, that of the newest.

    Parameters
    ----------
    group_key
        A path into the unit of work, or a function of it. A record without one stays alone. None: the flavor's default,
        in most cases the event's partition key.
    sort_key
        A path or a function as well: the greatest value is the newest, and of equal ones the last. Numbers come after
        text, and both after a record without one; a record with anything else fails, alone. By default the event's
        timestamp: a number of ms, or a time in ISO 8601.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")  # applies if it is given as a dict

    group_key: str | UserFunction | None = None
    sort_key: str | UserFunction = _TIMESTAMP


def bind_compact(compact: Compact, rule: Any) -> Compact:
    """Return a copy with functions in place of paths."""

    def bound(key: str | UserFunction, field: str) -> UserFunction:
        if isinstance(key, str):
            check_path(key, rule_id=rule.id, field=field)
            return path_reader(key)
        return bind_filter(key, rule, field)

    by_time = compact.sort_key == _TIMESTAMP
    return Compact(
        group_key=bound(compact.group_key or rule.compact_group_key, "compact.group_key"),
        sort_key=_time_reader(rule.id) if by_time else bound(compact.sort_key, "compact.sort_key"),
    )


def _time_reader(rule_id: str) -> UserFunction:
    """Return what reads the time of a unit of work's event: as text sorts, tomorrow in Tokyo is before today in UTC."""
    read = path_reader(_TIMESTAMP)

    def time_of(uow: Any) -> Any:
        timestamp = read(uow)
        if not isinstance(timestamp, str):
            return timestamp
        # With dashes: without, the digits of a number of ms may be read as a day in the Middle Ages.
        time = milliseconds(timestamp) if timestamp[4:5] == "-" else None
        if time is None:
            raise TypeError(
                f"Rule {rule_id!r}: expected the event's timestamp, by which 'compact' sorts, to be a number of ms or "
                "a time such as '2026-01-01T00:00:00Z', found other text. Name another 'sort_key', or mend the event."
            )
        return time

    return time_of
