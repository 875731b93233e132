"""The connector of HTTP services."""

from __future__ import annotations

from powertools_stream.connectors.http.connector import HttpConnector

__all__ = ["CONNECTOR", "HttpConnector"]

CONNECTOR = HttpConnector
