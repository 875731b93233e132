"""One environment for thousands of invocations, with calls that fail and calls that are abandoned: nothing may grow.

``python -m tests.soak.warm [--invocations N]`` prints what there is after each twentieth part.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any
from unittest.mock import patch

from powertools_stream import RetryPolicy, StreamProcessor, UnitOfWork
from powertools_stream.flavors import collect, task
from powertools_stream.requests import Call
from powertools_stream.testing import to_sqs_records
from powertools_stream.testing.endpoint import Answer, ScriptedEndpoint
from tests.soak.running import Context, soaking

__all__ = ["Sample", "growth", "warm_invocations"]

_PLENTY, _SCARCE = 30.0, 0.04
"""Seconds of an invocation; in a scarce one something is left behind."""

_CYCLE = 40
_KINDS = {
    3: "ValueError",
    7: "throttled entry",
    11: "server error",
    15: "reset",
    19: "access denied",
    23: "silent",
    27: "hangs in a coroutine",
    31: "hangs on a worker",
    35: "hangs",
}
"""What goes wrong in which invocation of a cycle; nothing in the others."""

_SCARCE_KINDS = frozenset({"silent", "hangs in a coroutine", "hangs on a worker", "hangs"})


@dataclass(frozen=True)
class Sample:
    """What there is after some invocations.

    Parameters
    ----------
    memory
        The resident set, in kB.
    sockets
        The open files of the process, both ends of each connection among them.
    clients
        The clients of boto3.
    """

    invocations: int
    memory: int
    threads: int
    sockets: int
    clients: int


class _Environment:
    """The processor, its rules, and the service that they use."""

    def __init__(self, endpoint: ScriptedEndpoint) -> None:
        self.kind: str | None = None
        self._released = threading.Event()
        self._endpoint = endpoint
        endpoint.script = self._answer
        self.processor = StreamProcessor(
            rules=[
                {"id": "tell", "flavor": task, "execute": self._tell, "emit": "thing-told"},
                {"id": "keep", "flavor": collect, "correlation_key": lambda uow: "k", "table_name": "table"},
                {"id": "await", "flavor": task, "execute": self._await},
                {"id": "call", "flavor": task, "execute": self._call},
            ],
            bus_name="bus",
            retry=RetryPolicy(max_attempts=2, base_delay=0.001),
            raise_on_entire_batch_failure=False,
            max_workers=4,
        )

    def invoke(self, number: int) -> None:
        self.kind = _KINDS.get(number % _CYCLE)
        event = to_sqs_records(
            [{"body": {"id": f"{number}-{n}", "type": "thing"}, "message_id": f"{number}-{n}"} for n in range(3)]
        )
        self.processor.process_event(
            event, Context(time.monotonic() + (_SCARCE if self.kind in _SCARCE_KINDS else _PLENTY))
        )
        released, self._released = self._released, threading.Event()
        released.set()
        self._endpoint.clear()

    def _answer(self, operation: str, body: dict[str, Any]) -> Answer | None:
        if self.kind == "silent":
            self._released.wait(5)
            raise ConnectionResetError
        if self.kind == "reset":
            raise ConnectionResetError
        if self.kind == "server error":
            return 500, {"__type": "InternalServerError", "message": "no"}
        if self.kind == "access denied" and operation == "BatchWriteItem":
            return 400, {"__type": "AccessDeniedException", "message": "no"}
        if self.kind == "throttled entry" and operation == "PutEvents":
            failed = {"ErrorCode": "ThrottlingException", "ErrorMessage": "no"}
            entries = [failed, *({"EventId": "e"} for _ in body["Entries"][1:])]
            return 200, {"FailedEntryCount": 1, "Entries": entries}
        return None

    def _tell(self, uow: UnitOfWork) -> dict[str, Any]:
        if self.kind == "ValueError":
            raise ValueError("it cannot be told")
        if self.kind == "hangs":
            time.sleep(5)
        return {"told": True}

    async def _await(self, uow: UnitOfWork) -> None:
        await asyncio.sleep(5 if self.kind == "hangs in a coroutine" else 0)

    def _call(self, uow: UnitOfWork) -> Generator[Any, Any, None]:
        yield Call(time.sleep, 0.06 if self.kind == "hangs on a worker" else 0)


def warm_invocations(invocations: int, samples: int = 20) -> Iterator[Sample]:
    """Make invocations, and yield what there is after each part of them."""
    log = logging.getLogger("powertools_stream")
    with (
        soaking() as endpoint,
        patch.object(log, "handlers", [logging.NullHandler()]),
        patch.object(log, "propagate", False),
    ):
        environment = _Environment(endpoint)
        for number in range(invocations):
            environment.invoke(number)
            if (number + 1) % (invocations // samples) == 0:
                yield _sample(number + 1)


def growth(samples: list[Sample]) -> list[str]:
    """Say what has grown since the first quarter, in which much is made for the first time."""
    warm = samples[: max(1, len(samples) // 4)]
    last = samples[-1]
    allowed = {"memory": 4_000 + last.invocations // 10, "threads": 3, "sockets": 6, "clients": 2}
    return [
        f"{name}: from {highest} to {getattr(last, name)}"
        for name, more in allowed.items()
        if getattr(last, name) > (highest := max(getattr(sample, name) for sample in warm)) + more
    ]


def _sample(invocations: int) -> Sample:
    from botocore.client import BaseClient

    gc.collect()
    return Sample(
        invocations=invocations,
        memory=int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024,
        threads=threading.active_count(),
        sockets=len(os.listdir("/proc/self/fd")),
        clients=sum(isinstance(one, BaseClient) for one in gc.get_objects()),
    )


def main(say: Callable[[str], None] = print) -> int:
    """Make invocations; 1 if something has grown, else 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.warm", description=__doc__)
    parser.add_argument("--invocations", type=int, default=20_000, metavar="N")
    arguments = parser.parse_args()
    samples, started = [], time.monotonic()
    say(" ".join(f"{field.name:>12}" for field in fields(Sample)))
    for sample in warm_invocations(arguments.invocations):
        samples.append(sample)
        say(" ".join(f"{value:>12}" for value in astuple(sample)))
    grown = growth(samples)
    say(f"{time.monotonic() - started:.0f} s; " + ("; ".join(grown) or "nothing has grown"))
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
