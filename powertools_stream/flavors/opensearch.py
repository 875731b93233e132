"""The flavor `opensearch`, also known as `elasticsearch`: writes documents to a search index."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from powertools_stream.flavors.steps.calling import Steps, call, listed, split
from powertools_stream.requests import DeleteDocument, IndexDocument, OnConditionFailed, Request, UpdateDocument
from powertools_stream.rules.binding import UserFunction
from powertools_stream.rules.paths import check_path, path_reader
from powertools_stream.rules.rule import Rule, flavor
from powertools_stream.uow import UnitOfWork

__all__ = ["OpenSearchRule", "elasticsearch", "opensearch"]

_UPDATES = ("doc", "doc_as_upsert", "script", "scripted_upsert", "upsert")


class OpenSearchRule(Rule):
    """A rule of the flavor `opensearch`.

    Parameters
    ----------
    to_elasticsearch
        Returns what to write, a list of these, or None: ``{"index": …, "id": …, "body": {…}}`` writes a document
        (``data`` is accepted for ``body`` too), with ``doc`` or ``script`` it changes a part of one, with
        ``op_type="delete"`` it deletes one.
    split_on
        A path to a list, or a function that returns a list: each of its values is a unit of work of its own.
    split_target_field
        The field of the unit of work that holds the value.
    domain_host
        The domain or collection; default: ``OPENSEARCH_DOMAIN_HOST``, then ``ES_DOMAIN_HOST``.
    on_condition_failed
        ``"ignore"``: a conflict with ``op_type="create"``, ``version`` or ``if_seq_no`` is counted; ``"fault"``: it is
        a fault.
    """

    model_config = ConfigDict(extra="forbid")

    user_functions: ClassVar[Mapping[str, tuple[str, ...]]] = {"to_elasticsearch": (), "split_on": ()}

    to_elasticsearch: UserFunction = Field(description="a function")
    split_on: str | UserFunction | None = Field(default=None, description="a path (a string) or a function")
    split_target_field: str = Field(default="split", min_length=1, description="a string that is not empty")
    domain_host: str | None = Field(default=None, description="a string")
    on_condition_failed: OnConditionFailed = Field(default="ignore", description="'ignore' or 'fault'")

    def _check_fields(self) -> None:
        super()._check_fields()
        if isinstance(self.split_on, str):
            check_path(self.split_on, rule_id=self.id, field="split_on")


@flavor(
    model=OpenSearchRule, main="to_elasticsearch", ordered=True, asks=[IndexDocument, UpdateDocument, DeleteDocument]
)
def opensearch(uow: UnitOfWork, rule: OpenSearchRule) -> Steps:
    """Write the documents: once, or once for each value that ``split_on`` finds, side by side.

    Leaves ``index_request`` (None if there is nothing to do) and ``index_response`` (``{}`` if a condition failed), in
    one unit of work per document.
    """
    return _write(uow, rule) if rule.split_on is None else _write_each(uow, rule.split_on, rule)


elasticsearch = opensearch


def _write_each(uow: UnitOfWork, split_on: str | UserFunction, rule: OpenSearchRule) -> Steps:
    values = yield from call(path_reader(split_on) if isinstance(split_on, str) else split_on, uow)
    answers = yield [_write(part, rule) for part in split(uow, values, rule.split_target_field)]
    return [result for answer in answers for result in (answer if isinstance(answer, list) else [answer])]


def _write(uow: UnitOfWork, rule: OpenSearchRule) -> Steps:
    requests = listed((yield from call(rule.to_elasticsearch, uow)) or None, rule, "to_elasticsearch", "a document")
    if not requests:
        return uow.extend(index_request=None)
    if len(requests) == 1:
        response = yield _request(requests[0], rule)
        return uow.extend(index_request=requests[0], index_response=response)
    responses = yield [_request(request, rule) for request in requests]
    return [
        uow.extend(index_request=request, index_response=response)
        for request, response in zip(requests, responses, strict=True)
    ]


def _request(params: Mapping[str, Any], rule: OpenSearchRule) -> Request:
    """Return the request for the parameters that the user's function returned."""
    given = dict(params)
    # Rules written for aws-lambda-stream call it `data`.
    body = given.pop("data", None)
    parts = {name: given.pop(name) for name in _UPDATES if name in given}
    op_type = given.get("op_type")
    if parts or op_type == "update":
        kind: Any = UpdateDocument
        body = parts or body
    else:
        kind = DeleteDocument if op_type == "delete" else IndexDocument
    if body is not None:
        given.setdefault("body", body)
    return kind(given, domain_host=rule.domain_host, on_condition_failed=rule.on_condition_failed)  # type: ignore[no-any-return]
