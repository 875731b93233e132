"""The connector of CloudWatch."""

from __future__ import annotations

from powertools_stream.connectors.cloudwatch.connector import CloudWatchConnector

__all__ = ["CONNECTOR", "CloudWatchConnector"]

CONNECTOR = CloudWatchConnector
