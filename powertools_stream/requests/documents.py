"""The requests for OpenSearch; all are batched into the bulk API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from powertools_stream.requests.request import Request

__all__ = ["DeleteDocument", "IndexDocument", "UpdateDocument"]


@dataclass(frozen=True, slots=True)
class IndexDocument(Request):
    """Write one document, in place of the one with its id. Answers the item's result (``{"result": "created", …}``).

    Parameters
    ----------
    params
        ``{"index": …, "id": …, "body": {…}}``, as ``opensearch-py`` takes it for one document; further parameters
        (``routing``, ``version``, ``version_type``, ``pipeline``, …) as the bulk API takes them for one action.
    domain_host
        The host of the domain or collection; default: ``OPENSEARCH_DOMAIN_HOST``, then ``ES_DOMAIN_HOST``.
    """

    params: Mapping[str, Any]
    domain_host: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class UpdateDocument(Request):
    """Change a part of one document. Answers the item's result.

    Parameters
    ----------
    params
        ``{"index": …, "id": …, "body": {"doc": {…}, "doc_as_upsert": True}}``.
    domain_host
        As for `IndexDocument`.
    """

    params: Mapping[str, Any]
    domain_host: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class DeleteDocument(Request):
    """Delete one document. Answers the item's result; one that is not there is deleted already.

    Parameters
    ----------
    params
        ``{"index": …, "id": …}``.
    domain_host
        As for `IndexDocument`.
    """

    params: Mapping[str, Any]
    domain_host: str | None = field(default=None, kw_only=True)
