"""Lambda: functions are invoked, and their event source mappings listed, made, changed and deleted; a call each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from powertools_stream.classification.reasons import error_code
from powertools_stream.connectors.base import Entry, Operation
from powertools_stream.connectors.params import call, canonical, checked
from powertools_stream.connectors.proofs import missing_response, part, proven
from powertools_stream.connectors.service_connector import ServiceConnector
from powertools_stream.errors import EntryTooLargeError, RequestFailedError, RetryableError, RetryLaterError
from powertools_stream.payloads.json_text import from_json, to_json
from powertools_stream.requests import (
    CreateEventSourceMapping,
    DeleteEventSourceMapping,
    InvokeFunction,
    ListEventSourceMappings,
    UpdateEventSourceMapping,
)

__all__ = ["CONNECTOR", "MAX_EVENT_BYTES", "MAX_PAYLOAD_BYTES", "LambdaConnector"]

# Of synchronous and of asynchronous invocations; Lambda says MB for 1,024 KB.
# https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_PAYLOAD_BYTES = 6 * 1024 * 1024
MAX_EVENT_BYTES = 1024 * 1024

# A mapping that was just made or changed takes no further change until that is done, which takes seconds: the change
# is asked for again for about 20 of them, if there is so much time.
# https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html
_MAPPING_ATTEMPTS = 15

# What passes by itself, beyond what does with every service: another change is under way, the function is being made,
# its surroundings are being restored.
# https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors
_BUSY = frozenset({"ResourceConflictException", "ResourceInUseException"})
_STARTING = frozenset(
    {
        "CodeArtifactUserPendingException",
        "EFSMountConnectivityException",
        "EFSMountTimeoutException",
        "ResourceConflictException",
        "SnapStartNotReadyException",
        "SnapStartTimeoutException",
    }
)
_PASSING = {"Invoke": _STARTING, "UpdateEventSourceMapping": _BUSY, "DeleteEventSourceMapping": _BUSY}
_GONE = "ResourceNotFoundException"
# The status that says that Lambda has done what it was asked for; of a synchronous invocation it is 200.
# https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_ResponseElements
_ACCEPTED = {"Event": 202, "DryRun": 204}


@dataclass(slots=True)
class _Pagination:
    """A list of mappings: what to ask for, and what has come. So a page that fails is asked for again, and no other."""

    params: dict[str, Any]
    found: list[Any] = field(default_factory=list)


class LambdaConnector(ServiceConnector):
    """Invokes functions, and switches their event source mappings."""

    requests = (
        InvokeFunction,
        ListEventSourceMappings,
        CreateEventSourceMapping,
        UpdateEventSourceMapping,
        DeleteEventSourceMapping,
    )

    def entries(self, request: Any) -> Sequence[Entry]:
        """Return one entry. Changes of one mapping keep their order; invocations have none.

        Raises
        ------
        InvalidRequestError
            What Lambda's API asks for is missing.
        EntryTooLargeError
            The payload is larger than Lambda takes.
        """
        if isinstance(request, InvokeFunction):
            return (_invocation(request),)
        if isinstance(request, ListEventSourceMappings):
            params = dict(checked(request))
            operation = Operation("lambda", "ListEventSourceMappings", reads=True, region_name=request.region_name)
            return (Entry(operation, _Pagination(params), key=canonical(params)),)
        return (_change(request),)

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        """Make the call; of a list, one for each page.

        Raises
        ------
        RetryableError
            The function or the mapping is busy: it is being made, changed or restored. Its cause is what Lambda said.
        """
        (entry,) = entries
        name = entry.operation.name
        try:
            return [_SENDERS[name](self.clients.client_for(entry.operation), entry.payload)]
        except Exception as error:
            code = error_code(error)
            if name == "DeleteEventSourceMapping" and code == _GONE:
                return [{}]
            if code in _PASSING.get(name, ()):
                raise RetryableError(f"Lambda is busy with it: {error}") from error
            raise

    def answer(self, request: Any, responses: Sequence[Any]) -> Any:
        """Return the response; a list is copied, since equal reads share it."""
        (response,) = responses
        return list(response) if isinstance(response, list) else response


def _invocation(request: InvokeFunction) -> Entry:
    params = dict(checked(request, "FunctionName"))
    size = 0
    if params.get("Payload") is not None:
        params["Payload"] = _content(params["Payload"])
        size = len(params["Payload"])
    is_event = params.get("InvocationType") == "Event"
    limit = MAX_EVENT_BYTES if is_event else MAX_PAYLOAD_BYTES
    if size > limit:
        kind = "an asynchronous" if is_event else "a synchronous"
        raise EntryTooLargeError(
            f"Expected a payload of at most {limit} bytes for {kind} invocation of {params['FunctionName']!r}, "
            f"but found {size}. Pass less of it, or a reference to the rest."
        )
    return Entry(Operation("lambda", "Invoke", params["FunctionName"], region_name=request.region_name), params, size)


def _content(payload: Any) -> bytes:
    if isinstance(payload, bytes | bytearray):
        return bytes(payload)
    return (payload if isinstance(payload, str) else to_json(payload)).encode()


def _change(request: Any) -> Entry:
    """Return the entry of a mapping that is made, changed or deleted."""
    region = request.region_name
    if isinstance(request, CreateEventSourceMapping):
        params = checked(request, "FunctionName")
        operation = Operation("lambda", "CreateEventSourceMapping", region_name=region)
        return Entry(operation, dict(params), key=(region, params.get("EventSourceArn"), params["FunctionName"]))
    params = checked(request, "UUID")
    name = "UpdateEventSourceMapping" if isinstance(request, UpdateEventSourceMapping) else "DeleteEventSourceMapping"
    operation = Operation("lambda", name, region_name=region, max_attempts=_MAPPING_ATTEMPTS)
    return Entry(operation, dict(params), key=(region, params["UUID"]))


def _invoke(client: Any, params: Mapping[str, Any]) -> Any:
    from botocore.exceptions import ReadTimeoutError

    name = params["FunctionName"]
    try:
        response = call(client.invoke, params)
        expected = _ACCEPTED.get(str(params.get("InvocationType")), 200)
        if response.get("StatusCode") != expected:
            raise missing_response("Lambda", f"the 'StatusCode' {expected}", response.get("StatusCode"))
        payload = _decoded(response["Payload"].read())
    except ReadTimeoutError as error:
        # Not for another attempt right now: the function is at work, and would be at work twice.
        raise RetryLaterError(
            f"Expected the function {name!r} to answer within the time-out of the connection, but it did not, and may "
            'still be at work. Pass a longer read_timeout in boto_config, or invoke it with InvocationType="Event".',
        ) from error
    if kind := response.get("FunctionError"):
        raise RequestFailedError(
            "FunctionError", f"The function {name!r} ended in an error ({kind}): {_error_text(payload)}"
        )
    return {**response, "Payload": payload}


def _decoded(content: bytes) -> Any:
    """Return what a function answered: most often JSON, but a runtime of one's own may answer anything."""
    try:
        return from_json(content) if content else None
    except ValueError:
        return content.decode(errors="replace")


