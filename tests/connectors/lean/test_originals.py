"""Where anybody looks on, or has a part in a call, the call is botocore's from end to end; also if they come later."""

from __future__ import annotations

import http.client
import logging
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.client
import botocore.endpoint
import botocore.hooks
import botocore.httpsession
import botocore.parsers
import botocore.regions
import botocore.serialize
import botocore.signers
import pytest
import urllib3.connection
import urllib3.connectionpool
from botocore.config import Config
from botocore.history import get_global_history_recorder
from botocore.stub import Stubber

from powertools_stream.connectors.lean import originals
from powertools_stream.connectors.lean.calls import LeanCalls
from tests.connectors.lean.test_requests import UPDATE
from tests.connectors.lean.wire import Wire

ClientOf = Callable[..., Any]


def _update(client: Any, times: int = 1) -> Any:
    for _ in range(times):
        response = client.update_item(**UPDATE)
    return response


# -- Handlers ----------------------------------------------------------------------------------------------------------

EVENTS = [
    "provide-client-params",
    "before-parameter-build",
    "before-call",
    "request-created",
    "choose-signer",
    "before-sign",
    "before-send",
    "before-parse",
    "response-received",
    "needs-retry",
    "after-call",
]


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("name", ["{}", "{}.dynamodb", "{}.dynamodb.UpdateItem", "{}.*.UpdateItem", "*"])
def test_a_handler_that_comes_later_is_called(
    wire: Wire, client_of: ClientOf, lean: list[str], event: str, name: str
) -> None:
    client = client_of("dynamodb")
    _update(client, 2)
    seen: list[str] = []

    def handler(event_name: str, **_: Any) -> None:
        seen.append(event_name)

    client.meta.events.register(name.format(event), handler)
    _update(client, 2)
    assert seen
    assert len(lean) == 1

    client.meta.events.unregister(name.format(event), handler)
    _update(client, 2)
    assert len(lean) == 2, "the first makes a new template"


def test_a_handler_of_all_endpoints_is_called(wire: Wire, client_of: ClientOf, lean: list[str]) -> None:
    client = client_of("dynamodb")
    client.meta.events.register("before-endpoint-resolution.dynamodb", lambda **_: None)

    _update(client, 3)

    assert lean == []


def test_a_handler_of_another_operation_is_no_matter(wire: Wire, client_of: ClientOf, lean: list[str]) -> None:
    client = client_of("dynamodb")
    client.meta.events.register("before-call.dynamodb.PutItem", lambda **_: None)
    client.meta.events.register("before-call.sqs", lambda **_: None)

    _update(client, 3)

    assert len(lean) == 2


def test_a_handler_of_the_session_is_called(wire: Wire, client_of: ClientOf, lean: list[str]) -> None:
    session = boto3.Session()
    seen: list[str] = []
    session.events.register("before-call", lambda event_name, **_: seen.append(event_name))

    _update(client_of("dynamodb", session=session), 3)

    assert lean == []
    assert len(seen) == 3


def test_a_handler_that_pretends_to_be_botocores_is_called(wire: Wire, client_of: ClientOf, lean: list[str]) -> None:
    from functools import partial, wraps

    seen: list[str] = []

    @wraps(botocore.handlers.add_retry_headers)
    def handler(event_name: str, **_: Any) -> None:
        seen.append(event_name)

    client = client_of("dynamodb")
    client.meta.events.register("request-created", handler)
    client.meta.events.register("request-created", partial(handler))
    _update(client, 3)

    assert lean == []
    assert len(seen) == 6


def test_powertools_name_in_the_user_agent_makes_no_difference(
    wire: Wire, client_of: ClientOf, lean: list[str]
) -> None:
    from aws_lambda_powertools.shared.user_agent import register_feature_to_client

    client = client_of("dynamodb")
    register_feature_to_client(client, "batch")  # type: ignore[no-untyped-call]
    _update(client, 3)

    assert len(lean) == 2
    assert " PT/batch/" in wire.last.headers["user-agent"]


def test_a_name_in_the_user_agent_may_come_later(wire: Wire, client_of: ClientOf, lean: list[str]) -> None:
    from aws_lambda_powertools.shared.user_agent import register_feature_to_client

    client = client_of("dynamodb")
    _update(client, 2)
    register_feature_to_client(client, "batch")  # type: ignore[no-untyped-call]
    _update(client, 2)

    assert len(lean) == 2
    assert ["PT/batch/" in request.headers["user-agent"] for request in wire.requests] == [False, False, True, True]


