"""Simulates a payment provider: slow, sometimes busy, and reached by a blocking call.

Like a real provider's sandbox it has test cards: ``busy-once`` and ``busy-twice`` are
refused once and twice.
"""

from __future__ import annotations

import time
from collections import Counter
from threading import Lock

from powertools_stream import RetryableError

__all__ = ["authorize"]

_REFUSALS = {"busy-once": 1, "busy-twice": 2}
_SECONDS = 0.01

_attempts: Counter[str] = Counter()
_lock = Lock()


def authorize(order_id: str, card: str, amount: int) -> str:
    """Authorize a payment (cents), and return the reference: one for the same order."""
    time.sleep(_SECONDS)
    with _lock:
        _attempts[order_id] += 1
        attempt = _attempts[order_id]
    if attempt <= _REFUSALS.get(card, 0):
        raise RetryableError(f"The payment provider is busy (attempt {attempt}).")
    return f"payment-{order_id}-{amount}"
