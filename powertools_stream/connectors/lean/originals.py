"""Whether a client's calls are still botocore's own: nobody looks on, and nobody has put something in between.

Tracers (X-Ray, OpenTelemetry, Datadog, …) and mocks (moto, Stubber) replace methods of botocore, or register handlers
of its events, some of them long after a client was made. What they would see or change is left out of a lean call, so
all of it is looked at before each.
"""

from __future__ import annotations

import copy
import http.client
import logging
from collections.abc import Hashable, Iterator
from types import FunctionType, MethodType
from typing import Any

import urllib3
from botocore import auth, awsrequest, hooks, parsers
from botocore.history import get_global_history_recorder

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
    for name in ("auth", "client", "endpoint", "hooks", "httpsession", "parsers", "regions", "retryhandler", "signers")
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
        self._client = client
        self._endpoint = client._endpoint
        self._session = client._endpoint.http_session
        self._emitter = client.meta.events._emitter
        self._history = get_global_history_recorder()
        self._functions = list(_functions_of(client))
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
        if self._client._endpoint is not self._endpoint or self._endpoint.http_session is not self._session:
            return False
        for owner, own, name, function in self._functions:
            if getattr(owner, name) is not function or name in own:
                return False
        return True

    def _is_watched(self) -> bool:
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


def _functions_of(client: Any) -> Iterator[tuple[Any, Any, str, Any]]:
    """Return the functions that a call runs through: whose they are, where they might be hidden, name, function."""
    endpoint = client._endpoint
    yield from _named(type(client), {}, "_make_api_call")  # in the client itself it is ours
    yield from _named(
        type(client),
        vars(client),
        *("_make_request", "_emit_api_params", "_resolve_endpoint_ruleset", "_convert_to_request_dict"),
    )
    yield from _named(
        type(endpoint),
        vars(endpoint),
        *("make_request", "create_request", "prepare_request", "_send_request", "_get_response", "_do_get_response"),
        *("_needs_retry", "_send"),
    )
    yield from _named(type(endpoint.http_session), vars(endpoint.http_session), "send")
    signer = client._request_signer
    yield from _named(type(signer), vars(signer), "handler", "sign", "get_auth_instance")
    yield from _named(auth.SigV4Auth, {}, "add_auth", "canonical_request", "string_to_sign", "signature")
    yield from _named(awsrequest.AWSRequest, {}, "__init__", "prepare")
    yield from _named(awsrequest.AWSPreparedRequest, {}, "__init__")
    yield from _named(hooks.HierarchicalEmitter, {}, "_emit", "emit", "emit_until_response")
    yield from _named(parsers.ResponseParser, {}, "parse")
    # What a head that was written before does not run through.
    yield from _named(
        http.client.HTTPConnection,
        {},
        *("request", "_send_request", "putrequest", "putheader", "endheaders", "send", "getresponse"),
    )
    yield from _named(http.client.HTTPResponse, {}, "begin", "read")
    yield from _named(urllib3.connection.HTTPConnection, {}, "request", "getresponse", "putheader")
    yield from _named(urllib3.connectionpool.HTTPConnectionPool, {}, "urlopen", "_make_request")
    yield from _named(awsrequest.AWSConnection, {}, "request", "send")


def _named(owner: Any, own: Any, *names: str) -> Iterator[tuple[Any, Any, str, Any]]:
    for name in names:
        function = getattr(owner, name, None)
        if function is not None:  # another release may have another way
            yield owner, own, name, function if _is_original(function) else None


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
