"""Times: how they are given on the command line, and how they are shown. All are UTC."""

from __future__ import annotations

import re
import time
from datetime import datetime, timezone
from typing import Any

from powertools_stream.cli.status import CannotRunError
from powertools_stream.payloads.parsing import milliseconds

__all__ = ["DAY", "HOUR", "duration", "moment", "shown"]

HOUR = 3_600_000
"""In ms, as all that tells time here."""

DAY = 24 * HOUR

_UNITS = {"s": 1_000, "m": 60_000, "h": HOUR, "d": DAY, "w": 7 * DAY}


def moment(given: str) -> int:
    """Return when something is, in ms since 1970.

    Parameters
    ----------
    given
        How long ago, ``2h``; or a time, ``2026-11-29`` or ``2026-11-29T22:00:00Z``. Without an offset, it is UTC.

    Raises
    ------
    CannotRunError
        It is neither.
    """
    ago = _duration(given)
    at = milliseconds(given) if ago is None else int(time.time() * 1000) - ago
    if at is None:
        raise CannotRunError(
            f"Expected a time such as 2026-11-29T22:00:00Z, or how long ago, such as 30m, 2h or 7d, found {given!r}."
        )
    return at


def duration(given: str) -> int:
    """Return how long something takes, ``2h``, in ms.

    Raises
    ------
    CannotRunError
        It tells no time.
    """
    found = _duration(given)
    if found is None:
        raise CannotRunError(f"Expected how long, such as 30m, 2h or 7d, found {given!r}.")
    return found


def shown(at: Any) -> str:
    """Return a time of an event for a table: ``2026-11-29 22:03:14``; a dash if it is none."""
    try:
        return f"{datetime.fromtimestamp(at / 1000, tz=timezone.utc):%Y-%m-%d %H:%M:%S}"
    except (TypeError, ValueError, OverflowError, OSError):
        return "–"


def _duration(given: str) -> int | None:
    found = re.fullmatch(r"(\d{1,6})([smhdw])", given)
    return None if found is None else int(found[1]) * _UNITS[found[2]]
