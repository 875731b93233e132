"""A connector of our own, which shows what calls a batch makes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

from powertools_stream import StreamProcessor, UnitOfWork
from powertools_stream.connectors import Entry, Operation
from powertools_stream.requests import Request
from powertools_stream.testing import to_sqs_records


@dataclass(frozen=True)
class Write(Request):
    value: Any
    key: str | None = None


@dataclass(frozen=True)
class Read(Request):
    reads = True
    key: str


@dataclass(frozen=True)
class Save(Request):
    value: Any


class Store:
    """Takes three writes a call, one save, and five keys a read; remembers its calls."""

    requests: tuple[type[Request], ...] = (Write, Read, Save)

    def __init__(self, answer: Callable[[str, list[Any]], Sequence[Any]] | None = None) -> None:
        self.calls: list[tuple[str, list[Any]]] = []
        self._answer = answer or (lambda name, payloads: [f"{name} {payload}" for payload in payloads])
        self._lock = threading.Lock()

    def entries(self, request: Any) -> Sequence[Entry]:
        if isinstance(request, Read):
            max_entries = 1 if request.key == "at once" else 5
            return [
                Entry(Operation("store", "Read", max_entries=max_entries, reads=True), request.key, key=request.key)
            ]
        if isinstance(request, Save):
            return [Entry(Operation("store", "Save"), request.value)]
        operation = Operation("store", "Write", max_entries=3, max_bytes=100, one_per_key=True)
        return [Entry(operation, request.value, size=len(str(request.value)), key=request.key)]

    def send(self, entries: Sequence[Entry]) -> Sequence[Any]:
        name, payloads = entries[0].operation.name, [entry.payload for entry in entries]
        with self._lock:
            self.calls.append((name, payloads))
        return self._answer(name, payloads)

    def answer(self, request: Any, responses: Sequence[Any]) -> Any:
        return responses[0]

    def close(self) -> None: ...

    def sizes(self, name: str) -> list[int]:
        return [len(payloads) for called, payloads in self.calls if called == name]


def numbered(count: int, **fields: Any) -> dict[str, Any]:
    return to_sqs_records([{"type": "e", "n": n, **fields} for n in range(count)])


def processing(*flavors: Any, store: Store, **options: Any) -> StreamProcessor:
    rules = [{"id": f"rule-{position}", "flavor": flavor} for position, flavor in enumerate(flavors)]
    return StreamProcessor(
        rules=rules, connectors=[store], **{"raise_on_entire_batch_failure": False, "max_workers": 4, **options}
    )


def writes(uow: UnitOfWork, rule: Any) -> Generator[Any, Any, UnitOfWork]:
    answer = yield Write(uow.event["n"])
    return uow.extend(answer=answer)
