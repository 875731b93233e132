"""How payloads are decoded: by the reader of this library, or by another one that the processor was given."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from powertools_stream.payloads.json_text import from_json

__all__ = ["DecodedBy", "Decoder", "decode"]

Decoder = Callable[[str], Any]
"""Returns the value that a JSON text holds, and raises if it is not JSON: ``orjson.loads``."""

_decoder: ContextVar[Decoder | None] = ContextVar("decoder", default=None)


class DecodedBy:
    """Inside of it, on this thread, payloads are decoded by this decoder; None: by `from_json`."""

    __slots__ = ("_decoder", "_token")

    def __init__(self, decoder: Decoder | None) -> None:
        self._decoder = decoder

    def __enter__(self) -> None:
        self._token = _decoder.set(self._decoder)

    def __exit__(self, *exception: object) -> None:
        _decoder.reset(self._token)


def decode(text: str) -> Any:
    """Return the value that the text of a payload holds. What the decoder refuses is decoded by `from_json`.

    Raises
    ------
    ValueError
        That does not take it either.
    """
    decoder = _decoder.get()
    if decoder is None:
        return from_json(text)
    try:
        return decoder(text)
    except Exception:
        # Half of a surrogate pair, deep nesting, …: no record is lost because another reader is more strict.
        return from_json(text)
