"""The options of the processor: what each takes, its default, its variable in the environment, and its check.

They are checked when the processor is made, so that a mistake shows at import of the function. Else it would show with
the first event that needs the option: a large one, one of another source, a throttled call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Concatenate, Literal, ParamSpec, Protocol, TypeAlias

from aws_lambda_powertools.utilities.batch import EventType

from powertools_stream.call_options import Pacer, Rate, RetryPolicy
from powertools_stream.classification.reasons import Retryable, retryable_predicate
from powertools_stream.connectors.base import Connector
from powertools_stream.environment.settings import whole_number
from powertools_stream.errors import RuleError
from powertools_stream.option_checks import (
    are_made_with,
    are_names,
    has,
    has_plain,
    instance_of,
    is_listed,
    is_name,
    is_tracer,
    mistake,
    number_from,
    option,
    switch,
)
from powertools_stream.outcomes import FaultPolicy, Observer
from powertools_stream.requests import Request
from powertools_stream.rules.registry import RuleRegistry, Rules
from powertools_stream.rules.rule import Rule
from powertools_stream.sources import Source
from powertools_stream.sources.recognition import source_of_event_type

if TYPE_CHECKING:
    import logging

    from aws_lambda_powertools import Logger

    from powertools_stream.checkpoints.store import CheckpointStore
    from powertools_stream.payloads.claim_checks import ClaimChecks
    from powertools_stream.payloads.compression import Compression
    from powertools_stream.payloads.decoding import Decoder
    from powertools_stream.payloads.field_encryption import FieldEncryption
    from powertools_stream.payloads.redaction import Redaction

__all__ = ["AnyLogger", "AnyMetrics", "AnyTracer", "ProcessorOptions", "takes_options"]

AnyLogger: TypeAlias = "logging.Logger | Logger"
"""A logger of the standard library, or Powertools' Logger, which is not one to the type checker."""


class AnyTracer(Protocol):
    """Powertools' Tracer, or another object that opens subsegments as it does."""

    @property
    def provider(self) -> Any:
        """What opens subsegments: ``provider.in_subsegment(name=…)`` returns a context manager."""


class AnyMetrics(Protocol):
    """Powertools' Metrics, whatever their provider, or another object that counts as they do."""

    def add_metric(self, *, name: str, unit: Any, value: float) -> Any:
        """Count something."""


P = ParamSpec("P")

_DEFAULT_WORKERS = 32
_CALLS = "a number of calls, 1 or more"
_IS_ENCRYPTION = instance_of("payloads.field_encryption", "FieldEncryption")
_BUS = "the name or ARN of an event bus (a string)"


