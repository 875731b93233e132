"""Whether a client's calls are still botocore's own: nobody looks on, and nobody has put something in between.

Tracers (X-Ray, OpenTelemetry, Datadog, …) and mocks (moto, Stubber) replace methods of botocore, or register handlers
of its events, some of them long after a client was made. What they would see or change is left out of a lean call, so
all of it is looked at before each.
"""

from __future__ import annotations

import copy
import http.client
import logging
from collections.abc import Hashable, Iterator, Sequence
from itertools import pairwise
from operator import is_
from types import FunctionType, MethodType
from typing import Any

import urllib3
from botocore import auth, awsrequest, parsers
from botocore.history import get_global_history_recorder

try:
    # Of a paginator or a waiter, which botocore tells in the user agent. Before 1.37 it did not.
    from botocore.context import get_context as _context
except ImportError:

    def _context() -> None:
        """Return None."""


__all__ = ["Originals"]

# The events whose handlers a lean call does not call, …
_LEFT_OUT = (
    *("provide-client-params", "before-parameter-build", "before-endpoint-resolution", "before-call"),
    *("request-created", "choose-signer", "before-sign", "before-send", "response-received"),
)
# … those whose handlers it does call, but with less than botocore tells them, …
_CALLED = ("before-parse", "needs-retry", "after-call", "after-call-error")
# … and the handlers that make the same of each call, so that all they do is in the template, or in `response.py`.
_KNOWN = frozenset(
    {
        "aws_lambda_powertools.shared.user_agent:_create_feature_function.<locals>.add_powertools_feature",
        "botocore.discovery:block_endpoint_discovery_required_operations",
        "botocore.handlers:_handle_request_validation_mode_member",
        "botocore.handlers:_handle_sqs_compatible_error",
        "botocore.handlers:_set_auth_scheme_preference_signer",
        "botocore.handlers:add_query_compatibility_header",
        "botocore.handlers:add_recursion_detection_header",
        "botocore.handlers:add_retry_headers",
        "botocore.handlers:generate_idempotent_uuid",
        "botocore.handlers:inject_api_version_header_if_needed",
        "botocore.handlers:set_operation_specific_signer",
        "botocore.retries.standard:MaxAttemptsSeeder.seed_max_attempts",
        "botocore.retries.standard:RetryHandler.needs_retry",
        "botocore.retries.standard:RetryQuotaChecker.release_retry_quota",
        "botocore.retryhandler:RetryHandler",
        "botocore.signers:RequestSigner.handler",
        "botocore.useragent:UserAgentString.rebuild_and_replace_user_agent_handler",
        "powertools_stream.connectors.connections:ConnectionSet.raise_if_closed",
        "powertools_stream.connectors.integrity:_begin_reading",
        "powertools_stream.connectors.integrity:_check",
        "powertools_stream.connectors.integrity:_explain",
        "powertools_stream.connectors.lean.calls:LeanCalls._see",
    }
)
_HOMES = ("botocore.", "urllib3.", "http.client")
# Where botocore says at DEBUG what it does. urllib3's own lines come from a lean call, too.
_LOGGERS = tuple(
    logging.getLogger(f"botocore.{name}")
    for name in (
        *("auth", "client", "endpoint", "hooks", "httpsession", "parsers", "regions", "retries.standard"),
        *("retryhandler", "signers"),
    )
)
_POOLS = (awsrequest.AWSHTTPConnectionPool, awsrequest.AWSHTTPSConnectionPool)
_CONNECTIONS = (awsrequest.AWSHTTPConnection, awsrequest.AWSHTTPSConnection)
_OF_CLIENT = ("_make_request", "_emit_api_params", "_resolve_endpoint_ruleset", "_convert_to_request_dict")
_OF_ENDPOINT = (
    *("make_request", "create_request", "prepare_request", "_send_request", "_get_response", "_do_get_response"),
    *("_needs_retry", "_send", "_encode_headers", "_update_retries_context"),
)
_OF_SESSION = ("send", "_get_connection_manager", "_get_request_target", "_path_url", "_chunked", "_setup_ssl_cert")
# A request whose head was written before does not run through these methods of connections.
_OF_CONNECTIONS = (
    *("request", "_send_request", "putrequest", "putheader", "endheaders", "send", "_send_output", "getresponse"),
)
_CLASSES: tuple[tuple[Any, Sequence[str]], ...] = (
    (awsrequest.AWSRequest, ("__init__", "prepare")),
    (awsrequest.AWSRequestPreparer, ("prepare", "_prepare_headers", "_prepare_body", "_prepare_url")),
    (awsrequest.AWSPreparedRequest, ("__init__",)),
    (parsers.ResponseParser, ("parse",)),
    *((pool, ("urlopen", "_make_request", "_get_conn", "_new_conn")) for pool in _POOLS),
    *((connection, _OF_CONNECTIONS) for connection in _CONNECTIONS),
    (http.client.HTTPResponse, ("begin", "read")),
    (urllib3.HTTPResponse, ("read", "stream")),
)


