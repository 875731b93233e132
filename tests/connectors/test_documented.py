from __future__ import annotations

from docs.examples.connectors.test_connectors import TestGeocodingConnector

__all__ = ["TestGeocodingConnector"]
