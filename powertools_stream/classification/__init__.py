"""What an error means for the record that it belongs to, told by its class, its code and its status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from powertools_stream._lazy import export

if TYPE_CHECKING:
    from powertools_stream.classification.reasons import *

__all__ = export(
    __name__,
    {
        "reasons": (
            "Retryable",
            "classify",
            "error_code",
            "is_configuration_error",
            "is_invalid_request",
            "is_retryable",
        ),
    },
)
