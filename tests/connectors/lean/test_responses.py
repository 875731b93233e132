"""What comes of a lean call is what comes of botocore's: responses, metadata, errors and their messages."""

from __future__ import annotations

import gzip
import json
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config

from powertools_stream.classification import classify
from powertools_stream.connectors import Clients, transport
from powertools_stream.outcomes import Reason
from powertools_stream.testing.endpoint import ScriptedEndpoint
from tests.connectors.lean.test_requests import EVENT, QUEUE, TOPIC, UPDATE
from tests.connectors.lean.wire import Request, Wire, answer

ClientOf = Callable[..., Any]

PUBLISHED = (
    b"<PublishBatchResponse><PublishBatchResult><Successful><member><Id>0</Id><MessageId>m</MessageId></member>"
    b"</Successful></PublishBatchResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
    b"</PublishBatchResponse>"
)
NO_TOPIC = (
    b"<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>no topic</Message></Error>"
    b"<RequestId>r</RequestId></ErrorResponse>"
)
ATTRIBUTES = {"Attributes": {"a": {"N": "1"}, "b": {"B": "AP8="}, "text": {"S": "ä🙂" * 3000}}}
CONDITION = {
    "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
    "message": "The conditional request failed",
    "Item": {"pk": {"S": "1"}},
}


def _chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + end


RESPONSES: dict[str, bytes] = {
    "success": answer(ATTRIBUTES),
    "small": answer({"Attributes": {"a": {"S": "b"}}}),
    "nothing in it": answer({}),
    "empty": answer(b""),
    "chunked": _chunked(b'{"Attributes":', b' {"a": {"N": "1"}}}'),
    "chunked, broken off": _chunked(b'{"Attributes":', end=b"5\r\nab"),
    "HTTP/1.0": answer(ATTRIBUTES).replace(b"HTTP/1.1", b"HTTP/1.0", 1),
    "another success": answer(ATTRIBUTES, status=201),
    "it closes": answer(ATTRIBUTES, Connection="close"),
    "no length": answer(ATTRIBUTES, Content_Length="", Connection="close"),
    "two lengths": answer(ATTRIBUTES).replace(b"Server: Server", b"Content-Length: 3\r\nServer: Server", 1),
    "odd length": answer({}).replace(b"Content-Length: 2", b"Content-Length: two"),
    "a header twice": answer({}, Set_Cookie="a=1").replace(b"Server: Server", b"Set-Cookie: b=2\r\nServer: Server", 1),
    "a header on two lines": answer({}).replace(b"Server: Server", b"Server: Ser\r\n ver", 1),
    "a header without a name": answer({}).replace(b"Server: Server", b": Server", 1),
    "a line that is none": answer({}).replace(b"Server: Server", b"Server", 1),
    "bare ends of lines": answer({}).replace(b"\r\n", b"\n"),
    "a header in Latin 1": answer({}).replace(b"Server: Server", b"Server: S\xe9rver", 1),
    "an empty header": answer({}).replace(b"Server: Server", b"Server:", 1),
    "cut": answer(ATTRIBUTES)[:-5],
    "cut in the head": answer(ATTRIBUTES)[:60],
    "nothing at all": b"",
    "no HTTP": b"what?\r\n\r\n",
    "longer than announced": answer(ATTRIBUTES) + b"more",
    "a wrong checksum": answer(ATTRIBUTES, x_amz_crc32="1"),
    "compressed": answer(gzip.compress(b"{}"), Content_Encoding="gzip"),
    "no JSON": answer(b"oops"),
    "HTML": answer(b"<html><body>Bad Gateway</body></html>", Content_Type="text/html"),
    "a list": answer([1]),
    "wrong types": answer({"Attributes": [1, 2]}),
    "a failed condition": answer(CONDITION, status=400),
    "throttled": answer({"__type": "ThrottlingException", "message": "Rate exceeded"}, status=400),
    "unknown code": answer({"__type": "SomethingNew", "Message": "new"}, status=400),
    "no code": answer({}, status=400),
    "no JSON in an error": answer(b"<html>", status=400),
    "internal": answer({"__type": "InternalServerError", "message": "oops"}, status=500),
    "unavailable": answer(b"", status=503),
    "a length that no number holds": answer(b"", status=500, Content_Length="9" * 30),
    "a redirect": answer(b"", status=301, Location="https://elsewhere.example/"),
    "a continuation": b"HTTP/1.1 100 Continue\r\n\r\n" + answer(ATTRIBUTES),
    "no content": b"HTTP/1.1 204 No Content\r\nServer: Server\r\n\r\n",
}