@dataclass(frozen=True)
class ProcessorOptions:
    """What a `StreamProcessor` is made with. The first four are those of Powertools' ``BatchProcessor``, in its order.

    Parameters
    ----------
    event_type
        Powertools' event type; None: told from the event itself, anew for every invocation.
    model
        Powertools' parser model for the record handler.
    raise_on_entire_batch_failure
        Whether to raise if every record failed; else they are all reported.
    logger
        Gets one line for each record that failed.
    rules
        A registry, or a list of rules or plain dicts.
    source
        A source with options or of your own, or several; each invocation is of the first one that recognises its
        records, else of the built-in one that does.
    on_fault
        What happens to a record if a rule fails for good; a rule may say otherwise. None: what the source says, which
        is `REPORT_AND_PUBLISH`, and for items of Step Functions `PUBLISH`.
    retryable
        A predicate that tells passing errors, or exception types that are passing besides the default ones.
    skip_group_on_error
        On a FIFO queue: True holds back the message group of a reported record, False every record behind it.
    max_workers
        How many calls are under way at a time, at most; default: ``PARALLEL``, then 32. It begins with 8: more are made
        if calls wait while services take their time, and fewer again if one of them is throttled.
    timeout_margin
        Seconds before the time-out of the function at which the batch is ended; at most a quarter of the time left at
        its start.
    bus_name
        The bus of events; default: ``BUS_NAME``.
    fault_bus_name
        The bus of fault events; default: ``FAULT_BUS_NAME``, then `bus_name`. Without any there are no fault events.
    boto3_session, boto_config
        For the clients of the built-in connectors.
    connectors
        Your own, which come before the built-in ones.
    retry
        How entries are sent again that failed in passing.
    rates
        How fast the calls may follow each other that carry requests of a type, whichever rules they are for:
        ``{HttpRequest: (10, 1)}`` is at most ten calls in one second, evenly spaced. Holds for this environment of the
        function; Lambda may run several. A rule has its own ``rate``.
    claim_checks
        Where events are left that are too large to be sent, and from which buckets they are taken; None: such an event
        is an error.
    compression
        Which values of events are compressed when they are sent; None: none. Compressed values are read in any case.
    redact
        What nobody is told who is told of a failure: JSONPaths from the unit of work, as Powertools' data masking takes
        them, ``["event.customer.email"]``. The values at these paths are masked in fault events and in the log.
    keep_record
        Whether fault events hold the raw record all the same if `redact` is set, though it holds the same data.
    encrypt
        Which fields are encrypted of what is published and stored, in the envelope of aws-lambda-stream; a mapping such
        as ``{"fields": ["email"], "key_alias": "alias/orders"}`` is taken as well. What comes in is decrypted. A rule
        has its own ``encrypt``. None: neither.
    tracer, metrics
        Powertools' Tracer and Metrics.
    metrics_per
        ``"rule"``: runs and faults are counted for each rule as well, which makes two more metrics for each.
    observers
        Told of calls, of failed records and of batches; some also see these from the inside: `ContextObserver`.
    checkpoint
        Keeps which rules are done with the records of a batch that has a reported record, so that a later delivery runs
        only the others; None: rules that are done run again.
    checkpoint_key
        By what a message of a queue is known again: ``"record"``, its own id, which it keeps until it is redriven from
        a dead-letter queue; ``"event"``, the id of its event, which it keeps then, too. Two messages with the same
        event are one to it.
    idempotency_store
        Powertools' persistence layer of the rules with ``idempotent``.
    decoder
        Decodes the JSON of payloads in place of Python's own decoder: a function of a text, e.g. ``orjson.loads``. What
        it refuses, by whatever exception, goes to Python's decoder; mappings that are no dicts are made dicts.
    keep_results
        Whether `StreamProcessor.results` is filled. Without it a large batch takes less memory and less time.
    on_unmatched
        What an event means that no rule matches: ``"ignore"``, its record is done; ``"fault"``, it is a fault of its
        record, with what that means by `on_fault`.
    exit_if_stuck
        Whether to end the environment of the function (exit status 1) if what an earlier invocation left behind, such
        as a `Call` that hangs, has not ended by the deadline. Nothing may be processed beside it, so that every record
        is reported until it ends; Lambda starts a new environment, which need not wait.
    lean_calls
        Whether simple calls, such as those of DynamoDB and EventBridge, may leave out what botocore does anew for each
        and what comes to the same each time. ``POWERTOOLS_STREAM_LEAN_CALLS=off`` switches it off, too.

    Attributes
    ----------
    registry
        The rules.
    sources
        The sources that are tried before the built-in ones.
    fault_policy
        What `on_fault` says; None: the source does.
    is_retryable
        Tells passing errors.
    workers
        How many calls are under way at a time, at most.
    redaction
        What `redact` says; None: nothing is redacted.
    field_encryption
        What `encrypt` says.

    Raises
    ------
    TypeError, ValueError
        An option holds what it does not take.
    SettingError
        ``PARALLEL`` holds no number; or `redact` is set, and Powertools' data masking is not installed.
    """

    event_type: EventType | None = None
    model: Any = option(None, "a model of records (a class)", lambda value: isinstance(value, type))
    raise_on_entire_batch_failure: bool = switch(True)
    logger: AnyLogger | None = option(
        None, "a logger, Logger() or logging.getLogger(…)", has("debug", "info", "warning", "error")
    )
    _: KW_ONLY
    rules: Rules = ()
    source: Source | Sequence[Source] | None = None
    on_fault: FaultPolicy | None = None
    retryable: Retryable = option(
        (), "a function of an error, or a tuple of exception types", lambda value: callable(value) or is_listed(value)
    )
    skip_group_on_error: bool = switch(True)
    max_workers: int | None = option(None, _CALLS, number_from(1), ValueError)
    timeout_margin: float = option(1.0, "seconds, 0 or more", number_from(0), ValueError)
    bus_name: str | None = option(None, _BUS, is_name)
    fault_bus_name: str | None = option(None, _BUS, is_name)
    boto3_session: Any = option(None, "a session, boto3.Session(…)", has("client"))
    boto_config: Any = option(None, "a configuration, botocore.config.Config(…)", has("merge"))
    connectors: Sequence[Connector] = option(
        (), "a list of connectors that are made already, [GeocodingConnector()]", are_made_with("send")
    )
    retry: RetryPolicy | None = option(
        None, "RetryPolicy(max_attempts=…)", lambda value: isinstance(value, RetryPolicy)
    )
    rates: Mapping[type[Request], Rate] | None = option(
        None, "rates by type of request, {HttpRequest: (10, 1)}", lambda value: isinstance(value, Mapping)
    )
    claim_checks: ClaimChecks | None = option(
        None, 'ClaimChecks({"<bucket>": "<account id>"})', instance_of("payloads.claim_checks", "ClaimChecks")
    )
    compression: Compression | None = option(None, "Compression()", instance_of("payloads.compression", "Compression"))
    redact: Sequence[str] = option((), 'paths from the unit of work, ["event.customer.email"]', are_names)
    keep_record: bool = switch(False)
    encrypt: FieldEncryption | Mapping[str, Any] | None = option(
        None,
        'FieldEncryption(fields=["email"], key_alias="alias/orders")',
        lambda value: isinstance(value, Mapping) or _IS_ENCRYPTION(value),
    )
    tracer: AnyTracer | None = option(None, "Powertools' Tracer()", is_tracer)
    metrics: AnyMetrics | None = option(None, "Powertools' Metrics()", has("add_metric"))
    metrics_per: Literal["function", "rule"] = option(
        "function", "'function' or 'rule'", lambda value: value in ("function", "rule"), ValueError
    )
    observers: Sequence[Observer] = option(
        (),
        "a list of observers that are made already, each with on_call and on_record_failed",
        are_made_with("on_call", "on_record_failed"),
    )
    decoder: Decoder | None = option(None, "a function of a JSON text (a string), such as orjson.loads", callable)
    checkpoint: CheckpointStore | None = option(
        None,
        "a store, DynamoDBCheckpointStore(table_name=…), whose methods are no async def",
        has_plain("load_many", "save_many"),
    )
    checkpoint_key: Literal["record", "event"] = option(
        "record", "'record' or 'event'", lambda value: value in ("record", "event"), ValueError
    )
    idempotency_store: Any = option(
        None,
        "Powertools' persistence layer, DynamoDBPersistenceLayer(table_name=…)",
        has("save_inprogress", "save_success", "delete_record"),
    )
    keep_results: bool = switch(True)
    on_unmatched: Literal["ignore", "fault"] = option(
        "ignore", "'ignore' or 'fault'", lambda value: value in ("ignore", "fault"), ValueError
    )
    exit_if_stuck: bool = switch(False)
    lean_calls: bool = switch(True)

    registry: RuleRegistry = field(init=False)
    sources: tuple[Source, ...] = field(init=False)
    fault_policy: FaultPolicy | None = field(init=False)
    is_retryable: Callable[[BaseException], bool] = field(init=False)
    workers: int = field(init=False)
    redaction: Redaction | None = field(init=False)
    field_encryption: FieldEncryption | None = field(init=False)

    def __post_init__(self) -> None:
        _check_event_type(self.event_type)
        for one in fields(self):
            if (accepts := one.metadata.get("accepts")) is None:
                continue
            value = getattr(self, one.name)
            if value is not one.default and not accepts(value):
                raise mistake(one.name, one.metadata["takes"], value, one.metadata["error"])
        if self.metrics_per == "rule" and not has("add_dimension")(self.metrics):
            raise mistake(
                "metrics", "Powertools' Metrics(), as metrics_per='rule' needs their dimensions", self.metrics
            )
        for request_type, rate in (self.rates or {}).items():
            _check_rate(request_type, rate)
        self._derive(
            sources=_given_sources(self.source, self.event_type),
            fault_policy=_fault_policy(self.on_fault),
            is_retryable=retryable_predicate(self.retryable),
            workers=whole_number(self.max_workers, "PARALLEL", default=_DEFAULT_WORKERS, what=_CALLS),
            registry=RuleRegistry.of(self.rules),
            redaction=_redaction(self.redact, keep_record=self.keep_record),
            field_encryption=_field_encryption(self.encrypt),
        )
        if self.idempotency_store is None:
            _check_idempotent(self.registry)

    @property
    def encrypts(self) -> bool:
        """Whether the processor, or one of its rules, encrypts or decrypts anything."""
        return self.field_encryption is not None or self.registry.encrypts

    def _derive(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)


