"""OpenSearch: `IndexDocument`, `UpdateDocument` and `DeleteDocument`, batched into the bulk API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from powertools_stream.connectors.base import Entry, Refused
from powertools_stream.connectors.clients import Clients
from powertools_stream.connectors.opensearch.actions import DocumentRequest, action_of, outcome_of
from powertools_stream.connectors.opensearch.domains import Domain, DomainClients, domain_of
from powertools_stream.connectors.params import operation_of
from powertools_stream.connectors.proofs import listed
from powertools_stream.connectors.service_connector import ServiceConnector
from powertools_stream.connectors.statuses import is_passing, status_error
from powertools_stream.environment.settings import setting, whole_number
from powertools_stream.errors import EntryTooLargeError, RequestFailedError
from powertools_stream.requests import DeleteDocument, IndexDocument, UpdateDocument

__all__ = ["MAX_ENTRIES", "MAX_REQUEST_BYTES", "OpenSearchConnector", "max_request_bytes"]

# OpenSearch has no limit. As many as opensearch-py's own helpers send at a time.
# https://github.com/opensearch-project/opensearch-py/blob/main/opensearchpy/helpers/actions.py
MAX_ENTRIES = 500
# Of the smaller instance types; the larger ones take 100 MiB.
# https://docs.aws.amazon.com/opensearch-service/latest/developerguide/limits.html#network-limits
MAX_REQUEST_BYTES = 10 * 1024 * 1024

# What the outcome of a whole call is called, so that it is known for what it is: a call refused as invalid, or as too
# large, is repeated in parts.
_CODES = {
    400: "ValidationException",
    401: "AccessDeniedException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    413: "ValidationException",
}


class OpenSearchConnector(ServiceConnector):
    """Writes documents.

    Parameters
    ----------
    clients
        Where the credentials come from that calls are signed with.
    domain_host
        The host of the domain or collection for requests that name none; default: ``OPENSEARCH_DOMAIN_HOST``, then
        ``ES_DOMAIN_HOST``.
    http_auth
        ``(user, password)`` of the domain's own user database, instead of a signature.
    service
        What calls are signed for, ``"es"`` or ``"aoss"``; default: what the host's name says, else ``"es"``.
    region_name
        The Region of the domain; default: what the host's name says, else the function's.
    timeout
        Seconds to wait for an answer.
    connect_timeout
        Seconds to wait for a connection.
    max_entries
        How many actions one call carries at most.
    max_connections
        How many connections to a domain are kept.
    """

    requests = (IndexDocument, UpdateDocument, DeleteDocument)
    calls_boto3_only = False

    def __init__(
        self,
        clients: Clients,
        *,
        domain_host: str | None = None,
        http_auth: tuple[str, str] | None = None,
        service: str | None = None,
        region_name: str | None = None,
        timeout: float = 10.0,
        connect_timeout: float = 2.0,
        max_entries: int = MAX_ENTRIES,
        max_connections: int = 8,
    ) -> None:
        super().__init__(clients)
        self._domain_host = domain_host
        self._max_entries = max_entries
        self._domains: dict[str, Domain] = {}
        self._domain_clients = DomainClients(
            clients,
            http_auth=http_auth,
            service=service,
            region_name=region_name,
            timeout=timeout,
            connect_timeout=connect_timeout,
            max_connections=max_connections,
        )

    def entries(self, request: DocumentRequest) -> Sequence[Entry]:
        """Return one entry: the action's lines.

        Raises
        ------
        InvalidRequestError
            The request names no index, no id though one is needed, or holds what a bulk call cannot.
        EntryTooLargeError
            The document is, on its own, larger than one call may be.
        SettingError
            No domain is named anywhere.
        """
        domain = self._domain(request)
        action = action_of(request)
        max_bytes = max_request_bytes()
        if action.size > max_bytes:
            raise EntryTooLargeError(
                f"Expected a document of at most {max_bytes} bytes, but the one with id {request.params.get('id')!r} "
                f"has {action.size}. Index less of it, or set OPENSEARCH_MAX_REQ_SIZE if the domain takes more."
            )
        key = None if action.key is None else (domain, action.key)
        # A document once a call: an action that is sent again would come after a later one that it shared a call with,
        # and undo it.
        operation = operation_of("opensearch", "Bulk", domain, self._max_entries, max_bytes, one_per_key=True)
        return (Entry(operation, action, action.size, key),)

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        """Make one bulk call; an action that failed is an error as a value, which has the ``status``."""
        operation = entries[0].operation
        client = self._domain_clients.client(operation.target, operation.role_arn)  # type: ignore[arg-type]
        try:
            response = client.bulk(body="".join([entry.payload.text for entry in entries]))
        except Exception as error:
            raise _translated(error) from error
        if not isinstance(response, Mapping):
            raise RequestFailedError(
                "MalformedResponse", f"Expected what a bulk call answers, found a {type(response).__name__}."
            )
        items = listed(response, "items", len(entries), "OpenSearch")
        return [outcome_of(entry.payload, item) for entry, item in zip(entries, items, strict=True)]

    def answer(self, request: DocumentRequest, responses: Sequence[Any]) -> Any:
        """Return what OpenSearch said of the action; ``{}`` if its condition did not hold."""
        return {} if isinstance(responses[0], Refused) else responses[0]

    def close(self) -> None:
        """Cut the connections."""
        self._domain_clients.close()
        super().close()  # a call may be waiting for the credentials of its role

    def _domain(self, request: DocumentRequest) -> Domain:
        host = setting(
            request.domain_host or self._domain_host,
            "OPENSEARCH_DOMAIN_HOST",
            "ES_DOMAIN_HOST",
            what="the OpenSearch domain",
            option="domain_host",
        )
        domain = self._domains.get(host)
        if domain is None:
            domain = self._domains[host] = domain_of(host)
        return domain


def max_request_bytes() -> int:
    """Return how many bytes the actions of one call may have together: ``OPENSEARCH_MAX_REQ_SIZE``, or the limit."""
    return whole_number(None, "OPENSEARCH_MAX_REQ_SIZE", default=MAX_REQUEST_BYTES, what="a number of bytes")


def _translated(error: Exception) -> Exception:
    """Return an error of opensearch-py as one that is known here."""
    from opensearchpy import exceptions

    if not isinstance(error, exceptions.TransportError):
        return RequestFailedError("MalformedResponse", str(error)) if _is_malformed(error) else error
    status, cause = error.status_code, error.info
    if isinstance(status, int):
        # Its own code for what passes; for the others, one that keeps a wrong deployment apart from a wrong document.
        code = str(error.error) if is_passing(status) and _is_word(error.error) else _CODES.get(status, f"{status}")
        return status_error(code, f"{_reason(error)} (status {status})", status, body=cause)
    if isinstance(cause, Exception) and type(cause).__module__.startswith("botocore"):
        return cause  # no credentials to sign with
    if isinstance(error, exceptions.ConnectionTimeout):
        return TimeoutError(str(error))
    if isinstance(error, exceptions.SSLError):
        return RequestFailedError("SSLError", str(error))
    return ConnectionError(str(error))


def _is_malformed(error: Exception) -> bool:
    from opensearchpy import exceptions

    return isinstance(error, exceptions.SerializationError)


def _is_word(code: Any) -> bool:
    return isinstance(code, str) and code.isidentifier()


def _reason(error: Any) -> str:
    info = error.info
    details = info.get("error") if isinstance(info, dict) else None
    if isinstance(details, dict):
        return f"{details.get('type')}, {details.get('reason')}"
    # AWS itself, in front of the domain, answers {"Message": "User: … is not authorized to perform: es:ESHttpPost"}.
    message = (info.get("Message") or info.get("message")) if isinstance(info, dict) else None
    return str(message or error.error or "OpenSearch did not say why.")[:500]
