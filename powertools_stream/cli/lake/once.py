"""Events once each: Firehose, EventBridge and queues deliver at least once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any

from powertools_stream.cli.lake.stored import StoredEvent

__all__ = ["Seen", "unique"]


class Seen:
    """The ids of events that were seen: 16 bytes of each, in all about 100 MB for a million."""

    def __init__(self) -> None:
        self._digests: set[bytes] = set()

    def __len__(self) -> int:
        return len(self._digests)

    def add(self, event: Mapping[str, Any]) -> bool:
        """Note an event, and tell whether it is new."""
        before = len(self._digests)
        self._digests.add(blake2b(str(event["id"]).encode(errors="surrogatepass"), digest_size=16).digest())
        return len(self._digests) > before


def unique(events: Iterable[StoredEvent]) -> Iterator[StoredEvent]:
    """Yield of the events with the same id only the first."""
    seen = Seen()
    return (stored for stored in events if seen.add(stored.event))
