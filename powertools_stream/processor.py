"""The face towards Powertools and Lambda: a batch processor that runs rules."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import BasePartialBatchProcessor, EventType
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError
from aws_lambda_powertools.utilities.batch.sqs_fifo_partial_processor import SqsFifoPartialProcessor

from powertools_stream.connectors.clients import Clients
from powertools_stream.connectors.registry import ConnectorRegistry
from powertools_stream.engine.batch import Failure
from powertools_stream.engine.deadline import NO_DEADLINE, Deadline
from powertools_stream.engine.dispatch.dispatcher import Dispatcher
from powertools_stream.engine.failed import Failed
from powertools_stream.engine.faults import fault_bus_name
from powertools_stream.engine.interrupter import Interrupter
from powertools_stream.engine.life_cycle import Engine, fault_of, hold_back_groups
from powertools_stream.engine.observation import Observation, Watchers
from powertools_stream.engine.observers import Observers
from powertools_stream.engine.occupancy import Occupancy
from powertools_stream.errors import StreamError, UnknownSourceError
from powertools_stream.options import ProcessorOptions, takes_options
from powertools_stream.outcomes import BatchDetails, Disposition, Fault, FaultPolicy, Reason, RecordDetails, RuleResult
from powertools_stream.requests import PutEvent, Request
from powertools_stream.rules.compiled import CompiledRule, plain_rule
from powertools_stream.rules.switches import Switches
from powertools_stream.sources import Source, source_of
from powertools_stream.sources.recognition import source_of_event_type, source_of_records
from powertools_stream.telemetry.log_keys import attach_keys
from powertools_stream.telemetry.logs import log_of, tell_switches
from powertools_stream.telemetry.observers import observers_for
from powertools_stream.uow import UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Generator

    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from typing_extensions import Self

    from powertools_stream.engine.batch import Batch, RecordState
    from powertools_stream.engine.resubmission import Resubmission

__all__ = ["StreamProcessor"]

_HANDLER_ID = "record_handler"
_POWERTOOLS = "aws_lambda_powertools.utilities.batch.decorators"


class RecordFailedError(BatchProcessingError):
    """Says what the first error says, and no more: a user gets to see it."""

    def __str__(self) -> str:
        return str(self.msg)


class StreamProcessor(BasePartialBatchProcessor):
    """Runs each record of a batch through rules, and reports those that failed.

    A drop-in for Powertools' ``BatchProcessor``, ``AsyncBatchProcessor`` and, on a FIFO queue,
    ``SqsFifoPartialProcessor``: whatever takes one of these takes it, with a record handler, with rules, or with both.
    One processor serves one invocation at a time.

    Parameters
    ----------
    options
        Each option of `ProcessorOptions` as an argument: ``StreamProcessor(rules=rules, bus_name="orders")``.

    Attributes
    ----------
    results
        After a batch: a list of `RuleResult`, in record order, then rule order.
    faults
        After a batch: a list of `Fault`, in the same order.
    """

    @takes_options(ProcessorOptions)
    def __init__(self, options: ProcessorOptions) -> None:
        # Powertools reads the response after the batch, when another thread may use the processor already.
        self._of_thread = threading.local()
        self._is_told = options.event_type is None
        self._event_type: Any = options.event_type
        self._latest_batch: Batch | None = None
        self._occupancy = Occupancy()
        super().__init__(
            options.event_type,  # type: ignore[arg-type]  # None is told from the event, before Powertools looks at it
            model=options.model,
            raise_on_entire_batch_failure=options.raise_on_entire_batch_failure,
            logger=options.logger,  # type: ignore[arg-type]  # Powertools takes its own Logger, though it does not say so
        )
        self._options = options
        self._log = log_of(options.logger)
        self._observers = observers_for(options)
        self._watchers = Watchers(self._observers)
        clients = Clients(options.boto3_session, options.boto_config, options.workers, lean_calls=options.lean_calls)
        connectors = ConnectorRegistry(clients, options.connectors, {"eventbridge": {"bus_name": options.bus_name}})
        connectors.make_clients_ahead(_asked_for(options))
        dispatcher = Dispatcher(
            connectors,
            max_workers=options.workers,
            retry=options.retry,
            observers=self._observers,
            rates=options.rates,
        )
        self._engine = Engine(options, dispatcher)
        self.records: list[dict[str, Any]] = []
        self._context: Any = None
        self._source: Source | None = None
        self._record_handler: Callable[..., Any] | None = None
        self._has_told_switches = False
        self._has_own_handlers = not (
            type(self).success_handler is BasePartialBatchProcessor.success_handler
            and type(self).failure_handler is StreamProcessor.failure_handler
        )

    def __repr__(self) -> str:
        from powertools_stream.telemetry.description import described

        return described(type(self).__name__, self._options)

    @property
    def options(self) -> ProcessorOptions:
        """The options that it was made with."""
        return self._options

    def process_event(self, event: Any, context: Any = None) -> Any:
        """Process what Lambda hands over, and return the partial batch response.

        Raises
        ------
        UnknownSourceError
            The event is of no source that is known, or has no place for records. Nothing was processed.
        BatchProcessingError
            Every record failed; or a record failed, and the source takes no partial response.
        """
        source, records = self._split(event)
        with self(records, None, context):
            self._source = source
            self.process()
        return self._response_to(event)

    def _response_to(self, event: Any) -> Any:
        """Return what the source answers, if it has an answer of its own, else the partial batch response."""
        source, batch = self._source, self._batch
        if source is not None and batch is not None and type(source).answer is not Source.answer:
            answer = source.answer(event, batch.outcomes())
            if answer is not None:
                return answer if batch.resubmission is None else {**answer, **batch.resubmission.report(batch)}
        return self.response()

    def united(self, answer: Mapping[str, Any], response: Any, event: Any) -> Any:
        """Return the response to Lambda with what the handler has returned.

        Failures that the handler reports itself, as ``batchItemFailures``, are added to those of the batch; on a FIFO
        queue, what follows them in their groups too. A source with an answer of its own, such as Firehose's, answers
        anew. Other keys stand under those of the response.

        Raises
        ------
        BatchProcessingError
            What the handler reports is no list of failures, or not of this batch; or the source takes no partial
            response. Lambda would delete what it was meant to report, so that the batch is failed here.
        """
        if not isinstance(response, Mapping):
            return response
        others = {name: value for name, value in answer.items() if name != "batchItemFailures"}
        reported = answer.get("batchItemFailures")
        if reported is None or reported == []:
            return {**others, **response}
        batch = self._batch
        states = batch.states if batch is not None else []
        known = {_text(batch.source.identifier(state.record)): state for state in states} if batch is not None else {}
        for failure in reported if isinstance(reported, list) else [reported]:
            identifier = _text(failure.get("itemIdentifier")) if isinstance(failure, Mapping) else None
            if identifier not in known:
                raise BatchProcessingError(
                    'Expected the handler to return {"batchItemFailures": [{"itemIdentifier": …}, …]} with identifiers '
                    f"of this batch, but found {failure!r}. The batch is failed, so that nothing is lost.",
                    child_exceptions=self.exceptions,
                )
            known[identifier].is_reported = True
        if batch is not None and not batch.source.reports_partially and batch.resubmission is None:
            raise BatchProcessingError(
                f"{len(reported)} records were reported by the handler.", child_exceptions=self.exceptions
            )
        if batch is not None:
            hold_back_groups(batch)
            self._report_states(batch, [state for state in states if state.is_reported])
        return {**others, **self._response_to(event)}

    def __call__(
        self, records: list[dict[str, Any]], handler: Callable[..., Any] | None = None, lambda_context: Any = None
    ) -> StreamProcessor:
        """Take the records of a batch, and the handler for them, if there is one.

        Raises
        ------
        ConfigurationError
            The processor is at work on another batch. None of these records are touched.
        """
        self._occupancy.claim()
        self._context = lambda_context
        self._record_handler = handler
        self._source = None
        if handler is None:
            self.records = records
        else:
            super().__call__(records, handler, lambda_context)
        return self

    def process(self) -> list[tuple[Any, ...]]:
        """Run the batch. Returns what `success_handler` or `failure_handler` made of each record, in record order.

        A success comes with what the record handler returned, None without one; what rules left is in `results`.
        """
        self._occupancy.enter()
        try:
            deadline = Deadline.of(self._context, self._options.timeout_margin)
            observation = self._observation()
            if observation is None:
                return self._process(deadline)
            return self._process_observed(deadline, observation)
        finally:
            self._occupancy.leave()

    def _process(self, deadline: Deadline, observation: Observation | None = None) -> list[tuple[Any, ...]]:
        batch = self._batch = self._run(self.records, deadline, observation)
        return self._tell(batch, deadline, observation)

    def _process_observed(self, deadline: Deadline, observation: Observation) -> list[tuple[Any, ...]]:
        """Run the batch inside of what observers open around it; neither that nor the response waits if one hangs."""
        if not observation.has_batch:
            return self._process(deadline, observation)
        error: BaseException | None = None
        options = self._options
        has_secrets = options.redaction is not None or options.encrypts
        details = BatchDetails(observation.source.name, self.records, self._context, has_secrets)
        try:
            with Interrupter(deadline) as interrupter:
                interrupter.attempt(observation.begin, details)
            return self._process(deadline, observation)
        except BaseException as raised:
            error = raised
            raise
        finally:
            with Interrupter(Deadline(at=deadline.ends_at)) as interrupter:
                interrupter.attempt(observation.end, error)
            error = None  # its frames would be a circle

    def _observation(self) -> Observation | None:
        """Return what observers see of the batch that begins; None: nobody wants to see it from the inside."""
        if self._options.logger is not None:
            attach_keys(self._options.logger, self._options.redaction)
        methods = self._watchers.methods(self._log)
        return Observation(methods, self._source_of(self.records), self._log) if methods is not None else None

    def _tell(self, batch: Batch, deadline: Deadline, observation: Observation | None) -> list[tuple[Any, ...]]:
        """Tell observers and handlers what became of the records; the response does not wait for one that hangs."""
        if observation is None and not (self._has_own_handlers or batch.failed()):
            return self._settle(batch)
        with Interrupter(Deadline(at=deadline.ends_at)) as interrupter:
            told = interrupter.attempt(self._tell_observers, batch, batch.failed())
            if type(told) is not Failed:
                told = interrupter.attempt(self._settle, batch)
            if type(told) is not Failed and observation is not None:
                interrupter.attempt(_sum_up, batch, observation)
        if type(told) is not Failed:
            answers: list[tuple[Any, ...]] = told
            return answers
        if isinstance(told.error, Exception):
            raise told.error
        self._log.error("Handlers of records were cut off: the invocation is about to time out.")
        return []

    def async_process(self) -> list[tuple[Any, ...]]:
        """Run the batch: the same as `process`, which runs coroutines as well."""
        return self.process()

    @property
    def event_type(self) -> Any:
        """Powertools' event type: the one that was given, else that of the last batch.

        Powertools asks for it before it takes the records out of an event: then it is that event's.
        """
        caller = sys._getframe(1)
        if self._is_told and caller.f_globals.get("__name__") == _POWERTOOLS:
            with suppress(UnknownSourceError):  # Powertools says what is wrong with the event
                source = source_of(caller.f_locals.get("event", {}), self._options.sources)
                self._event_type = source.event_type if source is not None else self._event_type
        return self._event_type

    @event_type.setter
    def event_type(self, event_type: EventType | None) -> None:
        self._event_type = event_type

    @property
    def _batch(self) -> Batch | None:
        """The last batch of this thread; if it has none, that of any."""
        batch: Batch | None = getattr(self._of_thread, "batch", self._latest_batch)
        return batch

    @_batch.setter
    def _batch(self, batch: Batch | None) -> None:
        self._of_thread.batch = self._latest_batch = batch

    @property
    def batch_response(self) -> PartialItemFailureResponse:
        """The partial batch response of the last batch of this thread."""
        response: PartialItemFailureResponse = getattr(self._of_thread, "response", self.DEFAULT_RESPONSE)
        return response

    @batch_response.setter
    def batch_response(self, response: PartialItemFailureResponse) -> None:
        self._of_thread.response = response

    @property
    def results(self) -> list[RuleResult]:
        """What the rules left behind, in record order, then rule order."""
        return self._batch.results() if self._batch is not None else []

    @property
    def faults(self) -> list[Fault]:
        """Why records failed, in record order, then rule order."""
        return self._batch.faults() if self._batch is not None else []

    def failure_handler(self, record: Any, exception: Any) -> Any:
        """Keep track of a record that failed. Called once per record, with the first error in rule order."""
        # Powertools would log here, without rule, reason and attempt: the observers have done it.
        logger, self.logger = self.logger, None
        try:
            return super().failure_handler(record, self._shown(_with_text(exception)))
        finally:
            self.logger = logger

    def _shown(self, exception: Any) -> Any:
        """Return what a record failed with as Powertools may log it, and Lambda if the whole batch has failed."""
        stand_in = self._batch.redacted.get(id(exception[1])) if self._batch is not None else None
        return exception if stand_in is None else (type(stand_in), stand_in, stand_in.__traceback__)

    def __enter__(self) -> Self:
        self._occupancy.enter()
        self._prepare()
        return self

    def __exit__(self, exception_type: Any, exception_value: Any, traceback: Any) -> None:
        try:
            if exception_type is None:
                self._clean()
            elif self.records:
                # The engine itself failed. The error goes on to Lambda; whoever swallows it must not lose a record.
                self._report(self.records, self._source_of(self.records))
        finally:
            self._occupancy.leave()

    def _prepare(self) -> None:
        # As Powertools does, but for a deep copy of the response, which takes as long as a third of a record.
        self.success_messages.clear()
        self.fail_messages.clear()
        self.exceptions.clear()
        self.batch_response = {"batchItemFailures": [*self.DEFAULT_RESPONSE["batchItemFailures"]]}
        self._batch = None

    def _clean(self) -> None:
        batch = self._batch
        if batch is None:
            if self.records:
                self._report(self.records, self._source_of(self.records))
            return
        reported = [state for state in batch.states if state.is_reported]
        if batch.resubmission is not None:
            # Whoever resubmits reads the response of any source, and nothing comes again by itself.
            self._report_states(batch, reported)
            return
        if not reported:
            return
        entire = len(reported) == len(batch.states) and all(map(_has_failed, reported))
        raises = entire and self.raise_on_entire_batch_failure and not batch.source.answers_each
        if raises or not batch.source.reports_partially:
            if batch.source.reports_partially:
                # For whoever catches the error, and goes on with the response.
                self._report_states(batch, reported)
            if batch.source.shows_errors:
                raise RecordFailedError(str(reported[0].faults[0].shown), self.exceptions)
            raise BatchProcessingError(
                msg=f"All records failed processing. {len(self.exceptions)} individual errors logged separately below."
                if entire
                else f"{len(reported)} of {len(batch.states)} records failed processing.",
                child_exceptions=self.exceptions,
            )
        if batch.source.resumes_from_first:
            # What is behind the first one comes again with it. The first itself may be held back, if it was compacted.
            reported = [*reported[:1], *(state for state in reported[1:] if not _is_held_back(state))]
        self._report_states(batch, reported)

    def _report_states(self, batch: Batch, reported: Iterable[RecordState]) -> None:
        if batch.resubmission is None:
            self._report([state.record for state in reported], batch.source)
        else:
            self.batch_response = batch.resubmission.response(batch)  # type: ignore[assignment]  # it has one key more

    def _report(self, records: Sequence[dict[str, Any]], source: Source) -> None:
        identifiers = {str(identifier): identifier for identifier in map(source.identifier, records)}
        if not all(identifiers.values()):
            raise BatchProcessingError(
                "Expected every record that failed to have an identifier, but found one without: Lambda takes a "
                "response with an empty identifier as the failure of the whole batch, so the batch is failed here.",
                child_exceptions=self.exceptions,
            )
        self.batch_response = {"batchItemFailures": [{"itemIdentifier": value} for value in identifiers.values()]}

    def _process_record(self, record: dict[str, Any]) -> Any:
        deadline = Deadline.of(self._context, self._options.timeout_margin)
        return self._settle(self._run([record], deadline))[0]

    async def _async_process_record(self, record: dict[str, Any]) -> Any:
        return self._process_record(record)

    def _split(self, event: Any) -> tuple[Source | None, list[dict[str, Any]]]:
        """Tell the source of an event, and split it into its records; without records, there is no source to tell."""
        source = source_of(event, self._options.sources)
        records = source.records(event) if source is not None else None
        if source is None or records is None:
            return None, []
        if self._options.event_type is not None and source not in self._options.sources:
            raise UnknownSourceError(
                f"Expected an event of {self._options.event_type.value}, as event_type says, but found one of "
                f"{source.name}. Leave event_type out to have it told from the event."
            )
        return source, records

    def _source_of(self, records: Sequence[dict[str, Any]]) -> Source:
        if self._source is not None:
            return self._source
        if len(self._options.sources) == 1:
            return self._options.sources[0]
        return source_of_records(records, self._options.sources) or source_of_event_type(EventType.SQS)

    def _run(
        self, records: Sequence[dict[str, Any]], deadline: Deadline, observation: Observation | None = None
    ) -> Batch:
        if not self._has_told_switches:
            self._has_told_switches = True
            rule_ids = [rule.id for rule in self._options.registry]
            self._log.info("%r", self)
            tell_switches(self._log, Switches.from_environment(), rule_ids)
        for config in self._options.registry.idempotency_configs():
            # With the time that is left, a function that was cut off runs again once its invocation is over.
            config.register_lambda_context(None if deadline is NO_DEADLINE else self._context)
        source = self._source_of(records)
        if self._options.event_type is None:
            self._event_type = source.event_type
        source = source.carrying(self._options.sources)
        if observation is not None:
            observation.source = source
        resubmission = self._resubmission()
        # A record handler is no rule, so that no fault event asks for it.
        handler = self._handler_rule() if resubmission is None else None
        return self._engine.run(records, source, handler, deadline, self._function(), observation, resubmission)

    def _resubmission(self) -> Resubmission | None:
        """Return which rules an operator wants to run, if the context of the invocation says so."""
        if getattr(self._context, "client_context", None) is None:
            return None
        from powertools_stream.engine.resubmission import resubmission_of

        return resubmission_of(self._context, self._options.registry)

    def _function(self) -> str:
        """Return what was invoked, for checkpoints: the ARN with its alias; without a context, the function's name."""
        if self._options.checkpoint is None:
            return ""
        arn = getattr(self._context, "invoked_function_arn", None)
        return arn if isinstance(arn, str) else os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")

    def _handler_rule(self) -> CompiledRule | None:
        """Make a rule of the record handler: its failure is reported, and never a fault event."""
        if self._record_handler is None:
            return None
        position = len(self._options.registry)
        return plain_rule(_HANDLER_ID, self._handle, position=position, on_fault=FaultPolicy.REPORT)

    def _handle(self, uow: UnitOfWork, rule: Any) -> UnitOfWork | Generator[Any, Any, UnitOfWork]:
        data = uow["data"] = self._data_of(uow["record"], self.model)
        if self._handler_accepts_lambda_context:
            result = self.handler(record=data, lambda_context=self.lambda_context)
        else:
            result = self.handler(record=data)
        if type(result) is CoroutineType:
            return _awaited(uow, result)
        uow["result"] = result
        return uow

    def _data_of(self, record: dict[str, Any], model: Any = None) -> Any:
        """Return a record as Powertools' model or data class; as it is, where Powertools has none for the source."""
        if model is None and self._event_type not in self._DATA_CLASS_MAPPING:
            return record
        return self._to_batch_type(record, self._event_type, model)

    def _settle(self, batch: Batch) -> list[tuple[Any, ...]]:
        """Hand each record over to `success_handler` or `failure_handler`, as Powertools does."""
        handled = batch.handled
        answers = []
        for state in batch.states:
            if not state.failures:
                try:
                    result = handled[state.position]["result"] if handled else None
                    answers.append(self.success_handler(record=state.record, result=result))
                    continue
                except Exception as error:
                    self._note_failed_handler(state, batch, error)
            answers.append(self._fail(state, handled.get(state.position)))
        return answers

    def _note_failed_handler(self, state: RecordState, batch: Batch, error: Exception) -> None:
        """Let an error of `success_handler` be that of its record: it is reported, as if its handler had failed."""
        rule = plain_rule("success_handler", self.success_handler, position=len(self._options.registry))
        uow = UnitOfWork(record=state.record)
        failure = Failure(state, rule, error, Reason.FAULT, FaultPolicy.REPORT, uow)
        state.add_failure(failure)
        state.faults = (fault_of(failure, batch, self._options.redaction),)
        self._tell_observers(batch, [state])
        hold_back_groups(batch)

    def _fail(self, state: RecordState, handled: UnitOfWork | None) -> Any:
        failure = state.failures_in_rule_order()[0]
        exception = (type(failure.error), failure.error, failure.error.__traceback__)
        if failure.reason is Reason.HELD_BACK and self._event_type is EventType.SQS:
            exception = self._circuit_breaker()
        data = handled["data"] if handled is not None and "data" in handled else self._data_of(state.record)
        if exception[1] is not failure.error:
            return self.failure_handler(record=data, exception=exception)
        try:
            # Again, so that it is the current one: `logger.exception` and error trackers look for that.
            raise failure.error
        except BaseException:
            return self.failure_handler(record=data, exception=exception)

    def _circuit_breaker(self) -> Any:
        if self._options.skip_group_on_error:
            return SqsFifoPartialProcessor.group_circuit_breaker_exc
        return SqsFifoPartialProcessor.circuit_breaker_exc

    def _tell_observers(self, batch: Batch, failed: Iterable[RecordState]) -> None:
        observers = Observers(self._observers, self._log)
        for state in failed:
            observers.on_record_failed(_details(state, batch.source))


