"""Internal: what the environment of the function says. Read when it is used, never at import."""

from __future__ import annotations
