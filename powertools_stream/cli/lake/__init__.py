"""Events that were stored: in a lake in S3, in files, in a queue. What `faults` and `events` read."""

from __future__ import annotations

from powertools_stream.cli.lake.lakes import LOCATION_HELP, Lake, StoredEvent, open_lake
from powertools_stream.cli.lake.selection import Selection

__all__ = ["LOCATION_HELP", "Lake", "Selection", "StoredEvent", "open_lake"]
