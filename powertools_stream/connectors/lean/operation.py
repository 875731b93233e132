"""Which operations are simple enough for the lean call path, and what decides on their endpoint (pure)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

__all__ = ["SimpleOperation", "simple_operation"]

_PROTOCOLS = ("json", "query")
# The one list of parameters (a JMESPath) that is known to decide on an endpoint: the tables of DynamoDB's batches.
_TABLES = "keys(RequestItems)"


class SimpleOperation:
    """An operation whose requests differ in nothing but their body, as long as the endpoint is the same.

    Parameters
    ----------
    model
        botocore's model of it.
    service_id
        The service in the names of botocore's events.
    """

    def __init__(self, model: Any, service_id: str) -> None:
        self.model = model
        self.name: str = model.name
        self.output_shape = model.output_shape
        self.protocol = _protocol(model)
        self._event = f"{service_id}.{model.name}"
        self._members = tuple(parameter.member_name for parameter in model.context_parameters)
        self._lists_tables = bool(getattr(model, "operation_context_parameters", None))

    def event(self, name: str) -> str:
        """Return the full name of one of botocore's events: ``"after-call.dynamodb.UpdateItem"``."""
        return f"{name}.{self._event}"

    def endpoint_key(self, params: Mapping[str, Any]) -> Hashable:
        """Return what of the parameters decides on the endpoint, such as a table's name, which may be an ARN."""
        members = tuple([params.get(name) for name in self._members])
        return (members, tuple(params["RequestItems"])) if self._lists_tables else members


def simple_operation(model: Any) -> SimpleOperation | None:
    """Return the operation if it is simple, else None."""
    return SimpleOperation(model, model.service_model.service_id.hyphenize()) if _is_simple(model) else None


def _is_simple(model: Any) -> bool:
    return (
        _protocol(model) in _PROTOCOLS
        and (model.http.get("method"), model.http.get("requestUri")) == ("POST", "/")
        and not _streams(model)
        and not _is_extended(model)
        and set(_lists(model)) <= {_TABLES}
    )


def _protocol(model: Any) -> str | None:
    service = model.service_model
    return getattr(service, "resolved_protocol", None) or service.metadata.get("protocol")  # type: ignore[no-any-return]


def _streams(model: Any) -> bool:
    return bool(
        model.has_streaming_input
        or model.has_streaming_output
        or model.has_event_stream_input
        or model.has_event_stream_output
    )


def _is_extended(model: Any) -> bool:
    """Whether something of a request depends on its parameters besides the body: a token, a checksum, a host, …."""
    return bool(
        model.idempotent_members
        or model.http_checksum
        or model.http_checksum_required
        or model.request_compression
        or model.endpoint
        or getattr(model, "unsigned_payload", None)
    )


def _lists(model: Any) -> list[str]:
    lists = getattr(model, "operation_context_parameters", None) or {}
    return [described["path"] for described in lists.values()]