class _Handlers:
    """What holds as long as no handler comes or goes.

    Parameters
    ----------
    cache
        The emitter's cache, which it replaces whenever a handler comes or goes.
    """

    def __init__(self, cache: Any) -> None:
        self.cache = cache
        self.are_known: dict[str, bool] = {}
        self.called: dict[str, list[Any]] = {}
        self.templates: dict[Hashable, Any] = {}


class Originals:
    """What carries out the calls of a client, as it was made.

    Parameters
    ----------
    client
        A boto3 client.
    """

    def __init__(self, client: Any) -> None:
        self._emitter = client.meta.events._emitter
        self._history = get_global_history_recorder()
        instances = _instances_of(client)
        self._instances = [vars(instance) for instance, *_ in instances]
        self._hidden = [methods for *_, methods in instances]
        self._lengths: list[int] = []
        # Lists, so that all of it is looked through in C before each call.
        parts = {(id(owner), name): (owner, name, part) for owner, name, part in _parts_of(client)}
        self._owners, self._names, self._parts = map(list, zip(*parts.values(), strict=True))
        self._signs = _signs_with()
        self._handlers = _Handlers(self._emitter._lookup_cache)
        _check_that_changes_show(self._emitter)

    def are_in_place(self, operation: Any) -> bool:
        """Tell whether a call of an operation would now be made by botocore alone."""
        return self._is_botocores() and not self._is_watched() and self._has_known_handlers(operation)

    @property
    def templates(self) -> dict[Hashable, Any]:
        """The templates of requests that were made with the same handlers as now; another one may change them."""
        return self._handlers.templates

    def tell(self, event: str, **about: Any) -> None:
        """Call the handlers of an event, as the emitter does, but without its looking around.

        Parameters
        ----------
        event
            Its full name: ``"after-call.dynamodb.UpdateItem"``.
        about
            What it is about.
        """
        called = self._handlers.called
        if event not in called:
            called[event] = list(self._emitter._handlers.prefix_search(event))
        for handler in called[event]:
            handler(event_name=event, **about)

    def _is_botocores(self) -> bool:
        try:
            found = map(getattr, self._owners, self._names)
            return all(map(is_, found, self._parts)) and self._hide_nothing() and _signs_with() is self._signs
        except AttributeError:  # somebody has taken a method away
            return False

    def _hide_nothing(self) -> bool:
        """Tell whether no instance has got an attribute that hides a method."""
        lengths = [*map(len, self._instances)]
        if lengths != self._lengths:
            if not all(own.keys().isdisjoint(names) for own, names in zip(self._instances, self._hidden, strict=True)):
                return False
            self._lengths = lengths
        return True

    def _is_watched(self) -> bool:
        if _context() is not None:
            return True
        # A loop, since it takes half the time of `any`.
        for logger in _LOGGERS:
            if logger.isEnabledFor(logging.DEBUG):
                return True
        return bool(self._history._enabled)

    def _has_known_handlers(self, operation: Any) -> bool:
        handlers = self._handlers
        if self._emitter._lookup_cache is not handlers.cache:
            handlers = self._handlers = _Handlers(self._emitter._lookup_cache)
        are_known = handlers.are_known.get(operation.name)
        if are_known is None:
            are_known = handlers.are_known[operation.name] = all(map(_is_known, self._handlers_of(operation)))
        return are_known

    def _handlers_of(self, operation: Any) -> Iterator[Any]:
        for event in (*_LEFT_OUT, *_CALLED):
            yield from self._emitter._handlers.prefix_search(operation.event(event))


def _signs_with() -> Any:
    return auth.AUTH_TYPE_MAPS.get("v4")