def test_a_stubber_answers_also_if_it_comes_later(wire: Wire, client_of: ClientOf, lean: list[str]) -> None:
    client = client_of("dynamodb")
    _update(client, 2)

    with Stubber(client) as stubber:
        stubber.add_response("update_item", {"Attributes": {"a": {"S": "stubbed"}}})
        stubber.add_client_error("update_item", "ThrottlingException")
        assert _update(client)["Attributes"] == {"a": {"S": "stubbed"}}
        with pytest.raises(client.exceptions.ClientError, match="ThrottlingException"):
            _update(client)

    _update(client, 2)
    assert len(wire.requests) == 4
    assert len(lean) == 2


def test_moto_answers_from_the_first_call(wire: Wire, lean: list[str]) -> None:
    code = """
import boto3, os
from moto import mock_aws
from powertools_stream.connectors import Clients

def update(clients):
    client = clients.client("dynamodb")
    client.create_table(TableName="t", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                        BillingMode="PAY_PER_REQUEST")
    for _ in range(3):
        client.put_item(TableName="t", Item={"pk": {"S": "1"}})
    print(client.scan(TableName="t")["Count"])

with mock_aws():
    update(Clients())
"""
    assert _run(code, AWS_ENDPOINT_URL="") == "1"


def test_moto_answers_if_it_begins_after_a_client_was_made(wire: Wire) -> None:
    code = """
import moto.core.models  # registers its handler
from moto import mock_aws
from powertools_stream.connectors import Clients

client = Clients().client("dynamodb")
with mock_aws():
    for _ in range(3):
        print(client.list_tables()["TableNames"], end=" ")
"""
    assert _run(code, AWS_ENDPOINT_URL="") == "[] [] []"


# -- Patched methods ---------------------------------------------------------------------------------------------------

PATCHED: list[tuple[Any, str]] = [
    (botocore.client.BaseClient, "_make_api_call"),
    (botocore.client.BaseClient, "_make_request"),
    (botocore.client.BaseClient, "_convert_to_request_dict"),
    (botocore.client.BaseClient, "_emit_api_params"),
    (botocore.client.BaseClient, "_resolve_endpoint_ruleset"),
    (botocore.endpoint.Endpoint, "make_request"),
    (botocore.endpoint.Endpoint, "create_request"),
    (botocore.endpoint.Endpoint, "prepare_request"),
    (botocore.endpoint.Endpoint, "_send_request"),
    (botocore.endpoint.Endpoint, "_get_response"),
    (botocore.endpoint.Endpoint, "_do_get_response"),
    (botocore.endpoint.Endpoint, "_needs_retry"),
    (botocore.endpoint.Endpoint, "_send"),
    (botocore.httpsession.URLLib3Session, "send"),
    (botocore.signers.RequestSigner, "sign"),
    (botocore.signers.RequestSigner, "get_auth_instance"),
    (botocore.auth.SigV4Auth, "add_auth"),
    (botocore.awsrequest.AWSRequest, "prepare"),
    (botocore.signers.RequestSigner, "_choose_signer"),
    (botocore.auth.SigV4Auth, "headers_to_sign"),
    (botocore.auth.SigV4Auth, "payload"),
    (botocore.httpsession.URLLib3Session, "_get_connection_manager"),
    (botocore.httpsession.ProxyConfiguration, "proxy_url_for"),
    (botocore.regions.EndpointRulesetResolver, "construct_endpoint"),
    (botocore.serialize.JSONSerializer, "serialize_to_request"),
    (botocore.awsrequest.AWSRequestPreparer, "prepare"),
    (botocore.awsrequest.AWSConnection, "request"),
    (botocore.awsrequest.AWSHTTPSConnection, "request"),
    (botocore.awsrequest.AWSHTTPSConnectionPool, "urlopen"),
    (botocore.hooks.EventAliaser, "emit"),
    (botocore.hooks.EventAliaser, "emit_until_response"),
    (botocore.hooks.HierarchicalEmitter, "emit"),
    (botocore.parsers.ResponseParser, "parse"),
    (urllib3.connectionpool.HTTPConnectionPool, "urlopen"),
    (urllib3.connectionpool.HTTPSConnectionPool, "urlopen"),
    (urllib3.connection.HTTPConnection, "request"),
    (urllib3.connection.HTTPConnection, "putrequest"),
    (urllib3.connection.HTTPSConnection, "request"),
    (http.client.HTTPConnection, "putheader"),
    (http.client.HTTPConnection, "send"),
    (http.client.HTTPConnection, "getresponse"),
    (http.client.HTTPResponse, "begin"),
]


