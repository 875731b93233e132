"""How payloads are decoded: by the reader of this library, or by another one that the processor was given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from powertools_stream.environment.contexts import InContext
from powertools_stream.payloads.json_text import from_json

__all__ = ["Decoder", "decode", "decoded_by"]

Decoder = Callable[[str], Any]
"""Returns the value that a JSON text holds, and raises if it is not JSON: ``orjson.loads``."""

_decoder: ContextVar[Decoder | None] = ContextVar("decoder", default=None)


def decoded_by(decoder: Decoder | None) -> InContext[Decoder | None]:
    """Inside of it, on this thread, payloads are decoded by this decoder; None: by `from_json`."""
    return InContext(_decoder, decoder)


def decode(text: str) -> Any:
    """Return the value that the text of a payload holds. What the decoder refuses is decoded by `from_json`.

    If it makes other mappings than dicts, such as an ``OrderedDict``, they are made dicts: events are dicts throughout.

    Raises
    ------
    ValueError
        That does not take it either.
    """
    decoder = _decoder.get()
    if decoder is None:
        return from_json(text)
    try:
        value = decoder(text)
        return value if type(value) is dict else _plain(value)
    except Exception:
        # Half of a surrogate pair, deep nesting, …: no record is lost because another reader is more strict.
        return from_json(text)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
