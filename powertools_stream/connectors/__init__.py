"""Connectors carry out requests: a file or a package for each service. boto3 is imported here only, when first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from powertools_stream._lazy import export

if TYPE_CHECKING:
    from powertools_stream.connectors.base import *
    from powertools_stream.connectors.clients import *
    from powertools_stream.connectors.http import HttpConnector as HttpConnector
    from powertools_stream.connectors.opensearch import OpenSearchConnector as OpenSearchConnector
    from powertools_stream.connectors.service_connector import *
    from powertools_stream.connectors.statuses import (
        PassingStatusError as PassingStatusError,
        StatusError as StatusError,
    )

__all__ = export(
    __name__,
    {
        # For connectors of one's own
        "base": ("Connector", "Entry", "Operation", "Refused"),
        "service_connector": ("ServiceConnector",),
        "clients": ("Clients",),
        # Those with options, and the errors that they raise
        "http": ("HttpConnector",),
        "opensearch": ("OpenSearchConnector",),
        "statuses": ("PassingStatusError", "StatusError"),
    },
)