@contextmanager
def _patched(owner: Any, name: str) -> Iterator[list[str]]:
    """Put a function in the place of a method that notes its calls, as tracers do."""
    from functools import wraps

    seen: list[str] = []
    original = getattr(owner, name)

    @wraps(original)
    def noting(*args: Any, **kwargs: Any) -> Any:
        seen.append(name)
        return original(*args, **kwargs)

    with patch.object(owner, name, noting):
        yield seen


@pytest.mark.parametrize(("owner", "name"), PATCHED, ids=[f"{owner.__name__}.{name}" for owner, name in PATCHED])
def test_a_method_that_is_patched_later_is_called(
    wire: Wire, client_of: ClientOf, lean: list[str], owner: Any, name: str
) -> None:
    client = client_of("dynamodb")
    _update(client, 2)
    with _patched(owner, name) as seen:
        _update(client, 2)
    assert len(seen) >= 2
    assert len(lean) == 1

    _update(client)
    assert len(lean) == 2


@pytest.mark.parametrize(("owner", "name"), PATCHED, ids=[f"{owner.__name__}.{name}" for owner, name in PATCHED])
def test_a_method_that_was_patched_before_is_called(
    wire: Wire, client_of: ClientOf, lean: list[str], owner: Any, name: str
) -> None:
    with _patched(owner, name) as seen:
        client = client_of("dynamodb")
        _update(client, 3)

    assert len(seen) >= 3
    assert lean == []


@pytest.mark.parametrize(
    ("part", "name"),
    [
        (lambda client: client, "_make_request"),
        (lambda client: client._endpoint, "_send"),
        (lambda client: client._endpoint, "make_request"),
        (lambda client: client._endpoint.http_session, "send"),
        (lambda client: client._request_signer, "sign"),
        (lambda client: client._serializer, "serialize_to_request"),
        (lambda client: client._ruleset_resolver, "construct_endpoint"),
        (lambda client: client._endpoint.http_session._proxy_config, "proxy_url_for"),
        (lambda client: client.meta.events, "emit_until_response"),
        (lambda client: client.meta.events._emitter, "emit"),
    ],
    ids=[
        *("client", "endpoint", "make_request", "http_session", "signer"),
        *("serializer", "resolver", "proxies", "events", "emitter"),
    ],
)
def test_a_method_that_is_patched_in_one_client_only_is_called(
    wire: Wire, client_of: ClientOf, lean: list[str], part: Callable[[Any], Any], name: str
) -> None:
    client = client_of("dynamodb")
    _update(client, 2)
    seen: list[str] = []
    owner = part(client)
    original = getattr(owner, name)

    def noting(*args: Any, **kwargs: Any) -> Any:
        seen.append(name)
        return original(*args, **kwargs)

    with patch.object(owner, name, noting):
        _update(client)

    assert set(seen) == {name} or name == "sign"  # its handler was bound before
    assert len(lean) == 1

    _update(client)
    assert len(lean) == 2


@pytest.mark.parametrize(
    ("owner_of", "name"),
    [
        (lambda client: client, "_endpoint"),
        (lambda client: client, "_request_signer"),
        (lambda client: client, "_serializer"),
        (lambda client: client, "_ruleset_resolver"),
        (lambda client: client._endpoint, "http_session"),
        (lambda client: client._endpoint.http_session, "_manager"),
        (lambda client: client._endpoint.http_session, "_proxy_config"),
        (lambda client: client._request_signer, "_credentials"),
    ],
)
def test_another_part_of_a_client_is_used(
    wire: Wire, client_of: ClientOf, lean: list[str], owner_of: Callable[[Any], Any], name: str
) -> None:
    client, other = client_of("dynamodb"), client_of("dynamodb")
    _update(client, 2)

    owner = owner_of(client)
    with patch.object(owner, name, getattr(owner_of(other), name)):
        _update(client)
    assert len(lean) == 1

    _update(client)
    assert len(lean) == 2