def _error_text(payload: Any) -> str:
    # https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
    if not isinstance(payload, Mapping):
        return str(payload)
    return ": ".join(str(payload[name]) for name in ("errorType", "errorMessage") if payload.get(name))


def _mapping(response: Any) -> Any:
    """Return a mapping that was listed, made, changed or deleted."""
    return proven(response, "UUID", "Lambda")


def _list(client: Any, pagination: _Pagination) -> list[Any]:
    while True:
        response = call(client.list_event_source_mappings, pagination.params)
        pagination.found.extend([_mapping(found) for found in part(response, "EventSourceMappings", list, "Lambda")])
        pagination.params["Marker"] = response.get("NextMarker")
        if not pagination.params["Marker"]:
            found, pagination.found = pagination.found, []
            return found


_SENDERS: dict[str, Callable[[Any, Any], Any]] = {
    "Invoke": _invoke,
    "ListEventSourceMappings": _list,
    "CreateEventSourceMapping": lambda client, params: _mapping(call(client.create_event_source_mapping, params)),
    "UpdateEventSourceMapping": lambda client, params: _mapping(call(client.update_event_source_mapping, params)),
    "DeleteEventSourceMapping": lambda client, params: _mapping(call(client.delete_event_source_mapping, params)),
}


CONNECTOR = LambdaConnector
