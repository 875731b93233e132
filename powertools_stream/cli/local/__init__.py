"""``powertools-stream local``: a template runs on this machine."""

from __future__ import annotations
