"""How functions are invoked with what is sent."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from powertools_stream.cli.aws import Account, code_of, is_in_doubt, reaching_aws
from powertools_stream.cli.status import CannotRunError

__all__ = ["InDoubtError", "Invoker", "NotInvokedError", "Replied", "encoded"]

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html
_LONGEST_SECONDS = 900

_THROTTLED = "TooManyRequestsException"
_ATTEMPTS = 8
_MOST_SECONDS = 30.0


class NotInvokedError(Exception):
    """Lambda has not carried the invocation out, and said so."""


class InDoubtError(Exception):
    """The invocation may have been carried out, or not: there was no response."""


@dataclass(frozen=True)
class Replied:
    """What Lambda has responded.

    Parameters
    ----------
    function_error
        ``FunctionError``; None: the function has returned.
    payload
        What it has returned, or its error.
    """

    function_error: str | None
    payload: bytes


class Invoker:
    """Invokes functions, one invocation at a time, each once; only what was throttled is repeated.

    Parameters
    ----------
    account
        Whose functions.
    wait
        Waits for so many seconds, or less.
    is_over
        Tells whether nothing more is to be sent.
    """

    def __init__(self, account: Account, wait: Callable[[float], object], is_over: Callable[[], bool]) -> None:
        self._client = account.client(
            "lambda",
            # A response that is late is not asked for again: the records would be sent twice.
            retries={"total_max_attempts": 1},
            read_timeout=_LONGEST_SECONDS + 10,
            tcp_keepalive=True,
        )
        self._wait = wait
        self._is_over = is_over

    def invoke(self, target: str, event: Any, context: str | None = None) -> Replied:
        """Invoke a function, and wait for its response.

        Parameters
        ----------
        context
            The client context; None: none.

        Raises
        ------
        NotInvokedError
            It was throttled to the end, or the request is refused as it is.
        InDoubtError
            There was no response.
        CannotRunError
            No invocation of it will do: no permission, no such function, no credentials.
        """
        said = {} if context is None else {"ClientContext": context}
        for attempt in range(_ATTEMPTS):
            try:
                with reaching_aws():
                    response = self._client.invoke(FunctionName=target, Payload=encoded(event), **said)
                    return Replied(response.get("FunctionError"), response["Payload"].read())
            except CannotRunError as error:
                if is_in_doubt(error):
                    raise InDoubtError(f"no response: {error}") from error
                if code_of(error) not in (_THROTTLED, *_OF_THE_EVENT):
                    raise CannotRunError(f"{target} cannot be invoked: {error}. {_WHAT_TO_DO}") from error
                if code_of(error) != _THROTTLED or attempt == _ATTEMPTS - 1 or self._is_over():
                    raise NotInvokedError(str(error)) from error
            self._wait(random.uniform(0, min(2.0**attempt / 2, _MOST_SECONDS)))
        raise NotInvokedError("throttled")


_OF_THE_EVENT = ("InvalidRequestContentException", "RequestTooLargeException")
_WHAT_TO_DO = (
    "Check the name, --profile and --region; lambda:InvokeFunction is needed on it, for an alias on the alias. What "
    "was done before stays done."
)


def encoded(event: Any) -> bytes:
    """Return an event as Lambda takes it, as short as it can be."""
    try:
        return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return json.dumps(event, separators=(",", ":")).encode()
