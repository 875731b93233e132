"""Filters that are ready as they stand: each takes a unit of work and says whether the rule is for it.

Flavors bring some of them along: `out_latched` comes with ``cdc``, `out_source_is_self` with ``materialize``.
"""

from __future__ import annotations

from collections.abc import Callable

from powertools_stream.environment.tags import source_name
from powertools_stream.uow import UnitOfWork

__all__ = ["Filter", "out_latched", "out_skip", "out_source_is_self"]

Filter = Callable[[UnitOfWork], bool]
"""Says whether a unit of work passes."""


def out_latched(uow: UnitOfWork) -> bool:
    """Pass a change unless a listener made it: a listener writes ``latched: true``, a command leaves it out.

    The new image tells, and for a removal the old one. An event without images passes: nothing says it is latched.
    """
    raw = uow["event"].get("raw")
    if not isinstance(raw, dict):
        return True
    image = raw.get("new") or raw.get("old")
    return not (image and image.get("latched"))


def out_source_is_self(uow: UnitOfWork) -> bool:
    """Pass an event unless this service published it: its ``source`` tag is this service's own name.

    The name is that of `standard_tags`. A service without a name has published nothing that could be told from what
    others without one publish, so everything passes.
    """
    tags = uow["event"].get("tags")
    source = tags.get("source") if isinstance(tags, dict) else None
    # The environment is asked last: it is the slow part, and most events come from others, tagged or not.
    return not source or source == "undefined" or source != source_name()


def out_skip(uow: UnitOfWork) -> bool:
    """Pass an event unless it is tagged ``skip``, as those are that a recording of integration tests makes."""
    tags = uow["event"].get("tags")
    return not (isinstance(tags, dict) and tags.get("skip"))
