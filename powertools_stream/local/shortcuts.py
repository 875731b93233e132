"""Shortcuts through botocore and moto, which do some work over and over that need be done once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from importlib import import_module
from typing import Any

__all__ = ["quicker_moto", "replaced", "shared_descriptions"]


@contextmanager
def shared_descriptions() -> Iterator[None]:
    """Let all sessions of botocore share what they read of its descriptions of services.

    Each session would read them anew with its first client, which takes 50 ms, and several times that in a large
    process. Handlers have a session each.
    """
    with replaced("botocore.session", "create_loader", lru_cache(maxsize=None)):
        yield


@contextmanager
def quicker_moto() -> Iterator[None]:
    """Have moto deliver events and receive messages in less time, and otherwise as before."""
    with ExitStack() as stack:
        # For every event its bus parses the same eight JSONPaths, and with the last version of jsonpath-ng for Python
        # 3.10 each takes 8 ms. Without jsonpath-ng it delivers no events at all.
        stack.enter_context(replaced("jsonpath_ng.ext", "parse", lru_cache(maxsize=256)))
        # For every message that is received a queue counts all that it has, a dozen times, to find out how long it
        # keeps one.
        backend = "moto.sqs.models:SQSBackend"
        stack.enter_context(replaced(backend, "is_message_valid_based_on_retention_period", lambda _: _is_kept))
        yield


def _is_kept(backend: Any, queue_name: str, message: Any) -> bool:
    seconds = backend.get_queue(queue_name).message_retention_period
    return bool(message.sent_timestamp / 1000 + seconds > time.time())


@contextmanager
def replaced(place: str, name: str, replace: Callable[[Any], Any]) -> Iterator[None]:
    """Replace an attribute of a module or of a class in it (``module:class``), if there is one."""
    module, _, owner_name = place.partition(":")
    try:
        owner: Any = import_module(module)
    except ModuleNotFoundError:
        owner = None
    owner = getattr(owner, owner_name, None) if owner_name else owner
    original = getattr(owner, name, None)
    if original is None:
        yield
        return
    setattr(owner, name, replace(original))
    try:
        yield
    finally:
        setattr(owner, name, original)
