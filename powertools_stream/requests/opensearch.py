"""The requests for OpenSearch; all are batched into the bulk API.

https://docs.opensearch.org/latest/api-reference/document-apis/bulk/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from powertools_stream.requests.dynamodb import OnConditionFailed
from powertools_stream.requests.permissions import Permission, Place
from powertools_stream.requests.request import Request

__all__ = ["DeleteDocument", "IndexDocument", "UpdateDocument"]


DOMAIN = Place(
    "arn:${AWS::Partition}:es:${AWS::Region}:${AWS::AccountId}:domain/{name}",
    "domain_host",
    None,
    ("OPENSEARCH_DOMAIN_HOST", "ES_DOMAIN_HOST"),
)


@dataclass(frozen=True, slots=True)
class IndexDocument(Request):
    """Write one document, in place of the one with its id. Answers the item's result (``{"result": "created", …}``).

    Parameters
    ----------
    params
        ``{"index": …, "id": …, "body": {…}}``, as ``opensearch-py`` takes it for one document; and, as the bulk API
        takes them for one action, ``op_type`` (``"create"``: only if there is none with this id), ``routing``,
        ``version``, ``version_type``, ``if_seq_no``, ``if_primary_term``, ``pipeline``, ``require_alias``. Without an
        ``id`` OpenSearch makes one, and writes another document on a second attempt.
    domain_host
        The host of the domain or collection; default: ``OPENSEARCH_DOMAIN_HOST``, then ``ES_DOMAIN_HOST``.
    on_condition_failed
        What a conflict with ``op_type="create"``, ``version`` or ``if_seq_no`` is: ``"ignore"``, an answer (``{}``),
        or ``"fault"``, an error.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("es:ESHttpPost", DOMAIN, "/_bulk"),)

    params: Mapping[str, Any]
    domain_host: str | None = field(default=None, kw_only=True)
    on_condition_failed: OnConditionFailed = field(default="ignore", kw_only=True)

    def sample_answer(self, n: int) -> Any:
        """Answer that the document was written."""
        return {"result": "created"}


@dataclass(frozen=True, slots=True)
class UpdateDocument(Request):
    """Change a part of one document. Answers the item's result; one that is not there is an error.

    Parameters
    ----------
    params
        ``{"index": …, "id": …, "body": {"doc": {…}, "doc_as_upsert": True}}``, or a body with ``script`` and
        ``upsert``; and ``routing``, ``if_seq_no``, ``if_primary_term``, ``retry_on_conflict``, ``require_alias``.
    domain_host
        As for `IndexDocument`.
    on_condition_failed
        As for `IndexDocument`. A conflict without a condition is a passing error.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("es:ESHttpPost", DOMAIN, "/_bulk"),)

    params: Mapping[str, Any]
    domain_host: str | None = field(default=None, kw_only=True)
    on_condition_failed: OnConditionFailed = field(default="ignore", kw_only=True)

    def sample_answer(self, n: int) -> Any:
        """Answer that the document was changed."""
        return {"result": "updated"}


@dataclass(frozen=True, slots=True)
class DeleteDocument(Request):
    """Delete one document. Answers the item's result; one that is not there is deleted already.

    Parameters
    ----------
    params
        ``{"index": …, "id": …}``; and ``routing``, ``version``, ``version_type``, ``if_seq_no``, ``if_primary_term``.
    domain_host
        As for `IndexDocument`.
    on_condition_failed
        As for `IndexDocument`.
    """

    permissions: ClassVar[tuple[Permission, ...]] = (Permission("es:ESHttpPost", DOMAIN, "/_bulk"),)

    params: Mapping[str, Any]
    domain_host: str | None = field(default=None, kw_only=True)
    on_condition_failed: OnConditionFailed = field(default="ignore", kw_only=True)

    def sample_answer(self, n: int) -> Any:
        """Answer that the document was deleted."""
        return {"result": "deleted"}
