"""Ready-made filters: each takes a unit of work and returns whether the rule is for it.

Some flavors include one: ``cdc`` has `out_latched`, ``materialize`` has `out_source_is_self`.
"""

from __future__ import annotations

from collections.abc import Callable

from powertools_stream.environment.tags import is_own_name
from powertools_stream.uow import UnitOfWork

__all__ = ["Filter", "out_latched", "out_skip", "out_source_is_self"]

Filter = Callable[[UnitOfWork], bool]
"""Returns whether a unit of work passes."""


def out_latched(uow: UnitOfWork) -> bool:
    """Pass a change unless a listener made it: a listener writes ``latched: true``, a command leaves it out.

    It looks at the new image, or at the old one for a removal. An event without images passes.
    """
    raw = uow["event"].get("raw")
    if not isinstance(raw, dict):
        return True
    image = raw.get("new") or raw.get("old")
    return not (image and image.get("latched"))


def out_source_is_self(uow: UnitOfWork) -> bool:
    """Pass an event unless this service published it: its ``source`` tag is this service's own name.

    That is ``POWERTOOLS_SERVICE_NAME``, and also the first of ``SERVICE``, ``PROJECT`` and ``SERVERLESS_PROJECT`` that
    is set. If the service has no name, its events cannot be told from those of other services without one, so
    everything passes.
    """
    tags = uow["event"].get("tags")
    source = tags.get("source") if isinstance(tags, dict) else None
    # The environment is read last: that is the slow part, and most events come from other services, tagged or not.
    return not source or source == "undefined" or not is_own_name(source)


def out_skip(uow: UnitOfWork) -> bool:
    """Pass an event unless it is tagged ``skip``, like those that recordings of integration tests make.

    The engine keeps such events from every rule, so a rule need not name it.
    """
    tags = uow["event"].get("tags")
    return not (isinstance(tags, dict) and tags.get("skip"))