def takes_options(
    options: Callable[P, ProcessorOptions],
) -> Callable[[Callable[[Any, ProcessorOptions], None]], Callable[Concatenate[Any, P], None]]:
    """Decorate an ``__init__`` that is given the options as one object: it takes each of them as an argument.

    The names, types and defaults of the arguments are those of the fields; they are written down once, there.
    """

    def decorate(init: Callable[[Any, ProcessorOptions], None]) -> Callable[Concatenate[Any, P], None]:
        def taking(self: Any, /, *args: P.args, **kwargs: P.kwargs) -> None:
            _check_names(kwargs)
            init(self, options(*args, **kwargs))

        taking.__wrapped__ = options.__init__  # type: ignore[attr-defined]  # what `inspect.signature` shows
        return taking

    return decorate


def _check_names(given: Iterable[str]) -> None:
    for name in given:
        if name not in _NAMES:
            from powertools_stream.rules.diagnostics import nearest

            meant = nearest(name, _NAMES)
            hint = f"Did you mean {meant!r}?" if meant else f"It has {', '.join(_NAMES)}."
            raise TypeError(f"StreamProcessor has no option {name!r}. {hint}")


_NAMES = tuple(one.name for one in fields(ProcessorOptions) if one.init)


def _check_event_type(event_type: object) -> None:
    """Say where rules go: the first argument is that of Powertools' processors."""
    if isinstance(event_type, RuleRegistry | Rule | Mapping) or is_listed(event_type):
        raise TypeError(
            "The first argument of StreamProcessor is Powertools' event_type; rules have a name: "
            "StreamProcessor(rules=rules)."
        )


