"""OpenSearch's bulk API on this machine: documents in memory, answers in the recorded shape.

https://docs.opensearch.org/latest/api-reference/document-apis/bulk/
"""

from __future__ import annotations

import json
from typing import Any

from tests.connectors.http.http_service import Asked, HttpService, Said

_SHARDS = {"total": 2, "successful": 1, "failed": 0}


class BulkApi:
    """The domain behind an `HttpService`.

    `failures` holds, by id, the statuses and error types with which actions fail; each is used once.
    `rejections` are answers to the next whole calls, which are not carried out.
    """

    def __init__(self, service: HttpService) -> None:
        service.script = self.answer
        self.url = service.url
        self.documents: dict[tuple[str, str], dict[str, Any]] = {}
        self.versions: dict[tuple[str, str], int] = {}
        self.failures: dict[str, list[tuple[int, str]]] = {}
        self.rejections: list[Said] = []
        self.calls: list[list[dict[str, Any]]] = []
        self._lock = service.lock

    def answer(self, asked: Asked) -> Said:
        if asked.method != "POST" or asked.path.partition("?")[0] != "/_bulk":
            return Said(405, {"error": f"Incorrect HTTP method for uri [{asked.path}]", "status": 405})
        with self._lock:
            lines = asked.content.decode().split("\n")
            assert lines.pop() == "", "the last line ends too"
            actions = [json.loads(line) for line in lines]
            self.calls.append(actions)
            if self.rejections:
                return self.rejections.pop(0)
            items = list(self._items(actions))
        return Said(200, {"took": 7, "errors": any("error" in _result(item) for item in items), "items": items})

    def _items(self, lines: list[dict[str, Any]]) -> Any:
        rest = iter(lines)
        for action in rest:
            ((operation, address),) = action.items()
            document = None if operation == "delete" else next(rest)
            yield {operation: self._carry_out(operation, address, document)}

    def _carry_out(self, operation: str, address: dict[str, Any], document: Any) -> dict[str, Any]:
        index, document_id = address["_index"], address.get("_id", f"made-{len(self.documents)}")
        where = {"_index": index, "_id": document_id}
        key = (index, document_id)
        if failures := self.failures.get(document_id):
            return {**where, **_error(*failures.pop(0), index)}
        version, exists = self.versions.get(key, 0), key in self.documents
        if operation == "create" and exists:
            return {**where, **_error(409, "version_conflict_engine_exception", index)}
        if address.get("version") is not None and version >= address["version"]:
            return {**where, **_error(409, "version_conflict_engine_exception", index)}
        if operation == "update" and not exists and not document.get("doc_as_upsert"):
            return {**where, **_error(404, "document_missing_exception", index)}
        self.versions[key] = version = address.get("version", version + 1)
        if operation == "delete":
            self.documents.pop(key, None)
            result, status = ("deleted", 200) if exists else ("not_found", 404)
        else:
            self.documents[key] = {**self.documents.get(key, {}), **document["doc"]} if "doc" in document else document
            result, status = ("updated", 200) if exists else ("created", 201)
        return {
            **where,
            "_version": version,
            "result": result,
            "_shards": _SHARDS,
            "_seq_no": version,
            "_primary_term": 1,
            "status": status,
        }


def _result(item: dict[str, Any]) -> dict[str, Any]:
    ((_, result),) = item.items()
    return dict(result)


def _error(status: int, kind: str, index: str) -> dict[str, Any]:
    error: dict[str, Any] = {"type": kind, "reason": f"[1]: {kind.replace('_', ' ')}", "index": index, "shard": "0"}
    if kind == "mapper_parsing_exception":
        error["caused_by"] = {"type": "illegal_argument_exception", "reason": 'For input string: "x"'}
    return {"status": status, "error": error}
