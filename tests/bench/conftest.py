from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _shared_descriptions(_descriptions: None) -> None:
    """Share botocore's descriptions of services with the handlers of all contestants."""
