"""Makes the calls of a client: lean ones where that comes to the same, botocore's own else."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from botocore.awsrequest import AWSRequest
from urllib3.exceptions import ClosedPoolError

from powertools_stream.connectors.lean.operation import SimpleOperation, simple_operation
from powertools_stream.connectors.lean.originals import Originals
from powertools_stream.connectors.lean.response import error_code, exchange, read
from powertools_stream.connectors.lean.template import Template, template_of

__all__ = ["LeanCalls", "make_lean"]

# A template takes about 5 KB. A function calls a few tables and queues; only what goes to a new one each time has more.
_MAX_TEMPLATES = 200


def make_lean(client: Any, raise_if_closed: Callable[[], None]) -> None:
    """Have a client make lean calls where it may.

    Every method of a client makes its call through ``_make_api_call``, which is why tracers and mocks patch it in the
    class. Here, it is covered in one client, which is ours alone. A patched one is found behind it.

    Parameters
    ----------
    client
        A boto3 client, made a moment ago, with which one attempt is made per call.
    raise_if_closed
        Called before something is sent.

    Raises
    ------
    AttributeError, NotImplementedError
        This botocore is not the one that we know.
    """
    if _may_be_lean(client):
        client._make_api_call = LeanCalls(client, raise_if_closed)


def _may_be_lean(client: Any) -> bool:
    retries = client.meta.config.retries or {}
    # botocore's own further attempts, and the pace of its adaptive mode, are part of its own path.
    makes_one_attempt = retries.get("total_max_attempts") == 1 and retries.get("mode") != "adaptive"
    return makes_one_attempt and not client._endpoint.http_session._proxy_config.proxy_url_for(client.meta.endpoint_url)


class _Seen(threading.local):
    """The request that this thread sends in botocore's way, if it is to become a template."""

    is_wanted = False
    request: Any = None


