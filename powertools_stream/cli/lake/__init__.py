"""Events that were stored: in a lake in S3, in files, in a queue. What `faults` and `events` read."""

from __future__ import annotations

from powertools_stream.cli.lake.base import Lake
from powertools_stream.cli.lake.claims import ClaimError
from powertools_stream.cli.lake.lakes import LOCATION_HELP, open_lake
from powertools_stream.cli.lake.once import Seen, unique
from powertools_stream.cli.lake.selection import Selection
from powertools_stream.cli.lake.stored import StoredEvent

__all__ = ["LOCATION_HELP", "ClaimError", "Lake", "Seen", "Selection", "StoredEvent", "open_lake", "unique"]
