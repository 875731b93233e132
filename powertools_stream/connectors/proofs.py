"""What a service's answer has to prove: what says neither that it was done nor why not is an error, never a success.

Each connector names the part of the answer that a service gives with success only: ``EventId``, ``SequenceNumber``, ….
What is missing or of another type is a `RequestFailedError` with the code ``MissingResponse``, what cannot be read one
with ``MalformedResponse``. They are passing errors: the answer is at fault, not the request, which may even have been
carried out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from powertools_stream.errors import RequestFailedError, StreamError

__all__ = ["listed", "missing_response", "outcome", "outcomes", "part", "proven", "reading"]

_T = TypeVar("_T")


def missing_response(service: str, wanted: str, found: Any) -> RequestFailedError:
    """Return the error of an entry, or of a call, of which the answer says nothing."""
    return RequestFailedError(
        "MissingResponse", f"Expected {service} to answer with {wanted}, but found {_described(found)}."
    )


def outcomes(response: Any, name: str, proof: str, *, count: int, service: str) -> list[Any]:
    """Return what became of each entry of a call, for answers that list them in the order of the entries.

    Parameters
    ----------
    response
        The answer to the call.
    name
        The part of it that lists the entries: ``"Entries"``.
    proof, service
        As for `outcome`.
    count
        How many entries the call had.

    Raises
    ------
    RequestFailedError
        As `listed`.
    """
    return [outcome(result, proof, service) for result in listed(response, name, count, service)]


def listed(response: Any, name: str, count: int, service: str) -> list[Any]:
    """Return what an answer says of each entry of a call, in their order; an error of those that it leaves out.

    Raises
    ------
    RequestFailedError
        There is no list, or one that is too long, so that none of it can be told to be whose.
    """
    results = part(response, name, list, service)
    if len(results) > count:
        raise missing_response(service, f"{count} {name}", len(results))
    return results + [missing_response(service, f"{count} {name}", len(results)) for _ in range(count - len(results))]


def outcome(result: Any, proof: str, service: str) -> Any:
    """Return what became of one entry of a call: its result, or a `RequestFailedError` as a value.

    Parameters
    ----------
    result
        What the answer says of the entry.
    proof
        The name of the text that comes with success only: ``"EventId"``.
    service
        What the service is called in messages.
    """
    if not isinstance(result, (dict, Mapping)):  # `dict` first: it takes a fifth of the time
        if isinstance(result, RequestFailedError):  # of an entry that was left out
            return result
        return missing_response(service, f"an object with {proof!r}", result)
    code = result.get("ErrorCode")
    if code is not None and code != "":
        if not isinstance(code, str):
            return missing_response(service, "an 'ErrorCode' that is text", code)
        message = result.get("ErrorMessage")
        if not isinstance(message, str) or not message:
            message = f"{service} did not say why."
        return RequestFailedError(code, message)
    value = result.get(proof)
    if not isinstance(value, str) or not value:
        return missing_response(service, f"{proof!r} or 'ErrorCode'", result)
    return result


def proven(response: Mapping[str, Any], proof: str, service: str) -> Mapping[str, Any]:
    """Return the answer to a call with one entry, which has to prove it by a text.

    Raises
    ------
    RequestFailedError
        It does not.
    """
    if not part(response, proof, str, service):
        raise missing_response(service, f"{proof!r}", response)
    return response


def part(response: Any, name: str, kind: type[_T], service: str, *, default: _T | None = None) -> _T:
    """Return a part of an answer, which has to be of a type.

    Parameters
    ----------
    default
        What is meant if the service leaves the part out; None: it may not do so.

    Raises
    ------
    RequestFailedError
        It is missing, or of another type.
    """
    value = response.get(name, default) if isinstance(response, Mapping) else None
    if not isinstance(value, kind):
        raise missing_response(service, f"{name!r} ({kind.__name__})", response if value is None else value)
    return value


@contextmanager
def reading(service: str) -> Iterator[None]:
    """Have what goes wrong while an answer is read be the answer's fault, not that of the record that asked.

    Raises
    ------
    RequestFailedError
        A value was not of the type, or not in the form, that the service gives.
    """
    try:
        yield
    except StreamError:
        raise
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise RequestFailedError("MalformedResponse", f"{service} answered what cannot be read: {error!r}") from error


def _described(found: Any) -> str:
    """Say what was found, without the values, which may be secret."""
    if isinstance(found, Mapping):
        names = sorted(str(name) for name in found if name != "ResponseMetadata")
        return f"only {', '.join(names)[:200]}" if names else "nothing"
    if found is None:
        return "nothing"
    return repr(found) if isinstance(found, int) else f"a value of type {type(found).__name__}"
