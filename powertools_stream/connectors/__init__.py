"""Connectors carry out requests: one module per AWS service. boto3 is imported here only, and when first used."""

from __future__ import annotations

from powertools_stream.connectors.base import Connector, Entry, Operation, Refused
from powertools_stream.connectors.clients import Clients
from powertools_stream.connectors.registry import Connectors

__all__ = [
    # For connectors of one's own
    "Connector",
    "Entry",
    "Operation",
    "Refused",
    # For the engine
    "Clients",
    "Connectors",
]
