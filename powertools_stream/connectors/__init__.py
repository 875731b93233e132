"""Connectors carry out requests: a file or a package for each service. boto3 is imported here only, when first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from powertools_stream._lazy import export

if TYPE_CHECKING:
    from powertools_stream.connectors.base import *
    from powertools_stream.connectors.clients import *
    from powertools_stream.connectors.registry import *
    from powertools_stream.connectors.service_connector import *

__all__ = export(
    __name__,
    {
        # For connectors of one's own
        "base": ("Connector", "Entry", "Operation", "Refused"),
        "service_connector": ("ServiceConnector",),
        "clients": ("Clients",),
        # For the engine
        "registry": ("ConnectorRegistry",),
    },
)
