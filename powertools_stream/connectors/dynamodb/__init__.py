"""The connector of DynamoDB."""

from __future__ import annotations

from powertools_stream.connectors.dynamodb.connector import DynamoDBConnector

__all__ = ["CONNECTOR", "DynamoDBConnector"]

CONNECTOR = DynamoDBConnector