def test_another_class_that_signs_is_used(wire: Wire, client_of: ClientOf, lean: list[str]) -> None:
    signed: list[str] = []

    class Auth(botocore.auth.SigV4Auth):  # type: ignore[misc]
        def add_auth(self, request: Any) -> None:
            signed.append(request.url)
            super().add_auth(request)

    client = client_of("dynamodb")
    _update(client, 2)
    with patch.dict(botocore.auth.AUTH_TYPE_MAPS, {"v4": Auth}):
        _update(client)

    assert len(signed) == len(lean) == 1


@pytest.mark.parametrize("is_lean", [True, False])
def test_connections_of_who_records_calls_are_used(wire: Wire, client_of: ClientOf, is_lean: bool) -> None:
    """As VCR.py's, which keeps those that are open from being used, also in a client that was made before."""
    opened = []

    class Recording(botocore.awsrequest.AWSHTTPSConnection):  # type: ignore[misc]
        def connect(self) -> None:
            opened.append(self.host)
            super().connect()

    pool = botocore.awsrequest.AWSHTTPSConnectionPool
    client = client_of("dynamodb", lean=is_lean)
    _update(client, 2)
    with (
        patch.object(pool, "ConnectionCls", Recording),
        patch.object(pool, "_get_conn", lambda self, timeout=None: self._new_conn()),
    ):
        _update(client)

    assert opened == ["dynamodb.eu-central-1.amazonaws.com"]


def test_a_mock_of_a_call_answers(wire: Wire, client_of: ClientOf) -> None:
    """As moto's documentation says for operations that it does not know."""
    client = client_of("dynamodb")
    _update(client, 2)

    with patch("botocore.client.BaseClient._make_api_call", return_value={"mocked": True}) as call:
        assert _update(client) == {"mocked": True}
        call.assert_called_once_with(client, "UpdateItem", UPDATE)
    with patch.object(client, "update_item", return_value={"mocked": 1}):
        assert _update(client) == {"mocked": 1}
    with patch.object(client, "_make_api_call", return_value={"mocked": 2}):
        assert _update(client) == {"mocked": 2}
    assert "Attributes" not in _update(client)
    assert len(wire.requests) == 3


def test_another_transport_is_used(wire: Wire, client_of: ClientOf, lean: list[str]) -> None:
    client = client_of("dynamodb")
    _update(client, 2)
    session = client._endpoint.http_session
    sent: list[str] = []

    class Transport:
        def send(self, request: Any) -> Any:
            sent.append(request.url)
            return session.send(request)

    client._endpoint.http_session = Transport()
    _update(client)
    client._endpoint.http_session = session

    assert len(sent) == 1
    assert len(lean) == 1


XRAY = """
import logging, os
logging.disable()
from aws_xray_sdk.core import patch, xray_recorder
from powertools_stream.connectors import Clients
from powertools_stream.testing.endpoint import ScriptedEndpoint

emitter = type("Emitter", (), {{"send_entity": lambda *_: None}})()
xray_recorder.configure(sampling=False, context_missing="RUNTIME_ERROR", emitter=emitter)
with ScriptedEndpoint() as endpoint:
    os.environ["AWS_ENDPOINT_URL"] = endpoint.url
    if {before}: patch(["botocore"{httplib}])
    client = Clients().client("dynamodb")
    segment = xray_recorder.begin_segment("test")
    for n in range(4):
        if n == 2 and not {before}: patch(["botocore"{httplib}])
        client.query(TableName="t")
    print(len([each for each in segment.subsegments if each.aws.get("operation") == "Query"]))
"""


@pytest.mark.parametrize("httplib", ["", ', "httplib"'])
@pytest.mark.parametrize(("before", "traced"), [(True, "4"), (False, "2")])
def test_xray_sees_each_call_from_when_it_patches(before: bool, traced: str, httplib: str) -> None:
    assert _run(XRAY.format(before=before, httplib=httplib)) == traced


