"""Which folders of a lake may hold what is selected, by the time in their names."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from powertools_stream.cli.lake.moments import HOUR
from powertools_stream.cli.lake.selection import Selection

__all__ = ["EARLY", "may_hold"]

EARLY = HOUR
"""How much earlier than at its ``timestamp`` an event may seem to have been stored, in ms: clocks differ, and an object
is named by the first of its records, which Firehose holds for 15 minutes at most.

https://docs.aws.amazon.com/firehose/latest/dev/buffering-hints.html
"""

_ZONE = 14 * HOUR
"""The hours of a folder may be of any time zone: Firehose has a setting for it."""

# `2026/11/29/22/`, `year=2026/month=11/day=29/`, `dt=2026-11-29/`. A year alone might be any number.
_PART = r"[/-](?:[A-Za-z_]+=)?(\d\d)"
_DATE = re.compile(rf"(?<!\d)((?:19|20)\d\d){_PART}(?:{_PART}(?:{_PART})?)?/$")


def may_hold(folder: str, selection: Selection) -> bool:
    """Tell whether what is selected may lie in a folder. One whose name tells no time may hold anything.

    Parameters
    ----------
    folder
        Its path, with a slash at its end: ``"faults/2026/11/29/22/"``.
    """
    span = _span(folder)
    if span is None:
        return True
    begin, end = span
    is_over = selection.since is not None and end + EARLY + _ZONE <= selection.since
    is_later = selection.until is not None and begin - selection.late - _ZONE >= selection.until
    return not is_over and not is_later


def _span(folder: str) -> tuple[int, int] | None:
    found = _DATE.search(folder)
    if found is None:
        return None
    parts = [int(part) for part in found.groups() if part is not None]
    try:
        begin = datetime(*(parts + [1] * (3 - len(parts))), tzinfo=timezone.utc)  # type: ignore[misc, arg-type]
        return _milliseconds(begin), _milliseconds(_NEXT[len(parts)](begin))
    except (ValueError, OverflowError):
        return None


_NEXT: dict[int, Callable[[datetime], datetime]] = {
    2: lambda begin: (begin + timedelta(days=31)).replace(day=1),
    3: lambda begin: begin + timedelta(days=1),
    4: lambda begin: begin + timedelta(hours=1),
}


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
