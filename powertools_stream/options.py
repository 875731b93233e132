"""The options of the processor: what each takes, its default, its variable in the environment, and its check.

They are checked when the processor is made, so that a mistake shows at import of the function. Else it would show with
the first event that needs the option: a large one, one of another source, a throttled call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, fields
from importlib import import_module
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeAlias, TypeVar

from aws_lambda_powertools.utilities.batch import EventType

from powertools_stream.call_options import Pacer, Rate, RetryPolicy
from powertools_stream.classification.reasons import Retryable, retryable_predicate
from powertools_stream.connectors.base import Connector
from powertools_stream.environment.settings import whole_number
from powertools_stream.outcomes import FaultPolicy, Observer
from powertools_stream.requests import Request
from powertools_stream.rules.registry import RuleRegistry, Rules
from powertools_stream.sources import Source
from powertools_stream.sources.recognition import source_of_event_type

if TYPE_CHECKING:
    import logging

    from aws_lambda_powertools import Logger

    from powertools_stream.payloads.claim_checks import ClaimChecks
    from powertools_stream.payloads.compression import Compression

__all__ = ["AnyLogger", "ProcessorOptions", "takes_options"]

AnyLogger: TypeAlias = "logging.Logger | Logger"
"""A logger of the standard library, or Powertools' Logger, which is not one to the type checker."""

P = ParamSpec("P")
T = TypeVar("T")

_DEFAULT_WORKERS = 8
_CALLS = "a number of calls, 1 or more"


def _option(default: T, takes: str, accepts: Callable[[Any], bool], error: type[Exception] = TypeError) -> T:
    """Return the field of an option that is checked by itself.

    Parameters
    ----------
    default
        Its value if it is not given, which is not checked.
    takes
        What it takes, for the message.
    accepts
        Tells whether a value is such.
    error
        What is raised if it is not.
    """
    field_: T = field(default=default, metadata={"takes": takes, "accepts": accepts, "error": error})
    return field_


def _instance_of(module: str, name: str) -> Callable[[Any], bool]:
    """Tell an instance of a class that a function need not load if it does not use it."""
    return lambda value: isinstance(value, getattr(import_module(f"powertools_stream.{module}"), name))


def _number_from(least: float) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value >= least