CUT = {"cut", "a length that no number holds"}


def _outcome(call: Callable[..., Any], params: dict[str, Any]) -> tuple[Any, ...]:
    """Return what a call comes to, in a form that compares."""
    try:
        response = call(**params)
    except Exception as error:
        kind = (type(error).__mro__[1:], classify(error))
        return (type(error).__name__, str(error), getattr(error, "response", None), kind)
    return ("returned", response)


def _says(response: bytes) -> Callable[[Request, Any], None]:
    """Say something that may be no good, and close, so that the next call is not answered by what is left."""

    def says(request: Request, connection: Any) -> None:
        connection.sendall(response)
        socket.socket.shutdown(connection, socket.SHUT_WR)
        while connection.recv(1000):  # closed at once, what is under way might be lost
            pass
        raise ConnectionError

    return says


@pytest.mark.parametrize("mode", ["legacy", "standard"])
@pytest.mark.parametrize("name", RESPONSES)
def test_each_response_comes_to_the_same(
    wire: Wire, client_of: ClientOf, lean: list[str], monkeypatch: pytest.MonkeyPatch, name: str, mode: str
) -> None:
    monkeypatch.setenv("AWS_RETRY_MODE", mode)
    by_template, by_botocore = client_of("dynamodb"), client_of("dynamodb", lean=False)
    for client in (by_template, by_botocore):
        client.update_item(**UPDATE)
    wire.says = _says(RESPONSES[name])

    ours, botocores = (_outcome(each.update_item, UPDATE) for each in (by_template, by_botocore))

    assert len(lean) == 1
    # Who notices that a response is cut depends on the releases of urllib3 and botocore. Each error is a passing one.
    assert ours == botocores or name in CUT
    assert name not in CUT or ours[3][1] is botocores[3][1] is Reason.RETRYABLE

    wire.says = Wire().says
    time.sleep(0.05)  # until the connection has ended
    assert by_template.update_item(**UPDATE)["ResponseMetadata"]["HTTPStatusCode"] == 200, "nothing is left of it"


def test_a_length_that_cannot_be_is_no_reason_to_allocate_it(wire: Wire, client_of: ClientOf, lean: list[str]) -> None:
    client = client_of("dynamodb")
    client.update_item(**UPDATE)
    wire.says = _says(answer({}, Content_Length="99999999999999"))

    ours = _outcome(client.update_item, UPDATE)

    assert len(lean) == 1
    assert ours[3][1] is Reason.RETRYABLE


@pytest.mark.parametrize("size", [1, 100, 1000])
def test_a_response_in_pieces_is_read_to_its_end(wire: Wire, client_of: ClientOf, lean: list[str], size: int) -> None:
    whole = answer({"Attributes": {"a": {"S": "b" * 500}}})

    def says(_: Request, connection: Any) -> None:
        for start in range(0, len(whole), size):
            connection.sendall(whole[start : start + size])

    wire.says = says
    client = client_of("dynamodb")

    responses = [client.update_item(**UPDATE)["Attributes"] for _ in range(3)]

    assert len(lean) == 2
    assert responses == [{"a": {"S": "b" * 500}}] * 3
    assert wire.connections == 1


def test_a_large_response_is_read_to_its_end(wire: Wire, client_of: ClientOf, lean: list[str]) -> None:
    items = [{"pk": {"S": str(n)}, "text": {"S": "x" * 1000}} for n in range(1000)]
    wire.says = lambda _request, connection: connection.sendall(answer({"Items": items}))
    client = client_of("dynamodb")

    for _ in range(3):
        assert client.scan(TableName="t")["Items"] == items
    assert len(lean) == 2