class LeanCalls:
    """Stands for ``_make_api_call`` of one client.

    Parameters
    ----------
    client
        The client.
    raise_if_closed
        Called before something is sent.
    """

    def __init__(self, client: Any, raise_if_closed: Callable[[], None]) -> None:
        self._client = client
        self._raise_if_closed = raise_if_closed
        self._endpoint = client._endpoint
        for name in ("_response_parser_factory", "_add_modeled_error_fields"):  # `response` needs them
            getattr(self._endpoint, name)
        self._session = client._endpoint.http_session
        self._serialize = client._serializer.serialize_to_request
        self._credentials = client._request_signer._credentials
        self._operations: dict[str, SimpleOperation | None] = {}
        self._seen = _Seen()
        client.meta.events.register("before-send", self._see)
        self._originals = Originals(client)

    def __call__(self, operation_name: str, api_params: dict[str, Any]) -> Any:
        """Make a call."""
        operation = self._operation(operation_name)
        if operation is None or self._credentials is None or not self._originals.are_in_place(operation):
            return self._by_botocore(operation_name, api_params)
        credentials = self._credentials.get_frozen_credentials()
        templates = self._originals.templates
        key = _key(operation, api_params, credentials)
        if key is not None and key not in templates and len(templates) < _MAX_TEMPLATES:
            return self._learn(templates, operation, key, api_params, credentials)
        template: Template | None = templates.get(key)
        if template is None:
            return self._by_botocore(operation_name, api_params)
        body, others = self._serialized(operation, api_params)
        if others != template.serialized:
            return self._by_botocore(operation_name, api_params)
        try:
            return self._by_template(operation, template, body, credentials)
        except ClosedPoolError:
            templates.pop(key, None)  # of the new pool there will be a new one
            return self._by_botocore(operation_name, api_params)

    def _operation(self, name: str) -> SimpleOperation | None:
        if name not in self._operations:
            self._operations[name] = simple_operation(self._client.meta.service_model.operation_model(name))
        return self._operations[name]

    # -- In botocore's way ---------------------------------------------------------------------------------------------

    def _by_botocore(self, operation_name: str, api_params: dict[str, Any]) -> Any:
        return type(self._client)._make_api_call(self._client, operation_name, api_params)

    def _see(self, request: Any, **_: Any) -> None:
        if self._seen.is_wanted:
            self._seen.request = request

    def _learn(
        self,
        templates: dict[Hashable, Template | None],
        operation: SimpleOperation,
        key: Hashable,
        api_params: dict[str, Any],
        credentials: Any,
    ) -> Any:
        """Make a call in botocore's way, and take its request for a template, whatever the response."""
        self._seen.is_wanted = True
        try:
            return self._by_botocore(operation.name, api_params)
        finally:
            request, self._seen.request, self._seen.is_wanted = self._seen.request, None, False
            # Not worth an error: the call has been made. If credentials have changed meanwhile, the next one tells.
            with contextlib.suppress(Exception):
                if request is not None and credentials == self._credentials.get_frozen_credentials():
                    templates[key] = self._template(operation, request, api_params, credentials)

    def _template(
        self, operation: SimpleOperation, request: Any, api_params: dict[str, Any], credentials: Any
    ) -> Template | None:
        body, others = self._serialized(operation, api_params)
        has_own_timeout = getattr(request, "context", {}).get("read_timeout") is not None
        is_proxied = self._session._proxy_config.proxy_url_for(request.url) is not None
        if body != _bytes(request.body) or has_own_timeout or is_proxied:
            return None
        pool = self._session._manager.connection_from_url(request.url)
        return template_of(request, body, others, credentials, pool)

    # -- By a template -------------------------------------------------------------------------------------------------

    def _serialized(self, operation: SimpleOperation, api_params: dict[str, Any]) -> tuple[bytes, dict[str, Any]]:
        """Return the body, and what else botocore's serializer makes of the parameters."""
        others = self._serialize(api_params, operation.model)
        body = others.pop("body")
        if isinstance(body, dict):  # of the query protocol
            body = AWSRequest(method="POST", url="/", data=body).prepare().body
        return _bytes(body), others

    def _by_template(self, operation: SimpleOperation, template: Template, body: bytes, credentials: Any) -> Any:
        context: dict[str, Any] = {"client_config": self._client.meta.config, "retries": {"attempt": 1}}
        try:
            headers = template.written(template.headers(body, credentials))
            self._raise_if_closed()
            response = exchange(template.pool, template.url, template.path, headers, body)
            parsed = read(response, operation, self._endpoint, self._originals.tell, context)
        except ClosedPoolError:
            raise
        except Exception as error:
            self._originals.tell(operation.event("after-call-error"), exception=error, context=context)
            raise
        self._originals.tell(
            operation.event("after-call"),
            http_response=response,
            parsed=parsed,
            model=operation.model,
            context=context,
        )
        if response.status_code < 300:
            return parsed
        raise self._client.exceptions.from_code(error_code(parsed, context))(parsed, operation.name)


def _key(operation: SimpleOperation, api_params: Mapping[str, Any], credentials: Any) -> Hashable | None:
    """Return what a template is for; None if the parameters are not what the operation takes, or credentials odd."""
    if not _are_plain(credentials):
        return None
    try:
        # The account is a part of some endpoints, and whether there is a token of the headers.
        account = (getattr(credentials, "account_id", None), bool(credentials.token))
        key = (operation.name, *account, operation.endpoint_key(api_params))
        hash(key)
    except (LookupError, TypeError):
        return None
    return key


def _are_plain(credentials: Any) -> bool:
    """Tell whether credentials can be written into a header as they are. If not, the error, if any, is botocore's."""
    key, secret, token = credentials.access_key, credentials.secret_key, credentials.token
    return bool(key and secret and key.isascii() and (not token or token.isascii()))


def _bytes(body: Any) -> bytes:
    return body.encode("utf-8") if isinstance(body, str) else body or b""
