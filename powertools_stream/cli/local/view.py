"""The live view of a run, on a terminal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from powertools_stream.cli.output import progress_bars
from powertools_stream.local.activity import FunctionTally, MappingTally
from powertools_stream.local.application import Application
from powertools_stream.local.emulator import EmulatorError

__all__ = ["function_table", "live_view", "mapping_table", "queue_table"]

_NARROW = 72
_DEPTHS_EVERY = 0.5


@contextmanager
def live_view(application: Application, console: Console, *, events: int = 0) -> Iterator[Callable[[int], object]]:
    """Show what happens while the block runs. It vanishes at the end, and shows on a terminal only.

    Parameters
    ----------
    application, console
        What is shown, and where.
    events
        How many events are to be sent. The block gets a function, which it tells how many more have been.
    """
    if not console.is_terminal:
        yield lambda count: None
        return
    depths, stop = _Depths(application), threading.Event()
    thread = threading.Thread(target=depths.keep_up, args=(stop,), daemon=True)
    view = _View(application, depths, console, events)
    thread.start()
    try:
        with Live(console=console, get_renderable=view.render, refresh_per_second=4, transient=True):
            yield view.count_sent
    finally:
        stop.set()
        thread.join(timeout=5)


class _Depths:
    """Knows about how many messages each queue has, without anybody waiting for it."""

    def __init__(self, application: Application) -> None:
        self.current: dict[str, int] = {}
        self._application = application

    def keep_up(self, stop: threading.Event) -> None:
        # If it is gone, the mappings say so.
        with suppress(EmulatorError):
            while not stop.wait(_DEPTHS_EVERY):
                self.current = self._application.depths()


class _View:
    def __init__(self, application: Application, depths: _Depths, console: Console, events: int) -> None:
        self._application = application
        self._depths = depths
        self._console = console
        self._started = time.monotonic()
        self._bars = progress_bars()
        self._sending = self._bars.add_task("Sending", total=events)

    def count_sent(self, count: int) -> None:
        self._bars.advance(self._sending, count)

    def render(self) -> Group:
        tally, narrow = self._application.tally, self._console.width < _NARROW
        functions = {name: tally.functions.get(name, FunctionTally()) for name in self._application.functions}
        running = {name: each.running for name, each in self._application.functions.items()}
        tables = [
            function_table(functions, running=running, narrow=narrow),
            mapping_table(dict(tally.mappings), narrow=narrow),
            queue_table(self._depths.current),
        ]
        seconds = f"{time.monotonic() - self._started:.0f} s · Ctrl-C stops"
        bars = [self._bars.get_renderable()] if self._bars.tasks[0].remaining else []
        return Group(*bars, *(table for table in tables if table.row_count), Text(seconds, style="dim"))


def function_table(
    functions: dict[str, FunctionTally], *, running: dict[str, int] | None = None, narrow: bool = False
) -> Table:
    """Return what functions did, as a table."""
    table = _table("Function", *(["Running"] if running is not None else []), "Invocations", "Errors")
    for heading in () if narrow else ("Rules", "Faults", "Each"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, tally in functions.items():
        row = [*([str(running[name])] if running is not None else []), str(tally.invocations), _red(tally.errors)]
        if not narrow:
            row += [str(tally.rule_runs), _red(tally.faults), _each(tally)]
        table.add_row(name, *row)
    return table


def mapping_table(mappings: dict[str, MappingTally], *, narrow: bool = False) -> Table:
    """Return what came from event sources, as a table."""
    table = _table(
        "Event source", *(() if narrow else ("Batches", "Deliveries")), "Records", "Done", "Again", "Discarded"
    )
    for name, tally in mappings.items():
        row = [] if narrow else [str(tally.batches), str(tally.deliveries)]
        table.add_row(name, *row, str(tally.records), str(tally.done), str(tally.retried), _red(tally.discarded))
    return table


def queue_table(depths: dict[str, int]) -> Table:
    """Return how many messages queues have, as a table."""
    table = _table("Queue", "Messages")
    for name, depth in depths.items():
        table.add_row(name, str(depth))
    return table


def _table(first: str, *headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    # Names have no spaces to be wrapped at. The only column that may be wrapped is the one that is cut.
    table.add_column(first, overflow="ellipsis", min_width=12)
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _red(count: int) -> str:
    return f"[red]{count}[/]" if count else "0"


def _each(tally: FunctionTally) -> str:
    return f"{tally.seconds / tally.invocations * 1000:,.0f} ms" if tally.invocations else ""
