"""Templates that run on this machine: their resources, their functions, and what feeds them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from powertools_stream.local.accounting import SourceAccount, account_for
from powertools_stream.local.activity import (
    Activity,
    LogLine,
    MappingBatch,
    MappingFailed,
    Observer,
    Reloaded,
    Tally,
)
from powertools_stream.local.emulator import Emulator, reaching
from powertools_stream.local.forwarding import ForwardingServer
from powertools_stream.local.mappings import (
    BatchOutcome,
    EventSourceMapping,
    MappingError,
    mapping_of,
    wait_until_quiet,
)
from powertools_stream.local.queues import Queues
from powertools_stream.local.runtime import RuntimeFunction
from powertools_stream.local.sending import send, target_of
from powertools_stream.local.stack import LeftOut, MappingConfiguration, Stack, deploy_system
from powertools_stream.templates import Template

__all__ = ["Application"]

_MAPPING = "AWS::Lambda::EventSourceMapping"

# How long nothing may have happened, in seconds: the emulator delivers on threads of its own.
_SETTLED = 0.4
_STOP_SECONDS = 10.0


class Application:
    """Runs a template, or several as one system; a context manager.

    Entering deploys the resources into an emulator, and starts to poll. Functions run in processes of their own, under
    AWS's runtime client. Leaving ends all processes at once.

    Parameters
    ----------
    templates
        The templates, of SAM or CloudFormation. They are deployed in this order, each as a stack of its own.
    endpoint_url
        An emulator that runs already; default: MiniStack is started. See `Emulator`.
    parameters
        Values of parameters. Each template gets those that it has.
    region
        The region.
    retry_delay
        After how many seconds an SQS message that is not done comes again; None: as its queue says.
    observer
        Is told everything that happens.
    on_progress
        Is told in a sentence what takes some time.

    Attributes
    ----------
    stack
        What is deployed. Of several templates, logical ids begin with the template's name: ``shop.Listener``; see
        `names_of`.
    tally
        The sums of what has happened.
    left_out
        What of the templates does not exist or run here.

    Raises
    ------
    EmulatorError, StackError, TemplateError
        On entering: a template cannot run here.
    """

    stack: Stack

    def __init__(
        self,
        *templates: Template,
        endpoint_url: str | None = None,
        parameters: Mapping[str, str] | None = None,
        region: str = "us-east-1",
        retry_delay: int | None = None,
        observer: Observer = lambda activity: None,
        on_progress: Callable[[str], object] = lambda text: None,
    ) -> None:
        self.templates = templates
        self.emulator = Emulator(endpoint_url, region=region, on_progress=on_progress)
        self.tally = Tally()
        self.functions: dict[str, RuntimeFunction] = {}
        self.left_out: list[LeftOut] = []
        self._parameters = parameters or {}
        self._retry_delay = retry_delay
        self._observer = observer
        self._on_progress = on_progress
        self._mappings: dict[str, EventSourceMapping[Any]] = {}
        self._threads: list[threading.Thread] = []
        self._stop = threading.Event()
        self._cleanup = ExitStack()

    def __enter__(self) -> Application:
        with ExitStack() as cleanup:
            cleanup.enter_context(self.emulator)
            server = cleanup.enter_context(ForwardingServer())
            self._on_progress("Deploying …")
            self.stack = deploy_system(
                self.templates, self.emulator, forward_url=server.url, parameters=self._parameters
            )
            self.left_out = list(self.stack.left_out)
            cleanup.callback(self._end)
            self.functions = {name: self._function(name) for name in self.stack.functions}
            server.functions = self.functions
            self._start_mappings()
            # Entering has succeeded, so from here on __exit__ cleans up.
            self._cleanup = cleanup.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cleanup.close()

    def target(self, named: str | None) -> str:
        """Return the logical id of the resource that events are sent to. See `target_of`."""
        return target_of(self.stack, named)

    def send(self, lines: Sequence[str], to: str, on_sent: Callable[[int], object] = lambda count: None) -> int:
        """Send each line to a resource, and return how many there were. See `sending.send`."""
        return send(lines, self.stack, self.emulator, self.target(to), on_sent)

    def wait_until_quiet(self, timeout: float, *, on_wait: Callable[[], object] = lambda: None) -> bool:
        """Wait until nothing is left to do, and return whether that came about in time.

        A message that waits for its visibility timeout is waited for; so is what a stream cannot get past.

        Parameters
        ----------
        timeout
            How long to wait at most, in seconds.
        on_wait
            Is called about once a second.
        """
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and not self.tally.problems:
            on_wait()
            before = self.tally.activities
            if not self._are_mappings_quiet() or self.running():
                continue
            time.sleep(_SETTLED)
            # What Firehose writes may have a function too.
            if not self.emulator.flush() and before == self.tally.activities and not self.running():
                return True
        return False

    def _are_mappings_quiet(self) -> bool:
        mappings = list(self._mappings.values())
        try:
            with reaching(self.emulator):
                return wait_until_quiet(mappings, timeout=1.0)
        except Exception:
            if any(mapping.error is not None for mapping in mappings):
                return False  # its thread says so
            raise

    def running(self) -> int:
        """Return how many invocations are under way."""
        return sum(function.running for function in self.functions.values())

    def reload(self, paths: Sequence[Path] = ()) -> None:
        """Let further invocations import the code anew."""
        for function in self.functions.values():
            function.reload()
        self._observe(Reloaded(tuple(paths)))

    def depths(self) -> dict[str, int]:
        """Return how many messages each queue has, received and delayed ones included, by logical id."""
        return Queues(self.stack, self.emulator).depths()

    def dead_letter_queues(self) -> dict[str, str]:
        """Return the names that dead-letter queues have in AWS, by logical id."""
        found = sorted(set(Queues(self.stack, self.emulator).redrives().values()))
        return {name: self.stack.physical_ids[name].rpartition("/")[2] for name in found}

    def accounts(self) -> list[SourceAccount]:
        """Return where the records of every event source mapping are."""
        queues = Queues(self.stack, self.emulator)
        redrives = queues.redrives()
        return account_for(
            self.stack,
            self.tally,
            depths=queues.depths(),
            redrives=redrives,
            pending=self.pending(),
            moved=queues.moved(set(redrives.values())),
        )

    def pending(self) -> dict[str, int]:
        """Return how many records wait at each event source mapping, by logical id; of streams, as far as is known."""
        with reaching(self.emulator):
            return {name: mapping.pending() for name, mapping in self._mappings.items()}

    def filtered(self) -> dict[str, int]:
        """Return how many records filters have discarded, by the logical id of their mapping, where there are some."""
        return {name: mapping.filtered for name, mapping in self._mappings.items() if mapping.filtered}

    def _function(self, name: str) -> RuntimeFunction:
        return RuntimeFunction(
            self.stack.functions[name],
            log=lambda function, line: self._observe(LogLine(function, line)),
            on_invocation=self._observe,
        )

    def _start_mappings(self) -> None:
        for configuration in self.stack.mappings.values():
            try:
                mapping = self._mapping(configuration)
            except MappingError as error:
                self.left_out.append(LeftOut(configuration.logical_id, _MAPPING, str(error)))
                continue
            if mapping is not None:  # otherwise the template disables it
                self._start(configuration.logical_id, mapping)

    def _mapping(self, configuration: MappingConfiguration) -> EventSourceMapping[Any] | None:
        def observe(outcome: BatchOutcome) -> None:
            self._observe(MappingBatch(configuration.logical_id, outcome))

        return mapping_of(
            configuration.properties,
            self.functions[configuration.function],
            clients=self.emulator.client,
            retry_delay=self._retry_delay,
            observer=observe,
        )

    def _start(self, name: str, mapping: EventSourceMapping[Any]) -> None:
        self._mappings[name] = mapping
        thread = threading.Thread(target=self._run, args=(name, mapping), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _run(self, name: str, mapping: EventSourceMapping[Any]) -> None:
        try:
            mapping.run(self._stop)
        except Exception as error:
            if not self._stop.is_set():
                self._observe(MappingFailed(name, error))

    def _observe(self, activity: Activity) -> None:
        if self._stop.is_set():
            return  # what the end itself cuts short
        self.tally(activity)
        self._observer(activity)

    def _end(self) -> None:
        self._stop.set()
        for function in self.functions.values():
            function.close()
        limit = time.monotonic() + _STOP_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, limit - time.monotonic()))
