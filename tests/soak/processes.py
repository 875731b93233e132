"""Runs programs in processes of their own: on the main thread of each, as in Lambda."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import ExitStack
from itertools import count

from powertools_stream.testing.endpoint import ScriptedEndpoint
from tests.soak.examining import Verdict, examine
from tests.soak.running import soaking

__all__ = ["portions", "verdicts"]

_AT_A_TIME = 10
"""Programs that a process runs in one go."""

_kept = ExitStack()
_endpoints: list[ScriptedEndpoint] = []


def portions(first: int, programs: int | None, until: float | None) -> Iterator[range]:
    """Yield seeds, until there are enough of them, or the time (`time.monotonic` seconds) has come."""
    for start in count(first, _AT_A_TIME):
        left = _AT_A_TIME if programs is None else first + programs - start
        if left <= 0 or (until is not None and time.monotonic() >= until):
            return
        yield range(start, start + min(left, _AT_A_TIME))


def verdicts(seeds: Iterator[range], processes: int) -> Iterator[Verdict]:
    """Run programs, and yield what came of them, as they end."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_set_up) as pool:
        running: set[Future[list[Verdict]]] = set()
        for portion in seeds:
            running.add(pool.submit(_examine_all, portion))
            if len(running) > processes:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield from future.result()
        for future in running:
            yield from future.result()


def _set_up() -> None:
    _endpoints.append(_kept.enter_context(soaking()))


def _examine_all(seeds: range) -> list[Verdict]:
    return [examine(seed, _endpoints[0]) for seed in seeds]
