"""What a request for OpenSearch is in a bulk call, and what became of it. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from powertools_stream.connectors.base import Refused
from powertools_stream.connectors.proofs import missing_response
from powertools_stream.connectors.statuses import PassingStatusError, StatusError, status_error
from powertools_stream.errors import InvalidRequestError, RequestFailedError
from powertools_stream.payloads.json_text import to_json
from powertools_stream.requests import DeleteDocument, IndexDocument, UpdateDocument

__all__ = ["Action", "DocumentRequest", "action_of", "outcome_of"]

DocumentRequest = IndexDocument | UpdateDocument | DeleteDocument

# https://docs.opensearch.org/latest/api-reference/document-apis/bulk/
_MAX_ID_BYTES = 512
_CONCURRENCY = frozenset({"if_primary_term", "if_seq_no", "routing"})
_VERSIONS = frozenset({"version", "version_type"})
# What an action may say besides its index and its id: OpenSearch refuses a whole call for one that it does not know.
_METADATA: Mapping[type[DocumentRequest], frozenset[str]] = {
    IndexDocument: _CONCURRENCY | _VERSIONS | {"pipeline", "require_alias"},
    UpdateDocument: _CONCURRENCY | {"require_alias", "retry_on_conflict"},
    DeleteDocument: _CONCURRENCY | _VERSIONS,
}
_ADDRESSED = frozenset({"body", "id", "index", "op_type"})
_CONDITIONS = frozenset({"if_seq_no", "version"})
_CONFLICT = "version_conflict_engine_exception"
# A disk is too full, or an index takes no writes for a while: passing, though its status is 403 in older versions.
_BLOCKED = "cluster_block_exception"


@dataclass(frozen=True, slots=True)
class Action:
    """One action of a bulk call.

    Parameters
    ----------
    text
        Its lines, each with its end.
    size
        Their bytes.
    key
        The document that it writes; None: one whose id OpenSearch makes.
    is_conditional
        Whether it is carried out only if the document is as the action says.
    refuses
        Whether a condition that does not hold is an answer.
    """

    text: str
    size: int
    key: Hashable | None
    is_conditional: bool
    refuses: bool


def action_of(request: DocumentRequest) -> Action:
    """Return the action that a request asks for.

    Raises
    ------
    InvalidRequestError
        It names no index, no id though one is needed, a parameter that there is not, or a document that is no object.
    TypeError
        A value that JSON has no form for.
    """
    params = _checked(request)
    operation = _operation(request, params)
    index, document_id = _index(params), _id(request, params)
    metadata = {name: params[name] for name in sorted(_METADATA[type(request)]) if params.get(name) is not None}
    address = {"_index": index} if document_id is None else {"_index": index, "_id": document_id}
    text = to_json({operation: {**address, **metadata}}) + "\n"
    if operation != "delete":
        text += _document(request, params) + "\n"
    return Action(
        text=text,
        size=len(text) if text.isascii() else len(text.encode()),
        key=None if document_id is None else (index, document_id),
        is_conditional=operation == "create" or not _CONDITIONS.isdisjoint(metadata),
        refuses=request.on_condition_failed == "ignore",
    )


def outcome_of(action: Action, item: Any) -> Any:
    """Return the response to an action: what OpenSearch said of it, `Refused`, or an error as a value."""
    if isinstance(item, RequestFailedError):  # of an action that was left out
        return item
    result = next(iter(item.values()), None) if isinstance(item, Mapping) else None
    status = result.get("status") if isinstance(result, Mapping) else None
    if not isinstance(result, Mapping) or not isinstance(status, int):
        return missing_response("OpenSearch", "an item with a 'status'", item if result is None else result)
    error = result.get("error")
    if error is None:
        # A document that was to be deleted and is not there has the status 404, and no error.
        is_done = 200 <= status < 300 or (status == 404 and "delete" in item)
        return result if is_done else missing_response("OpenSearch", f"an 'error' beside the status {status}", result)
    code, reason = _code_and_reason(error)
    message = f"{reason} (index {result.get('_index')!r}, id {result.get('_id')!r}, status {status})"
    if code == _CONFLICT and action.is_conditional:
        return Refused(code) if action.refuses else StatusError(code, message, status)
    if code in (_CONFLICT, _BLOCKED):
        # Without a condition another writer wrote the document at the same moment.
        return PassingStatusError(code, message, status)
    return status_error(code, message, status)


def _checked(request: DocumentRequest) -> Mapping[str, Any]:
    params = request.params
    name = type(request).__name__
    if not isinstance(params, Mapping):
        raise InvalidRequestError(f"Expected {name} to get a mapping with an 'index', but found {params!r}.")
    known = _METADATA[type(request)] | _ADDRESSED
    if unknown := sorted(map(str, params.keys() - known)):
        raise InvalidRequestError(
            f"Expected {name} to get {', '.join(sorted(known))}, but found {', '.join(map(repr, unknown))}."
        )
    return params


def _operation(request: DocumentRequest, params: Mapping[str, Any]) -> str:
    known = {IndexDocument: ("index", "create"), UpdateDocument: ("update",), DeleteDocument: ("delete",)}
    allowed = known[type(request)]
    operation = params.get("op_type") or allowed[0]
    if operation not in allowed:
        raise InvalidRequestError(
            f"Expected the op_type of {type(request).__name__} to be {' or '.join(allowed)}, but found {operation!r}."
        )
    return str(operation)


def _index(params: Mapping[str, Any]) -> str:
    index = params.get("index")
    if not isinstance(index, str) or not index:
        raise InvalidRequestError(f"Expected the name of an index, but found {index!r}. Set 'index'.")
    return index


def _id(request: DocumentRequest, params: Mapping[str, Any]) -> str | None:
    document_id = params.get("id")
    if document_id is None or document_id == "":
        if isinstance(request, IndexDocument) and document_id is None:
            return None
        raise InvalidRequestError(f"Expected {type(request).__name__} to have an 'id', but found {document_id!r}.")
    text = str(document_id)
    if len(text.encode(errors="replace")) > _MAX_ID_BYTES:
        raise InvalidRequestError(f"Expected an id of at most {_MAX_ID_BYTES} bytes, but found {text!r}.")
    return text


def _document(request: DocumentRequest, params: Mapping[str, Any]) -> str:
    text = to_json(params.get("body"))
    if not text.startswith("{"):
        raise InvalidRequestError(
            f"Expected {type(request).__name__} to get a mapping as 'body', but found a "
            f"{type(params.get('body')).__name__}."
        )
    return text


def _code_and_reason(error: Any) -> tuple[str, str]:
    """Return the code and the reason of an error, which is text in some versions."""
    if not isinstance(error, Mapping):
        return "UnknownError", str(error)
    reason = str(error.get("reason") or "OpenSearch did not say why.")
    cause = error.get("caused_by")
    if isinstance(cause, Mapping) and cause.get("reason"):
        reason = f"{reason} {cause.get('reason')}"
    return str(error.get("type") or "UnknownError"), reason
