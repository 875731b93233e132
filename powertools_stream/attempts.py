"""Where `RetryPolicy` and `Pacer` were before; import them from `powertools_stream`."""

from __future__ import annotations

from powertools_stream.call_options import Pacer, RetryPolicy

__all__ = ["Pacer", "RetryPolicy"]
