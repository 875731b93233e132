"""Where `ClaimChecks` was before; import it from `powertools_stream`."""

from __future__ import annotations

from powertools_stream.payloads.claim_checks import ClaimChecks

__all__ = ["ClaimChecks"]