def _check_idempotent(rules: Iterable[Rule]) -> None:
    for rule in rules:
        if rule.idempotent:
            raise RuleError(
                f"Rule {rule.id!r} is idempotent, but nothing says where that is stored. Pass "
                "StreamProcessor(idempotency_store=DynamoDBPersistenceLayer(table_name=…)).",
                rule.id,
            )


def _given_sources(source: Source | Sequence[Source] | None, event_type: EventType | None) -> tuple[Source, ...]:
    if source is None:
        return () if event_type is None else (source_of_event_type(event_type),)
    sources = source if isinstance(source, list | tuple) else (source,)
    for one in sources:
        if not isinstance(one, Source):
            raise mistake("source", "a source that is made already, SQSSource(), or a list of such", one)
    return tuple(sources)


def _fault_policy(given: FaultPolicy | str | None) -> FaultPolicy | None:
    """Return the policy; its value as text is taken as well."""
    try:
        return FaultPolicy(given) if given is not None else None
    except ValueError:
        raise mistake("on_fault", " or ".join(map(str, FaultPolicy)), given, ValueError) from None


def _redaction(paths: Sequence[str], *, keep_record: bool) -> Redaction | None:
    if not paths:
        return None
    from powertools_stream.payloads.redaction import Redaction

    try:
        return Redaction(paths, keep_record=keep_record)
    except ValueError as error:
        takes = f"JSONPaths as Powertools' data masking does, event.lines[*].name: {error}"
        raise mistake("redact", takes, list(paths), ValueError) from None


def _field_encryption(given: FieldEncryption | Mapping[str, Any] | None) -> FieldEncryption | None:
    if given is None:
        return None
    from powertools_stream.payloads.field_encryption import FieldEncryption

    try:
        return FieldEncryption.of(given)
    except (TypeError, ValueError) as error:
        raise mistake("encrypt", f"fields, key_alias and regions: {error}", given, type(error)) from None


def _check_rate(request_type: Any, rate: Any) -> None:
    if not (isinstance(request_type, type) and issubclass(request_type, Request)):
        raise mistake("rates", "types of requests, {HttpRequest: (10, 1)}", request_type)
    try:
        Pacer(*rate)
    except (TypeError, ValueError):
        takes = f"(calls, seconds) for {request_type.__name__}, both above 0, e.g. (10, 1)"
        raise mistake("rates", takes, rate, ValueError) from None
