"""Internal: the life of a batch, from its records to what is reported. Nothing here is public."""

from __future__ import annotations
