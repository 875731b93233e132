"""Masking: what is secret is found by its value, wherever it has come to stand."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

__all__ = ["MASK", "MIN_LENGTH", "Masking", "mask_path", "secrets_in"]

MASK = "*****"
"""What stands for a secret, as Powertools' data masking has it."""

MIN_LENGTH = 4
"""Characters that a secret has at least to be looked for inside longer texts. A shorter one would be found everywhere;
it is masked only where it is all of a value."""


class Masking:
    """Masks secrets by their values.

    Looked for is the text itself, and how it is spelled in JSON, in a ``repr``, and in base64 by itself. Numbers count
    as their text. None, booleans and empty texts are no secrets: masking each True would say more than it hides.

    Parameters
    ----------
    secrets
        The values: texts, numbers, or objects and arrays that hold some.
    """

    __slots__ = ("_bytes", "_inside", "_whole")

    def __init__(self, secrets: Iterable[Any]) -> None:
        found = dict.fromkeys(text for secret in secrets for text in _texts(secret))
        self._whole = frozenset(found)
        long = [text for text in found if len(text) >= MIN_LENGTH]
        spellings = {spelling for text in long for spelling in _spellings(text)}
        # The longest first: one secret may be a part of another.
        self._inside = tuple(sorted(spellings, key=lambda text: (-len(text), text)))
        self._bytes = tuple(text.encode(errors="surrogatepass") for text in long)

    def __bool__(self) -> bool:
        return bool(self._whole)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Masking) and self._whole == other._whole

    def __hash__(self) -> int:
        return hash(self._whole)

    def text(self, text: str) -> str:
        """Return a text with the secrets in it masked."""
        if text in self._whole:
            return MASK
        for secret in self._inside:
            if secret in text:
                text = text.replace(secret, MASK)
        return text

    def hides(self, value: float | bytes) -> bool:
        """Tell whether a number is a secret, or bytes hold one."""
        if isinstance(value, bytes):
            return any(secret in value for secret in self._bytes)
        return str(value) in self._whole


def secrets_in(value: Any, paths: Iterable[str]) -> Iterator[Any]:
    """Yield what stands at the paths in a value: ``"request.password"``."""
    for path in paths:
        found = value
        for name in path.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        if found is not None:
            yield found


def mask_path(value: Any, path: str) -> None:
    """Mask what stands at a path, whatever it is. The value is changed."""
    *outer, last = path.split(".")
    for name in outer:
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, dict) and last in value:
        value[last] = MASK


def _texts(secret: Any) -> Iterator[str]:
    left = [secret]
    while left:
        value = left.pop()
        if isinstance(value, str):
            if value:
                yield value
        elif isinstance(value, Mapping):
            left.extend(value.values())
        elif isinstance(value, list | tuple):
            left.extend(value)
        elif value is not None and not isinstance(value, bool):
            yield str(value)


def _spellings(text: str) -> Iterator[str]:
    yield text
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield repr(text)[1:-1]
    # With both kinds of quotes in it, a repr escapes one; inside JSON, what is escaped is escaped again.
    yield json.dumps(json.dumps(text)[1:-1])[1:-1]
    yield b64encode(text.encode(errors="surrogatepass")).decode()
