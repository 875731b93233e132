from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from docs.examples.connectors.languages import ComprehendConnector, DetectLanguage
from powertools_stream.connectors import Clients, Connector
from powertools_stream.requests import Request
from powertools_stream.testing import ConnectorSuite, ScriptedEndpoint


def detect(operation: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    german = {"LanguageCode": "de", "Score": 0.9}
    texts = list(enumerate(body["TextList"]))
    results = [
        {"Index": place, "Languages": [german]}
        for place, text in texts
        if text not in ("?", "…")
    ]
    errors = [
        {"Index": place, "ErrorCode": "Unknown", "ErrorMessage": "Which?"}
        for place, text in texts
        if text == "?"
    ]
    return 200, {"ResultList": results, "ErrorList": errors}


class TestComprehendConnector(ConnectorSuite):
    @pytest.fixture(autouse=True)
    def service(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        with ScriptedEndpoint({"BatchDetectDominantLanguage": detect}) as endpoint:
            monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint.url)
            yield

    def connector(self) -> Connector:
        return ComprehendConnector(Clients())

    def sample_requests(self) -> Sequence[Request]:
        return [DetectLanguage("Guten Tag"), DetectLanguage("Auf Wiedersehen")]

    def failing_requests(self) -> Sequence[Request]:
        return [DetectLanguage("Guten Tag"), DetectLanguage("?")]

    def unproven_requests(self) -> Sequence[Request]:
        return [DetectLanguage("…")]

    def unsendable_requests(self) -> Sequence[Request]:
        return [DetectLanguage("")]
