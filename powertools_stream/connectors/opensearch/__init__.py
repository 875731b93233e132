"""The connector of OpenSearch."""

from __future__ import annotations

from powertools_stream.connectors.opensearch.connector import OpenSearchConnector

__all__ = ["CONNECTOR", "OpenSearchConnector"]

CONNECTOR = OpenSearchConnector
