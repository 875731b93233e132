"""``powertools-stream local``: a template runs on this machine."""

from __future__ import annotations

from powertools_stream.cli.local.command import local

__all__ = ["local"]
