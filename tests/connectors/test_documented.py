from __future__ import annotations

from docs.examples.connectors.test_connectors import TestGeocodingConnector
from docs.examples.connectors.test_languages import TestComprehendConnector

__all__ = ["TestComprehendConnector", "TestGeocodingConnector"]
