"""What can become of an invocation besides a response, by Lambda's names."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import Any

__all__ = ["FunctionError"]


def _exit(code: int | None) -> str:
    """Return how a process ended, in the words that Lambda has from Go."""
    if code is None or code >= 0:
        return f"exit status {code}"
    return f"signal: {(signal.strsignal(-code) or str(-code)).lower()}"


class FunctionError(Exception):
    """An invocation that failed, as Lambda describes it.

    https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html

    Parameters
    ----------
    error_type
        The exception's name, or what Lambda calls it: ``Sandbox.Timedout``, ``Runtime.ExitError``,
        ``Runtime.ImportModuleError``, ….
    message
        Its message.
    stack
        Its stack trace, line by line.
    """

    def __init__(self, error_type: str, message: str, stack: Sequence[str] = ()) -> None:
        super().__init__(f"{error_type}: {message}" if message else error_type)
        self.error_type = error_type
        self.message = message
        self.stack = tuple(stack)

    @classmethod
    def of(cls, body: Any) -> FunctionError:
        """Read what the runtime posted."""
        body = body if isinstance(body, dict) else {"errorMessage": str(body)}
        stack = body.get("stackTrace") or ()
        return cls(str(body.get("errorType") or "Error"), str(body.get("errorMessage") or ""), list(map(str, stack)))

    @classmethod
    def timed_out(cls, timeout: float) -> FunctionError:
        """Return what Lambda says of an invocation that took too long."""
        return cls("Sandbox.Timedout", f"Task timed out after {timeout:.2f} seconds")

    @classmethod
    def exited(cls, code: int | None) -> FunctionError:
        """Return what Lambda says of a process that ended."""
        return cls("Runtime.ExitError", f"Runtime exited with error: {_exit(code)}")

    def to_payload(self) -> dict[str, Any]:
        """Return what a caller of the function gets."""
        return {"errorType": self.error_type, "errorMessage": self.message, "stackTrace": list(self.stack)}
