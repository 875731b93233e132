"""What an event is on the wire: JSON, safe JSON, attribute values, compression, claim checks."""

from __future__ import annotations
