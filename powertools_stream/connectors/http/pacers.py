"""What the calls to each host wait for: kept for the hosts that are called, not for all that were ever called."""

from __future__ import annotations

import threading
import time
from weakref import WeakValueDictionary

from powertools_stream.call_options import Pacer, Rate

__all__ = ["MAX_IDLE_HOSTS", "HostPacers"]

# A pacer takes about a kilobyte. One whose next turn is free may be made anew: it says nothing that a new one does not.
MAX_IDLE_HOSTS = 1000


class HostPacers:
    """A pacer for each host. Thread-safe.

    Those of the hosts that were called last are kept, and in any case those whose next turn is still to come (by a rate
    or a ``Retry-After``), and those that a call is waiting for.

    Parameters
    ----------
    rate
        How fast the calls to a host may follow each other.
    """

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._kept: dict[str, Pacer] = {}  # the host that was called last is the last one
        self._in_use: WeakValueDictionary[str, Pacer] = WeakValueDictionary()  # by an operation, of whatever call
        self._sweep_at = 2 * MAX_IDLE_HOSTS
        self._lock = threading.Lock()

    def of(self, origin: str) -> Pacer:
        """Return the pacer of a host: ``https://host:port``."""
        with self._lock:
            pacer = self._kept.pop(origin, None) or self._in_use.get(origin)
            if pacer is None:
                pacer = self._in_use[origin] = Pacer(*self._rate)
            self._kept[origin] = pacer
            if len(self._kept) >= self._sweep_at:
                self._sweep()
            return pacer

    def _sweep(self) -> None:
        """Drop the idle ones that were used longest ago."""
        now = time.monotonic()
        idle = [origin for origin, pacer in self._kept.items() if pacer.free_at <= now]
        for origin in idle[:-MAX_IDLE_HOSTS]:
            del self._kept[origin]
        # Not at each call, if all of them have to be kept.
        self._sweep_at = max(2 * MAX_IDLE_HOSTS, 2 * len(self._kept))
