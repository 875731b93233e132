"""Internal: requests become calls, and each answer goes to the one who asked. Nothing here is public."""

from __future__ import annotations