def _run(code: str, **environment: str) -> str:
    import os

    inherited = {**os.environ, **environment}
    completed = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env={name: value for name, value in inherited.items() if value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert completed.returncode == 0, completed.stderr
    return completed.stdout.strip()


# -- Other ways of looking on ------------------------------------------------------------------------------------------


@contextmanager
def _debugging(name: str) -> Iterator[None]:
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.DEBUG)
    yield
    logger.setLevel(before)


@contextmanager
def _recording() -> Iterator[None]:
    recorder = get_global_history_recorder()
    recorder.enable()
    yield
    recorder.disable()


@pytest.mark.parametrize(
    "looking_on",
    [
        lambda: _debugging(""),
        lambda: _debugging("botocore"),
        lambda: _debugging("botocore.endpoint"),
        lambda: _debugging("botocore.auth"),
        lambda: _debugging("botocore.parsers"),
        lambda: _debugging("botocore.retries.standard"),
        _recording,
        lambda: patch.object(http.client.HTTPConnection, "debuglevel", 1),
        lambda: patch.object(botocore.awsrequest.AWSHTTPSConnection, "debuglevel", 1),
    ],
    ids=["root", "botocore", "endpoint", "auth", "parsers", "retries", "history", "http.client", "connection"],
)
def test_who_looks_on_sees_the_whole_call(
    wire: Wire, client_of: ClientOf, lean: list[str], looking_on: Callable[[], AbstractContextManager[None]]
) -> None:
    client = client_of("dynamodb")
    _update(client, 2)
    with looking_on():
        _update(client, 2)
    assert len(lean) == 1

    _update(client)
    assert len(lean) == 2


_AUDITED: list[str] = []
_is_auditing = threading.Event()


def _audit(event: str, _: Any) -> None:
    if _is_auditing.is_set() and event.startswith("http.client"):
        _AUDITED.append(event)


def test_what_is_sent_is_audited(wire: Wire, client_of: ClientOf, lean: list[str]) -> None:
    """https://docs.python.org/3/library/audit_events.html"""
    client = client_of("dynamodb")
    _update(client, 2)
    sys.addaudithook(_audit)  # it stays as long as the process

    _is_auditing.set()
    _update(client)
    _is_auditing.clear()

    assert len(lean) == 2
    assert _AUDITED == ["http.client.send"]


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
def test_a_proxy_is_left_to_botocore(
    wire: Wire, client_of: ClientOf, lean: list[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "http://proxy.example:3128")
    client = client_of("dynamodb")

    assert not isinstance(vars(client).get("_make_api_call"), LeanCalls)
    assert client._endpoint.http_session._proxy_config.proxy_url_for("https://any") is not None


def test_no_proxy_is_needed_where_none_is_meant(
    wire: Wire, client_of: ClientOf, lean: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "amazonaws.com")

    _update(client_of("dynamodb"), 2)

    assert len(lean) == 1


# -- Another botocore --------------------------------------------------------------------------------------------------


def test_a_botocore_that_hides_its_handlers_is_left_alone(
    wire: Wire, client_of: ClientOf, lean: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unnoticed(emitter: Any) -> None:
        raise NotImplementedError

    monkeypatch.setattr(originals, "_check_that_changes_show", unnoticed)

    _update(client_of("dynamodb"), 3)

    assert lean == []
    assert len(wire.requests) == 3


@pytest.mark.parametrize("name", ["_endpoint", "_request_signer", "_serializer"])
def test_a_botocore_with_other_inner_parts_is_left_alone(wire: Wire, name: str) -> None:
    from powertools_stream.connectors.lean.calls import make_lean

    client = boto3.client("dynamodb", config=Config(retries={"total_max_attempts": 1}))

    class Hidden:
        def __getattr__(self, asked: str) -> Any:
            if asked == name:
                raise AttributeError(asked)
            return getattr(client, asked)

    with pytest.raises((AttributeError, TypeError)):
        make_lean(Hidden(), lambda: None)
    client.close()


def test_an_emitter_that_keeps_its_cache_is_noticed() -> None:
    class Emitter:
        _lookup_cache: dict[str, Any] = {}  # noqa: RUF012

        def register(self, *_: Any) -> None: ...

        def unregister(self, *_: Any) -> None: ...

    with pytest.raises(NotImplementedError):
        originals._check_that_changes_show(Emitter())


def test_no_warning_comes_of_it(wire: Wire, client_of: ClientOf, lean: list[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _update(client_of("dynamodb"), 3)

    assert len(lean) == 2
