from __future__ import annotations

from collections.abc import Iterator

import pytest

from powertools_stream.local import EmbeddedAWS


@pytest.fixture(scope="module")
def _embedded() -> Iterator[EmbeddedAWS]:
    with EmbeddedAWS() as aws:
        yield aws


@pytest.fixture
def embedded(_embedded: EmbeddedAWS, monkeypatch: pytest.MonkeyPatch) -> EmbeddedAWS:
    # Every test starts with an environment that points nowhere; this one points to the embedded AWS.
    monkeypatch.setenv("AWS_ENDPOINT_URL", _embedded.url)
    monkeypatch.setenv("AWS_REGION", _embedded.region)
    monkeypatch.setenv("AWS_DEFAULT_REGION", _embedded.region)
    _embedded.reset()
    return _embedded
