from __future__ import annotations

from typing import Any

from powertools_stream import StreamProcessor


# --8<-- [start:hooks]
class OrderProcessor(StreamProcessor):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.done: list[str] = []
        self.failed: list[str] = []

    def success_handler(self, record: dict[str, Any], result: Any) -> Any:
        self.done.append(record["messageId"])
        return super().success_handler(record, result)

    def failure_handler(self, record: Any, exception: Any) -> Any:
        self.failed.append(f"{exception[0].__name__}: {exception[1]}")
        return super().failure_handler(record, exception)


# --8<-- [end:hooks]
