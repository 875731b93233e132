from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import pytest

from powertools_stream.connectors import Clients, Connector
from powertools_stream.connectors.eventbridge import EventBridgeConnector
from powertools_stream.errors import EntryTooLargeError, InvalidRequestError, RequestFailedError, SettingError
from powertools_stream.requests import PutEvent, Request
from powertools_stream.testing.connector_suite import ConnectorSuite
from powertools_stream.testing.endpoint import Answer, ScriptedEndpoint
from tests.conftest import Aws


class TestContract(ConnectorSuite):
    @pytest.fixture(autouse=True)
    def _service(self, endpoint: ScriptedEndpoint) -> None:
        self._endpoint = endpoint
        endpoint.script = _fails_poison

    def connector(self) -> Connector:
        return EventBridgeConnector(Clients(), bus_name="bus")

    def sample_requests(self) -> Sequence[Request]:
        return [PutEvent({"id": str(n), "type": "thing-created"}) for n in range(12)]

    def failing_requests(self) -> Sequence[Request]:
        return [PutEvent({"type": "fine"}), PutEvent({"type": "poison"})]

    def unproven_requests(self) -> Sequence[Request]:
        self._endpoint.script = lambda operation, body: (
            200,
            {"FailedEntryCount": 1, "Entries": [{}] * len(body["Entries"])},
        )
        return self.sample_requests()

    def unsendable_requests(self) -> Sequence[Request]:
        return [
            PutEvent({}),
            PutEvent({"type": ""}),
            PutEvent({"type": 1}),
            PutEvent({"type": "x" * 129}),
            PutEvent({"type": "x", "n": math.nan}),
            PutEvent({"type": "x", "payload": "x" * 1_000_000}),
            PutEvent("x"),  # type: ignore[arg-type]
        ]


def _fails_poison(operation: str, body: dict[str, Any]) -> Answer:
    entries = [
        {"ErrorCode": "InternalFailure", "ErrorMessage": "no"} if entry["DetailType"] == "poison" else {"EventId": "1"}
        for entry in body["Entries"]
    ]
    return 200, {"FailedEntryCount": len([entry for entry in entries if "ErrorCode" in entry]), "Entries": entries}


def _connector(bus_name: str | None = "bus") -> EventBridgeConnector:
    return EventBridgeConnector(Clients(), bus_name=bus_name)


def test_events_arrive_on_the_bus(aws: Aws) -> None:
    aws.create_bus("bus")
    connector = _connector()
    event = {"id": "1", "type": "thing-created", "name": "ä", "tags": {"a"}}

    responses = connector.send(connector.entries(PutEvent(event, source="shop", resources=("arn:aws:x",))))
    connector.close()

    assert connector.answer(PutEvent(event), responses)["EventId"]
    (arrived,) = aws.events("bus")
    assert (arrived["detail-type"], arrived["source"], arrived["resources"]) == ("thing-created", "shop", ["arn:aws:x"])
    assert arrived["detail"] == {"id": "1", "type": "thing-created", "name": "ä", "tags": ["a"]}


def test_an_entry_says_what_eventbridge_needs() -> None:
    (entry,) = _connector().entries(PutEvent({"type": "thing-created"}))

    assert entry.payload == {
        "EventBusName": "bus",
        "Source": "custom",
        "DetailType": "thing-created",
        "Detail": '{"type":"thing-created"}',
    }
    assert (entry.operation.name, entry.operation.target, entry.operation.max_entries) == ("PutEvents", "bus", 10)
    assert entry.key is None


def test_the_size_is_counted_as_eventbridge_does() -> None:
    (entry,) = _connector().entries(PutEvent({"type": "ä"}, source="üö", resources=("abc", "é")))

    assert entry.size == len("üö".encode()) + len("ä".encode()) + len('{"type":"ä"}'.encode()) + 3 + 2


def test_names_are_those_of_the_request_then_the_connector_then_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BUS_NAME", "from-environment")
    monkeypatch.setenv("BUS_SRC", "source-from-environment")
    event = {"type": "x"}

    def names(connector: EventBridgeConnector, request: PutEvent) -> tuple[str, str]:
        (entry,) = connector.entries(request)
        return entry.payload["EventBusName"], entry.payload["Source"]

    assert names(_connector("own"), PutEvent(event, bus_name="asked", source="s")) == ("asked", "s")
    assert names(_connector("own"), PutEvent(event)) == ("own", "source-from-environment")
    assert names(_connector(None), PutEvent(event)) == ("from-environment", "source-from-environment")


def test_a_missing_bus_is_a_setting_error() -> None:
    with pytest.raises(SettingError, match="BUS_NAME"):
        _connector(None).entries(PutEvent({"type": "x"}))


def test_the_limit_is_read_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    connector = _connector()
    request = PutEvent({"id": "7", "type": "x", "payload": "x" * 500})
    assert connector.entries(request)[0].operation.max_bytes == 1_000_000

    monkeypatch.setenv("MAX_REQ_SIZE", "400")
    with pytest.raises(EntryTooLargeError, match="at most 400 bytes, but the 'x' event '7' has"):
        connector.entries(request)

    monkeypatch.setenv("MAX_REQ_SIZE", "1 MB")
    with pytest.raises(SettingError, match="MAX_REQ_SIZE"):
        connector.entries(request)


def test_an_event_without_a_type_says_so() -> None:
    with pytest.raises(InvalidRequestError, match="Set its 'type'"):
        _connector().entries(PutEvent({"id": "1"}))


def test_entries_that_fail_are_values_at_their_place(endpoint: ScriptedEndpoint) -> None:
    def fails_second_and_fifth(operation: str, body: dict[str, Any]) -> Answer:
        results: list[dict[str, str]] = [{"EventId": str(n)} for n in range(len(body["Entries"]))]
        results[1] = {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow"}
        results[4] = {"ErrorCode": "InvalidArgument"}
        return 200, {"FailedEntryCount": 2, "Entries": results}

    endpoint.script = fails_second_and_fifth
    connector = _connector()

    responses = connector.send([connector.entries(PutEvent({"type": "x", "n": n}))[0] for n in range(6)])
    connector.close()

    assert [getattr(response, "code", None) for response in responses] == [
        None,
        "ThrottlingException",
        None,
        None,
        "InvalidArgument",
        None,
    ]
    assert isinstance(responses[1], RequestFailedError)
    assert str(responses[1]) == "ThrottlingException: slow"


def test_a_response_that_leaves_entries_out_answers_those_that_are_there(endpoint: ScriptedEndpoint) -> None:
    endpoint.script = lambda operation, body: (200, {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]})
    connector = _connector()

    responses = connector.send([connector.entries(PutEvent({"type": "x", "n": n}))[0] for n in range(3)])
    connector.close()

    assert responses[0] == {"EventId": "1"}
    assert [response.code for response in responses[1:]] == ["MissingResponse", "MissingResponse"]


def test_a_call_carries_its_entries_in_order(endpoint: ScriptedEndpoint) -> None:
    connector = _connector()

    connector.send([connector.entries(PutEvent({"type": "x", "n": n}))[0] for n in range(10)])
    connector.close()

    (body,) = endpoint.bodies("PutEvents")
    assert [json.loads(entry["Detail"])["n"] for entry in body["Entries"]] == list(range(10))
