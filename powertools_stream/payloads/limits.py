"""How much a record, and a batch, may hold once it is unpacked: a few bytes can stand for gigabytes."""

from __future__ import annotations

import os
import sys
from contextvars import ContextVar
from functools import cached_property

from powertools_stream.environment.contexts import InContext
from powertools_stream.errors import RetryableError

__all__ = ["MAX_INFLATED_BYTES", "MAX_VALUES", "count_values", "limited_batch", "take_memory", "unlimited_batch"]

MAX_INFLATED_BYTES = 16 * 1024 * 1024
"""How many bytes the compressed values of one record may take together once they are inflated."""

MAX_VALUES = 1_000_000
"""How many values a JSON text may hold, and how many the compressed values of one record may hold together.

Objects and arrays count, and so does each value in them. The text ``[[],[]]`` has 7 bytes, and takes 200 once it is
parsed: bytes alone say little about memory.
"""

BYTES_PER_VALUE = 100
"""How much memory a value takes at most, on average, apart from its text: ``{"a":1}``, two values, takes 192 bytes."""

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
_MEMORY = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"
_DEFAULT_MEMORY = 1_024
_CHUNK = 64 * 1024
# Each value but the first comes after one of these.
_BEFORE_VALUES = (b",", b"[", b"{")


def count_values(data: bytes, limit: int = MAX_VALUES) -> int:
    """Return how many values a JSON text holds, or a few more, without parsing it; above the limit, any such number."""
    count = 1 + sum(map(data.count, _BEFORE_VALUES))
    return count if count <= limit else _count_outside_of_strings(data, limit)


def _count_outside_of_strings(data: bytes, limit: int) -> int:
    """Leave out what stands inside strings: they may be prose. In pieces, so that counting takes no memory itself."""
    data = data.replace(rb"\\", b"").replace(rb"\"", b"")
    count, is_inside = 1, False
    for start in range(0, len(data), _CHUNK):
        parts = data[start : start + _CHUNK].split(b'"')
        count += sum(map(b"".join(parts[is_inside::2]).count, _BEFORE_VALUES))
        is_inside ^= len(parts) % 2 == 0
        if count > limit:
            break
    return count


class _Memory:
    """What the records of one batch may take together when they are unpacked."""

    def __init__(self) -> None:
        self.taken = 0
        self.record_id: str | None = None
        self.taken_before = 0

    @cached_property
    def limit(self) -> int:
        """Half of the function's memory, in bytes; asked for only if there is something to be unpacked."""
        megabytes = os.environ.get(_MEMORY, "")
        return (int(megabytes) if megabytes.isdecimal() else _DEFAULT_MEMORY) * 1024 * 1024 // 2

    def take(self, needed: int, record_id: str | None) -> bool:
        """Take memory for a record; False: the record would not fit if it were alone."""
        if record_id is None or record_id != self.record_id:
            self.record_id, self.taken_before = record_id, self.taken
        taken = self.taken + needed
        if taken - self.taken_before > self.limit:
            return False
        if taken > self.limit:
            raise RetryableError(
                f"Expected the compressed values of a batch to take at most {self.limit} bytes of memory, found more. "
                "This record comes again. Give the function more memory, or its mapping a smaller batch size."
            )
        self.taken = taken
        return True


_memory: ContextVar[_Memory | None] = ContextVar("memory", default=None)


def limited_batch() -> InContext[_Memory | None]:
    """Inside of it, what records unpack is counted together: half of the function's memory is there for that."""
    return InContext(_memory, _Memory())


def unlimited_batch() -> InContext[_Memory | None]:
    """Inside of it, what is unpacked is not counted."""
    return InContext(_memory, None)


def take_memory(text: str, values: int, record_id: str | None) -> bool:
    """Take the memory that a text needs, and the values in it; False: the record needs more than there is for a batch.

    Raises
    ------
    RetryableError
        The records before it have left too little. It comes again, behind fewer others.
    """
    memory = _memory.get()
    return memory is None or memory.take(sys.getsizeof(text) + BYTES_PER_VALUE * values, record_id)
