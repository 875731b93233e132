"""`@stream_processor`: runs the batch through the rules, then calls the handler."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from powertools_stream.processor import StreamProcessor

__all__ = ["stream_processor"]


def stream_processor(
    *, processor: StreamProcessor | None = None, **options: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a Lambda handler: the batch is processed first, then the handler is called.

    Put it innermost, under Logger's and Tracer's decorators. The decorated handler returns the partial batch response;
    a mapping that the handler returns is merged under it, and never removes a reported failure.

    Parameters
    ----------
    processor
        An existing processor, e.g. to read its results in the handler.
    options
        The options of `StreamProcessor`, if no processor is given: ``rules=…``, ``source=…``, ….

    Raises
    ------
    TypeError
        Both a processor and options, or neither rules nor a processor.
    """
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

    def decorate(handler: Callable[..., Any]) -> Callable[..., Any]:
        if not callable(handler):
            raise TypeError(
                f"Expected to decorate a function, but found {type(handler).__name__}. "
                "Write @stream_processor(rules=rules) above the handler."
            )

        @functools.wraps(handler)
        def decorated(event: Any, context: Any = None, **kwargs: Any) -> Any:
            response = active.process_event(event, context)
            answer = handler(event, context, **kwargs)
            return active.united(answer, response) if isinstance(answer, Mapping) else response

        return decorated

    return decorate