def _sum_up(batch: Batch, observation: Observation) -> None:
    observation.tell(observation.summary(batch))


def _asked_for(options: ProcessorOptions) -> Iterator[type[Request]]:
    """Return the types of the requests that rules are known to make, in the function's own role."""
    has_bus = fault_bus_name(options.fault_bus_name, options.bus_name) is not None
    if has_bus:
        yield PutEvent
    for rule in options.registry:
        if rule.role_arn is None:
            yield from (asked for asked in type(rule).asked(rule) if asked is not PutEvent or has_bus)


def _details(state: RecordState, source: Source) -> RecordDetails:
    return RecordDetails(
        record=state.record,
        record_id=source.record_id(state.record),
        faults=state.faults,
        disposition=Disposition.REPORTED if state.is_reported else Disposition.SET_ASIDE,
        attempt=source.attempt(state.record),
    )


def _text(identifier: Any) -> str:
    """Return an identifier, which is an object on Kafka, as something to find it by."""
    return json.dumps(identifier, sort_keys=True, default=repr)


def _is_held_back(state: RecordState) -> bool:
    return all(failure.reason is Reason.HELD_BACK for failure in state.failures)


def _has_failed(state: RecordState) -> bool:
    """Tell whether a record failed: one that there was no time for does not make an entire batch fail."""
    return any(failure.reason is not Reason.UNFINISHED for failure in state.failures)


def _awaited(uow: UnitOfWork, coroutine: Any) -> Generator[Any, Any, UnitOfWork]:
    uow["result"] = yield coroutine
    return uow


def _with_text(exception: Any) -> Any:
    """Return what a record failed with; an error without a text, which Powertools would write, gets one."""
    kind, error, traceback = exception
    try:
        str(error)
    except Exception:
        stand_in = StreamError(f"{kind.__name__}, whose text cannot be read")
        stand_in.__cause__ = error
        return type(stand_in), stand_in, traceback
    return exception