SILENT: dict[str, bytes] = {
    "no response": b"",
    "half a head": answer()[:40],
    "half a body": answer(ATTRIBUTES)[:-9],
    "half an error": answer(CONDITION, status=400)[:-9],
}


@pytest.mark.parametrize("name", SILENT)
def test_a_slow_response_is_botocores_time_out(wire: Wire, client_of: ClientOf, lean: list[str], name: str) -> None:
    config = Config(read_timeout=0.3)
    by_template, by_botocore = (client_of("dynamodb", lean=each, config=config) for each in (True, False))
    for client in (by_template, by_botocore):
        client.update_item(**UPDATE)

    def says(_: Request, connection: Any) -> None:
        connection.sendall(SILENT[name])
        time.sleep(1)

    wire.says = says

    ours, botocores = (_outcome(each.update_item, UPDATE) for each in (by_template, by_botocore))

    assert len(lean) == 1
    assert ours == botocores
    assert ours[0] == "ReadTimeoutError"
    wire.says = Wire().says
    by_template.update_item(**UPDATE)


@pytest.mark.parametrize(
    ("service", "method", "params", "body", "status"),
    [
        ("events", "put_events", {"Entries": [EVENT]}, {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}, 200),
        (
            "sqs",
            "send_message_batch",
            {"QueueUrl": QUEUE, "Entries": [{"Id": "0", "MessageBody": "a"}]},
            {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no such queue"},
            400,
        ),
        (
            "sns",
            "publish_batch",
            {"TopicArn": TOPIC, "PublishBatchRequestEntries": [{"Id": "0", "Message": "a"}]},
            PUBLISHED,
            200,
        ),
        (
            "sns",
            "publish",
            {"TopicArn": TOPIC, "Message": "a"},
            NO_TOPIC,
            404,
        ),
    ],
)
def test_each_protocol_is_read_as_botocore_does(
    wire: Wire,
    client_of: ClientOf,
    lean: list[str],
    service: str,
    method: str,
    params: dict[str, Any],
    body: Any,
    status: int,
) -> None:
    headers = {"x_amzn_query_error": "AWS.SimpleQueueService.NonExistentQueue;Sender"} if service == "sqs" else {}
    wire.says = lambda _request, connection: connection.sendall(answer(body, status=status, **headers))
    by_template, by_botocore = client_of(service), client_of(service, lean=False)
    _outcome(getattr(by_template, method), params)

    ours, botocores = (_outcome(getattr(each, method), params) for each in (by_template, by_botocore))

    assert len(lean) == 1
    assert ours == botocores


def test_the_classes_of_errors_are_the_clients_own(wire: Wire, client_of: ClientOf, lean: list[str]) -> None:
    wire.says = lambda _request, connection: connection.sendall(answer(CONDITION, status=400))
    client = client_of("dynamodb")

    for _ in range(2):
        with pytest.raises(client.exceptions.ConditionalCheckFailedException) as raised:
            client.update_item(**UPDATE)

    assert len(lean) == 1
    assert raised.value.response["Item"] == {"pk": {"S": "1"}}
    assert raised.value.operation_name == "UpdateItem"


# -- Connections -------------------------------------------------------------------------------------------------------


def test_the_connection_is_kept(wire: Wire, client_of: ClientOf, lean: list[str]) -> None:
    client = client_of("dynamodb")
    for _ in range(5):
        client.update_item(**UPDATE)

    assert wire.connections == 1


def test_a_connection_that_was_closed_while_idle_is_opened_again(
    wire: Wire, client_of: ClientOf, lean: list[str]
) -> None:
    """As after a time in which the environment was frozen."""
    client = client_of("dynamodb")
    client.update_item(**UPDATE)

    def says(_: Request, connection: Any) -> None:
        connection.sendall(answer())
        raise ConnectionError

    wire.says = says
    for _ in range(3):
        client.update_item(**UPDATE)
        time.sleep(0.05)

    assert len(lean) == 3
    assert len(wire.requests) == 4
    assert wire.connections == 3


def test_a_request_whose_connection_breaks_is_not_sent_again(wire: Wire, client_of: ClientOf, lean: list[str]) -> None:
    """It may have been carried out: the dispatcher decides, as for botocore's own."""

    def says(_: Request, connection: Any) -> None:
        raise ConnectionError

    by_template, by_botocore = client_of("dynamodb"), client_of("dynamodb", lean=False)
    for client in (by_template, by_botocore):
        client.update_item(**UPDATE)
    wire.says = says

    ours, botocores = (_outcome(each.update_item, UPDATE) for each in (by_template, by_botocore))

    assert ours == botocores
    assert ours[0] == "ConnectionClosedError"
    assert len(wire.requests) == 4


def test_a_host_that_refuses_connections_gives_botocores_error(
    wire: Wire, client_of: ClientOf, lean: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import urllib3.util.connection

    by_template, by_botocore = client_of("dynamodb"), client_of("dynamodb", lean=False)

    def says(_: Request, connection: Any) -> None:
        connection.sendall(answer(Connection="close"))
        raise ConnectionError

    wire.says = says
    for client in (by_template, by_botocore):
        client.update_item(**UPDATE)

    def refused(*_: Any, **__: Any) -> Any:
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(urllib3.util.connection, "create_connection", refused)
    ours, botocores = (_outcome(each.update_item, UPDATE) for each in (by_template, by_botocore))

    assert len(lean) == 1
    assert (ours[0], ours[3]) == (botocores[0], botocores[3])
    assert ours[0] == "EndpointConnectionError"


def test_a_pool_that_was_closed_is_made_anew(wire: Wire, client_of: ClientOf, lean: list[str]) -> None:
    client = client_of("dynamodb")
    for _ in range(2):
        client.update_item(**UPDATE)

    client._endpoint.http_session._manager.clear()
    for _ in range(3):
        client.update_item(**UPDATE)

    assert len(wire.requests) == 5


def test_nothing_is_sent_after_close(wire: Wire, lean: list[str]) -> None:
    clients = Clients()
    client = clients.client("dynamodb")
    for _ in range(2):
        client.update_item(**UPDATE)

    clients.close()

    with pytest.raises(ConnectionAbortedError, match="closed before"):
        client.update_item(**UPDATE)
    assert len(wire.requests) == 2


def test_lean_calls_work_without_tls_too(endpoint: ScriptedEndpoint, client_of: ClientOf, lean: list[str]) -> None:
    client = client_of("events")
    for n in range(3):
        client.put_events(Entries=[{**EVENT, "Detail": json.dumps({"n": n})}])

    assert len(lean) == 2
    assert [body["Entries"][0]["Detail"] for body in endpoint.bodies("PutEvents")] == [
        f'{{"n": {n}}}' for n in range(3)
    ]


# -- The transport -----------------------------------------------------------------------------------------------------


def test_a_head_is_read_as_http_client_does() -> None:
    assert transport._reads_as_http_client_does()


def test_a_request_goes_out_in_one_piece(wire: Wire, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch) -> None:
    import ssl

    pieces: list[int] = []
    send = ssl.SSLSocket.sendall

    def noting(self: Any, data: Any, *args: Any) -> Any:
        if not self.server_side:
            pieces.append(len(data))
        return send(self, data, *args)

    monkeypatch.setattr(ssl.SSLSocket, "sendall", noting)
    for lean in (True, False):
        client = client_of("dynamodb", lean=lean)
        for _ in range(2):
            client.update_item(**UPDATE)

    assert len(pieces) == 4


def test_it_works_with_another_http_client(
    wire: Wire, client_of: ClientOf, lean: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With urllib3 1.26, and with a Python whose responses are made otherwise."""
    monkeypatch.setattr(transport, "_CONNECTIONS_MAKE_RESPONSES", False)
    monkeypatch.setattr(transport, "_reads_as_http_client_does", lambda: False)
    client = client_of("dynamodb")

    for _ in range(3):
        client.update_item(**UPDATE)

    assert len(lean) == 2
    assert wire.last.is_signed_as_botocore_does()
