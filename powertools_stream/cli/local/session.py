"""One run of templates: it starts, is fed and watched, ends, and is summed up."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console

from powertools_stream.cli.local.log import LogWriter
from powertools_stream.cli.local.summary import Summary, print_summary
from powertools_stream.cli.local.view import live_view
from powertools_stream.cli.local.watch import require_watchfiles, watch
from powertools_stream.cli.output import errors, print_document, results
from powertools_stream.cli.status import CannotRunError, Status
from powertools_stream.local.application import Application
from powertools_stream.local.emulator import EmulatorError, is_region
from powertools_stream.local.sending import SendError
from powertools_stream.local.stack import LeftOut, StackError
from powertools_stream.templates import read_template

__all__ = ["Options", "run"]


@dataclass(frozen=True)
class Options:
    """The options of the command; see there."""

    templates: Sequence[Path]
    parameters: Sequence[str]
    send: Path | None
    to: str | None
    once: bool
    timeout: float
    watch: bool
    retry_delay: int | None
    endpoint_url: str | None
    region: str
    log: Path | None
    verbose: bool
    as_json: bool


def run(options: Options) -> Status:
    """Run templates until all is quiet, or until Ctrl-C, and return the exit status.

    Raises
    ------
    CannotRunError, TemplateError
        It cannot run.
    """
    console = errors()
    try:
        with _terminable():
            summary = _run(options, console)
    except (EmulatorError, StackError, SendError) as error:
        raise CannotRunError(str(error)) from error
    except KeyboardInterrupt:
        console.print("Stopped.")
        return Status.INTERRUPTED
    if options.as_json:
        print_document(summary.to_json())
    else:
        print_summary(results(), summary)
    return Status.INTERRUPTED if options.once and summary.is_interrupted else summary.status


def _run(options: Options, console: Console) -> Summary:
    started = time.monotonic()
    parameters, lines = _parameters(options.parameters), _lines(options.send)
    if options.to is not None and options.send is None:
        raise CannotRunError("Expected --send beside --to, found none: give the file with the events.")
    _require_region(options.region)
    if options.watch:
        require_watchfiles()
    templates = [read_template(path) for path in options.templates]
    with ExitStack() as stack:
        log = stack.enter_context(_opened(options.log))
        writer = LogWriter(console, log, verbose=options.verbose)
        status = stack.enter_context(console.status("Starting …"))
        application = stack.enter_context(
            Application(
                *templates,
                endpoint_url=options.endpoint_url,
                parameters=parameters,
                region=options.region,
                retry_delay=options.retry_delay,
                observer=writer,
                on_progress=lambda text: _tell(console, status, text),
            )
        )
        status.stop()
        for line in _told_once(application.left_out):
            writer.write(line, "yellow")
        _tell_where(application, writer, is_once=options.once)
        return _work(application, options, lines, console, started)


def _told_once(left_out: Sequence[LeftOut]) -> Iterator[str]:
    """Yield a line for all that is left out for the same reason."""
    names: dict[tuple[str, str], list[str]] = {}
    for each in left_out:
        names.setdefault((each.resource_type, each.reason), []).append(each.logical_id)
    for (resource_type, reason), alike in names.items():
        yield f"Left out: {', '.join(alike)} ({resource_type}). {reason}"


def _tell_where(application: Application, writer: LogWriter, *, is_once: bool) -> None:
    stack = application.stack
    named = "The stack is" if len(application.templates) == 1 else "The stacks are"
    writer.write(f"The emulator is at {application.emulator.url}. {named} named {stack.name}.", "dim")
    for name, address in stack.addresses.items():
        writer.write(f"{name} is at {address}", "dim")
    if not is_once:  # With --once, they are gone before anybody could look at them.
        for name, queue in application.dead_letter_queues().items():
            writer.write(f"{name} is the queue {queue}", "dim")


def _work(
    application: Application, options: Options, lines: Sequence[str], console: Console, started: float
) -> Summary:
    target = application.target(options.to) if options.send is not None else None
    sent, is_quiet, is_interrupted = 0, False, False
    with ExitStack() as stack:
        if options.watch:
            stack.enter_context(_watching(application))
        try:
            on_sent = stack.enter_context(live_view(application, console, events=len(lines)))
            if target is not None:
                sent = application.send(lines, target, on_sent)
            is_quiet = _wait(application, options)
        except KeyboardInterrupt:
            is_interrupted = True
    return Summary(
        templates=[str(template.path) for template in application.templates],
        target=target,
        sent=sent,
        functions=dict(application.tally.functions),
        mappings=dict(application.tally.mappings),
        failures=dict(application.tally.failures),
        accounts=application.accounts(),
        filtered=application.filtered(),
        queues=application.depths(),
        left_out=list(application.left_out),
        problems=[f"{each.mapping} polls no more: {each.error}" for each in application.tally.problems],
        is_once=options.once,
        is_quiet=is_quiet,
        is_interrupted=is_interrupted,
        seconds=time.monotonic() - started,
    )


def _wait(application: Application, options: Options) -> bool:
    if options.once:
        return application.wait_until_quiet(options.timeout)
    while not application.tally.problems:
        time.sleep(0.2)
    return False


def _tell(console: Console, status: Any, text: str) -> None:
    status.update(text)
    if not console.is_terminal and text.startswith("Installing"):
        console.print(text, soft_wrap=True)


def _parameters(given: Sequence[str]) -> dict[str, str]:
    parameters = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise CannotRunError(f"Expected --parameter NAME=VALUE, found {each!r}.")
        parameters[name] = value
    return parameters


def _lines(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CannotRunError(
            f"Expected --send with a file of events, one per line; {path} cannot be read: {_reason(error)}."
        ) from error
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise CannotRunError(f"Expected --send with a file of events, one per line; {path} is empty.")
    return lines


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return f"{error.strerror}" if isinstance(error, OSError) else "it is no text in UTF-8"


def _require_region(name: str) -> None:
    if not is_region(name):
        raise CannotRunError(f"Expected --region with a Region such as us-east-1, found {name!r}.")


@contextmanager
def _opened(path: Path | None) -> Iterator[TextIO | None]:
    if path is None:
        yield None
        return
    try:
        file = path.open("w", encoding="utf-8")
    except OSError as error:
        raise CannotRunError(
            f"Expected --log with a file that can be written, but {path} cannot: {_reason(error)}."
        ) from error
    with file:
        yield file


@contextmanager
def _watching(application: Application) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=watch, args=(application, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=5)


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM end it as Ctrl-C does, so that no process is left behind."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