def _parts_of(client: Any) -> Iterator[tuple[Any, str, Any]]:
    """Return what a call is carried out with: whose it is, its name, and what it is if it is botocore's own."""
    for part, attributes, methods in _instances_of(client):
        for name in attributes:
            yield part, name, getattr(part, name)
        yield from _methods_of(type(part), methods)
    yield from _methods_of(type(client), ("_make_api_call",))  # in the client itself it is ours
    for owner, methods in _CLASSES:
        yield from _methods_of(owner, methods)
    # awscrt's, where it is there
    yield from _methods_of(_signs_with(), [name for name, value in vars(auth.SigV4Auth).items() if callable(value)])
    yield from _constants()


def _instances_of(client: Any) -> list[tuple[Any, Sequence[str], Sequence[str]]]:
    """Return the instances that a call runs through, with the names of attributes and of methods."""
    endpoint, signer = client._endpoint, client._request_signer
    return [
        (client, ("_endpoint", "_request_signer", "_serializer", "_ruleset_resolver"), _OF_CLIENT),
        (endpoint, ("http_session",), _OF_ENDPOINT),
        (endpoint.http_session, ("_manager", "_proxy_config"), _OF_SESSION),
        (endpoint.http_session._proxy_config, (), ("proxy_url_for", "proxy_headers_for")),
        (signer, ("_credentials",), ("handler", "sign", "get_auth_instance", "_choose_signer")),
        (client._serializer, (), ("serialize_to_request",)),
        (client._ruleset_resolver, (), ("construct_endpoint",)),
        (client.meta.events, (), ("emit", "emit_until_response")),
        (client.meta.events._emitter, (), ("_emit", "emit", "emit_until_response")),
    ]


def _constants() -> Iterator[tuple[Any, str, Any]]:
    for pool, connection in zip(_POOLS, _CONNECTIONS, strict=True):
        # What records and replays calls over HTTP puts connections of its own there.
        yield pool, "ConnectionCls", connection if connection.__module__.startswith(_HOMES) else None
        # Above it, `http.client` prints what it does. It may be set in its own class, or in one that is derived.
        yield connection, "debuglevel", 0


def _methods_of(owner: type, names: Sequence[str]) -> Iterator[tuple[Any, str, Any]]:
    """Return methods of a class, and behind each of them the one that it has inherited, which it may call.

    Those that the class does not have are left out: another release may have another way.
    """
    for level in _levels(owner, names):
        for name in names:
            method = getattr(level, name, None)
            if method is not getattr(object, name, None):
                yield level, name, method if _is_original(method) else None


def _levels(owner: type, names: Sequence[str]) -> Iterator[type]:
    """Return the class, and those that are next to one which has a method of its own: there, another one is found."""
    yield owner
    for above, below in pairwise([each for each in owner.__mro__ if each.__module__.startswith(_HOMES)]):
        if not vars(above).keys().isdisjoint(names):
            yield below


def _is_original(function: Any) -> bool:
    """Tell whether a function is written in botocore, or in what it stands on, and so is each that it wraps."""
    while type(function) is FunctionType:  # not `isinstance`, which proxies of functions deceive
        if not function.__globals__.get("__name__", "").startswith(_HOMES):
            return False
        if (wrapped := getattr(function, "__wrapped__", None)) is None:
            return True
        function = wrapped
    return False


def _is_known(handler: Any) -> bool:
    function = handler.__func__ if isinstance(handler, MethodType) else handler
    if type(function) is FunctionType:
        # Not `__module__`, which decorators take over from what they wrap.
        return f"{function.__globals__.get('__name__')}:{function.__qualname__}" in _KNOWN
    return f"{type(function).__module__}:{type(function).__qualname__}" in _KNOWN


def _check_that_changes_show(emitter: Any) -> None:
    """Check on a copy that handlers which come and go are noticed.

    Raises
    ------
    NotImplementedError
        They are not: this botocore keeps them in another way.
    """
    tried = copy.copy(emitter)
    caches = [tried._lookup_cache]
    for change in (tried.register, tried.unregister):
        change("before-call", _nothing)
        caches.append(tried._lookup_cache)
    if len(set(map(id, caches))) < len(caches):
        raise NotImplementedError("Handlers of botocore's events come and go unnoticed.")


def _nothing(**_: Any) -> None:
    """Handle an event."""
