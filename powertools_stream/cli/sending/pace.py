"""How fast something is sent."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from powertools_stream.cli.status import CannotRunError

__all__ = ["RATE_HELP", "Pace"]

RATE_HELP = "At most so many records a second, a minute or an hour: `10/s`, `300/m`, `5000/h`."
"""What ``--help`` says of such an option."""

_SECONDS = {"s": 1, "m": 60, "h": 3600}
_SLOWEST = 1 / 3600


class Pace:
    """Waits, so that no more is sent than allowed.

    Parameters
    ----------
    per_second
        How many; None: as many as possible.

    Attributes
    ----------
    wait
        Waits for so many seconds, or less, if it is to end.
    """

    def __init__(self, per_second: float | None) -> None:
        self.per_second = per_second
        self.wait: Callable[[float], object] = time.sleep
        self._next = 0.0

    @classmethod
    def of(cls, rate: str | None) -> Pace:
        """Return the pace that an option says.

        Raises
        ------
        CannotRunError
            It says none.
        """
        if rate is None:
            return cls(None)
        found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)(?:/([smh]))?", rate.strip())
        per_second = 0.0 if found is None else float(found[1]) / _SECONDS[found[2] or "s"]
        if per_second < _SLOWEST:
            raise CannotRunError(f"Expected --rate to be like 10/s, 300/m or 5000/h, and 1/h or more, found {rate!r}.")
        return cls(per_second)

    def take(self, count: int) -> None:
        """Wait until so many may be sent. The first ones go at once."""
        if self.per_second is None:
            return
        now = time.monotonic()
        if now < self._next:
            self.wait(self._next - now)
        self._next = max(now, self._next) + count / self.per_second