def _are_made(values: Any) -> bool:
    """Tell whether these are several objects, none of them a class that somebody forgot to call."""
    return isinstance(values, list | tuple) and not any(isinstance(value, type) for value in values)


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
        What happens to a record if a rule fails for good; a rule may say otherwise.
    retryable
        A predicate that tells passing errors, or exception types that are passing besides the default ones.
    skip_group_on_error
        On a FIFO queue: True holds back the message group of a reported record, False every record behind it.
    max_workers
        How many calls are under way at a time, at most; default: ``PARALLEL``, then 8.
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
    tracer, metrics
        Powertools' Tracer and Metrics.
    observers
        Told of calls and of failed records.
    keep_results
        Whether `StreamProcessor.results` is filled. Without it a large batch takes less memory and less time.
    exit_if_stuck
        Whether to end the environment of the function (exit status 1) if what an earlier invocation left behind, such
        as a `Call` that hangs, has not ended by the deadline. Nothing may be processed beside it, so that every record
        is reported until it ends; Lambda starts a new environment, which need not wait.

    Attributes
    ----------
    registry
        The rules.
    sources
        The sources that are tried before the built-in ones.
    fault_policy
        What `on_fault` says.
    is_retryable
        Tells passing errors.
    workers
        How many calls are under way at a time, at most.

    Raises
    ------
    TypeError, ValueError
        An option holds what it does not take.
    SettingError
        ``PARALLEL`` holds no number.
    """

    event_type: EventType | None = None
    model: Any = None
    raise_on_entire_batch_failure: bool = True
    logger: AnyLogger | None = None
    _: KW_ONLY
    rules: Rules = ()
    source: Source | Sequence[Source] | None = None
    on_fault: FaultPolicy = FaultPolicy.REPORT_AND_PUBLISH
    retryable: Retryable = ()
    skip_group_on_error: bool = True
    max_workers: int | None = _option(None, _CALLS, _number_from(1), ValueError)
    timeout_margin: float = _option(1.0, "seconds, 0 or more", _number_from(0), ValueError)
    bus_name: str | None = None
    fault_bus_name: str | None = None
    boto3_session: Any = None
    boto_config: Any = None
    connectors: Sequence[Connector] = _option(
        (), "a list of connectors that are made already, [GeocodingConnector()]", _are_made
    )
    retry: RetryPolicy | None = _option(
        None, "RetryPolicy(max_attempts=…)", lambda value: isinstance(value, RetryPolicy)
    )
    rates: Mapping[type[Request], Rate] | None = _option(
        None, "rates by type of request, {HttpRequest: (10, 1)}", lambda value: isinstance(value, Mapping)
    )
    claim_checks: ClaimChecks | None = _option(
        None, 'ClaimChecks({"<bucket>": "<account id>"})', _instance_of("payloads.claim_checks", "ClaimChecks")
    )
    compression: Compression | None = _option(
        None, "Compression()", _instance_of("payloads.compression", "Compression")
    )
    tracer: Any = None
    metrics: Any = None
    observers: Sequence[Observer] = _option((), "a list of observers that are made already", _are_made)
    keep_results: bool = True
    exit_if_stuck: bool = False

    registry: RuleRegistry = field(init=False)
    sources: tuple[Source, ...] = field(init=False)
    fault_policy: FaultPolicy = field(init=False)
    is_retryable: Callable[[BaseException], bool] = field(init=False)
    workers: int = field(init=False)

    def __post_init__(self) -> None:
        for option in fields(self):
            if (accepts := option.metadata.get("accepts")) is None:
                continue
            value = getattr(self, option.name)
            if value is not option.default and not accepts(value):
                raise _mistake(option.name, option.metadata["takes"], value, option.metadata["error"])
        for request_type, rate in (self.rates or {}).items():
            _check_rate(request_type, rate)
        self._derive(
            sources=_given_sources(self.source, self.event_type),
            fault_policy=_fault_policy(self.on_fault),
            is_retryable=retryable_predicate(self.retryable),
            workers=whole_number(self.max_workers, "PARALLEL", default=_DEFAULT_WORKERS, what=_CALLS),
            registry=RuleRegistry.of(self.rules),
        )

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
            init(self, options(*args, **kwargs))

        taking.__wrapped__ = options.__init__  # type: ignore[attr-defined]  # what `inspect.signature` shows
        return taking

    return decorate


def _given_sources(source: Source | Sequence[Source] | None, event_type: EventType | None) -> tuple[Source, ...]:
    if source is None:
        return () if event_type is None else (source_of_event_type(event_type),)
    sources = source if isinstance(source, list | tuple) else (source,)
    for one in sources:
        if not isinstance(one, Source):
            raise _mistake("source", "a source that is made already, SQSSource(), or a list of such", one)
    return tuple(sources)


def _fault_policy(given: FaultPolicy | str) -> FaultPolicy:
    """Return the policy; its value as text is taken as well."""
    try:
        return FaultPolicy(given)
    except ValueError:
        raise _mistake("on_fault", " or ".join(map(str, FaultPolicy)), given, ValueError) from None


def _check_rate(request_type: Any, rate: Any) -> None:
    if not (isinstance(request_type, type) and issubclass(request_type, Request)):
        raise _mistake("rates", "types of requests, {HttpRequest: (10, 1)}", request_type)
    try:
        Pacer(*rate)
    except (TypeError, ValueError):
        takes = f"(calls, seconds) for {request_type.__name__}, both above 0, e.g. (10, 1)"
        raise _mistake("rates", takes, rate, ValueError) from None


def _mistake(name: str, takes: str, found: Any, error: type[Exception] = TypeError) -> Exception:
    from powertools_stream.rules.diagnostics import shown

    return error(f"StreamProcessor({name}=…) takes {takes}; got {shown(found)}.")
