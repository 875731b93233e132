"""The connector of S3."""

from __future__ import annotations

from powertools_stream.connectors.s3.connector import S3Connector

__all__ = ["CONNECTOR", "S3Connector"]

CONNECTOR = S3Connector
