"""What becomes of events that are large, on their way out: their values are compressed, or they are left at S3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from powertools_stream.requests.request import content_of, with_content

if TYPE_CHECKING:
    from powertools_stream.payloads.claim_checks import ClaimChecks, Deposit
    from powertools_stream.payloads.compression import Compression
    from powertools_stream.requests import Request

__all__ = ["LargeEvents"]


class LargeEvents:
    """What the processor says of large events.

    Parameters
    ----------
    claim_checks
        Where events are left that are too large to be sent; None: nowhere.
    compression
        Which values of events are compressed; None: none.
    """

    def __init__(self, claim_checks: ClaimChecks | None, compression: Compression | None) -> None:
        self._claim_checks = claim_checks
        self._compression = compression

    def compressed(self, request: Request) -> Request:
        """Return the request with the large values of its event compressed."""
        event = content_of(request) if self._compression is not None else None
        if event is None or self._compression is None:
            return request
        compressed = self._compression.compressed(event)
        return request if compressed is event else with_content(request, compressed)

    def deposited(self, request: Request) -> Deposit[Request] | None:
        """Return what is sent in place of a request whose event is too large for it; None: there is nothing else."""
        return self._claim_checks.in_place_of(request) if self._claim_checks is not None else None
