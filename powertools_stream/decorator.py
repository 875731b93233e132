"""`@stream_processor`: runs the batch through the rules, then calls the handler."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import TYPE_CHECKING, Any, ParamSpec, overload

from aws_lambda_powertools.utilities.batch import EventType

from powertools_stream.processor import StreamProcessor
from powertools_stream.rules.binding import is_async, shape
from powertools_stream.rules.registry import Rules

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from powertools_stream.option_types import Options

__all__ = ["stream_processor"]


P = ParamSpec("P")


@overload
def stream_processor(rules: Rules, /, **options: Unpack[Options]) -> Callable[[Callable[P, Any]], Callable[P, Any]]: ...
@overload
def stream_processor(*, rules: Rules, **options: Unpack[Options]) -> Callable[[Callable[P, Any]], Callable[P, Any]]: ...
@overload
def stream_processor(*, processor: StreamProcessor) -> Callable[[Callable[P, Any]], Callable[P, Any]]: ...
def stream_processor(
    rules: Rules | None = None, /, *, processor: StreamProcessor | None = None, **options: Any
) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """Decorate a Lambda handler: the batch is processed first, then the handler is called.

    Put it innermost, under Logger's and Tracer's decorators. The decorated handler returns the partial batch response;
    a mapping that the handler returns is merged under it, and never removes a reported failure.

    Parameters
    ----------
    rules
        The rules, also by name: ``@stream_processor(rules)``, ``@stream_processor(rules=rules)``.
    processor
        An existing processor, e.g. to read its results in the handler.
    options
        The options of `StreamProcessor`, if no processor is given: ``source=…``, ``on_fault=…``, ….

    Raises
    ------
    TypeError
        Both a processor and options, or neither rules nor a processor; or it was written without parentheses; or the
        handler is `async def`, has a ``yield``, or does not take ``(event, context)``.
    """
    if rules is not None:
        options = _with_rules(rules, options)
    if processor is not None and options:
        raise TypeError(
            f"Expected a processor or options, but found both: {', '.join(options)}. Pass the options to the processor."
        )
    if processor is None and "rules" not in options:
        raise TypeError(
            "Expected rules=… or processor=…, but found neither. Pass the rules: @stream_processor(rules=rules)."
        )
    # Nobody else has access to this processor, so nobody can ask for its results.
    active = processor if processor is not None else StreamProcessor(**{"keep_results": False, **options})

    def decorate(handler: Callable[P, Any]) -> Callable[P, Any]:
        _check_handler(handler)

        @functools.wraps(handler)
        def decorated(event: Any, context: Any = None, **kwargs: Any) -> Any:
            response = active.process_event(event, context)
            answer = handler(event, context, **kwargs)
            if isinstance(answer, _NEVER_RUN):
                raise _never_run(handler, answer)
            return active.united(answer, response, event) if isinstance(answer, Mapping) else response

        # Decorators around it copy what is in `__dict__`.
        decorated.stream_processor = active  # type: ignore[attr-defined]
        return decorated  # type: ignore[return-value]  # Lambda calls it with an event and a context

    return decorate


def _check_handler(handler: Any) -> None:
    """Check that Lambda can call a handler, and runs all of it, before the first batch has been processed in vain.

    Raises
    ------
    TypeError
        It is no function of ``(event, context)``, or one that has to be awaited or iterated over.
    """
    if not callable(handler):
        raise TypeError(
            f"Expected to decorate a function, but found {type(handler).__name__}. "
            "Write @stream_processor(rules=rules) above the handler."
        )
    if found := next((found for test, found in _UNFIT if test(handler)), None):
        raise TypeError(f"Expected the handler {_name(handler)!r} to be a plain function, but it {found}. {_WRITE_DEF}")
    try:
        inspect.signature(handler).bind_partial("event", "context")
    except ValueError:
        return  # a builtin without a readable signature
    except TypeError:
        raise TypeError(
            f"Expected the handler {_name(handler)!r} to take (event, context), but it takes "
            f"{shape(inspect.signature(handler).parameters.values())}. Write def …(event, context), even if it uses "
            "neither."
        ) from None


_NEVER_RUN = (CoroutineType, GeneratorType, AsyncGeneratorType)
_UNFIT = (
    (is_async, "is `async def`, which Lambda does not await"),
    (inspect.isasyncgenfunction, "is `async def` with a yield, which Lambda does not iterate over"),
    (inspect.isgeneratorfunction, "has a yield, and Lambda does not iterate over what it returns"),
)
_WRITE_DEF = (
    "Write `def` and return: the rules run before it, and they may be `async def`, or yield requests. To run a "
    "coroutine of your own, use asyncio.run(…)."
)


def _never_run(handler: Any, answer: Any) -> TypeError:
    if isinstance(answer, CoroutineType):
        answer.close()
    return TypeError(
        f"Expected the handler {_name(handler)!r} to return a mapping or nothing, but it returned a "
        f"{type(answer).__name__}, which nobody runs. {_WRITE_DEF}"
    )


def _name(handler: Any) -> str:
    return str(getattr(handler, "__name__", type(handler).__name__))


def _with_rules(given: object, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options with what was given by position, which is to be rules."""
    if isinstance(given, StreamProcessor):
        raise TypeError("A processor has a name: @stream_processor(processor=processor).")
    if isinstance(given, EventType):
        raise TypeError(f"The event type has a name: @stream_processor(rules=rules, event_type={given}).")
    if callable(given):
        raise TypeError(
            f"Expected rules, but found the {'class' if isinstance(given, type) else 'function'} "
            f"{getattr(given, '__name__', given)!r}. Write parentheses above the handler, and the rules in them: "
            "@stream_processor(rules=rules)."
        )
    if "rules" in options:
        raise TypeError("Expected the rules once, but found them by position and as rules=….")
    return {"rules": given, **options}
