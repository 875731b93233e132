"""What a test gives as the answer to a request, made what its connector would make of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from powertools_stream.connectors.statuses import is_success, status_error
from powertools_stream.errors import RequestFailedError
from powertools_stream.requests import Call, HttpRequest, HttpResponse, InvokeFunction, Request

__all__ = ["answer_of", "check_responses"]

_OWN = "powertools_stream.requests."


def answer_of(request: Request, given: Any) -> Any:
    """Return an answer as the request's connector would give it; an exception: the one that it would raise.

    Raises
    ------
    TypeError
        The service cannot answer like that, so that a test with this answer would tell nothing.
    """
    if isinstance(given, type) and issubclass(given, BaseException):
        return given()  # as `raise` does
    if isinstance(given, BaseException):
        return given
    if type(request).__module__.startswith(_OWN):
        _check_shape(request, given)
    return _failure(request, given) or given


def check_responses(responses: Any, request_types: Mapping[str, type[Request]]) -> None:
    """Check answers that are given by request type.

    Parameters
    ----------
    request_types
        The known ones by name, for the message.

    Raises
    ------
    TypeError
        They are no dict; or a key is no request type, so that its answer would be given to no request.
    """
    if not isinstance(responses, Mapping):
        raise TypeError(
            "Expected responses to be a dict of answers by request type, or a function of the request; got a "
            f"{type(responses).__name__}."
        )
    for key in responses:
        if not (isinstance(key, type) and issubclass(key, Request)):
            raise TypeError(
                f"Expected the keys of responses to be types of requests, such as PutItem; got {_shown(key)}. "
                f"{_instead(key, request_types)}".rstrip()
            )


def _shown(key: Any) -> str:
    return f"the class {key.__name__}" if isinstance(key, type) else f"{key!r}, a {type(key).__name__}"


def _instead(key: Any, request_types: Mapping[str, type[Request]]) -> str:
    if isinstance(key, Request):
        return f"Write its type: {type(key).__name__}."
    if isinstance(key, str):
        from powertools_stream.rules.diagnostics import nearest

        by_word = {name.lower(): name for name in request_types}
        if (meant := nearest(key.lower(), by_word)) is not None:
            return f"Write the class itself: {by_word[meant]}."
    return ""


def _check_shape(request: Request, given: Any) -> None:
    # Of a `Call` the answer is whatever its function returns.
    sample = None if isinstance(request, Call) else request.sample_answer(1)
    name = type(request).__name__
    if isinstance(sample, list) and isinstance(given, Mapping):
        raise _unfit(name, "a list", given, f"With page=True, {name} answers a page, a dict.")
    # Anything else may stand for what the test does not look into.
    if isinstance(sample, Mapping) and isinstance(given, list | tuple | bytes):
        advice = f"Without page=True, {name} answers a list." if getattr(request, "page", False) else ""
        raise _unfit(name, f"a dict, such as {sample!r}", given, advice)
    if isinstance(sample, HttpResponse) and not isinstance(given, HttpResponse):
        raise _unfit(name, "an HttpResponse, such as HttpResponse(200, {}, None)", given)


def _unfit(name: str, expected: str, given: Any, advice: str = "") -> TypeError:
    return TypeError(
        f"Expected the answer to {name} in a test to be {expected}; got a {type(given).__name__}, {given!r}. "
        f"{advice}".rstrip()
    )


def _failure(request: Request, given: Any) -> Exception | None:
    """Return the error that an answer means; None: it means success."""
    if isinstance(request, HttpRequest) and not is_success(given.status):
        call = f"{request.params.get('method', 'GET')} {request.params.get('url')}"
        return status_error(
            str(given.status), f"{call} answered: {given.body}", given.status, given.headers, given.body
        )
    if isinstance(request, InvokeFunction) and isinstance(given, Mapping) and (kind := given.get("FunctionError")):
        return RequestFailedError("FunctionError", f"The function ended in an error ({kind}): {given.get('Payload')}")
    return None
