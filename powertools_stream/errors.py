"""The errors of this library: one root, `StreamError`, and one level below it.

Errors of AWS (botocore's `ClientError` and its like) are raised as they are: a rule's author knows them by name.
"""

from __future__ import annotations

__all__ = [
    "CutOffError",
    "DeadlineError",
    "EntryTooLargeError",
    "EventPatternError",
    "HeldBackError",
    "InvalidEventError",
    "InvalidRequestError",
    "MalformedRecordError",
    "RequestFailedError",
    "RetryLaterError",
    "RetryableError",
    "RuleError",
    "RunError",
    "SettingError",
    "StreamError",
    "UnknownSourceError",
]


class StreamError(Exception):
    """The root of every error that this library raises.

    Attributes
    ----------
    record_id
        The identifier of the record concerned, where there is one.
    rule_id
        The id of the rule concerned, where there is one.
    event_type
        The type of an event that could not be read, if that much could: then it is known whether any rule is for it.
    """

    record_id: str | None = None
    rule_id: str | None = None
    event_type: str | None = None


class RuleError(StreamError, ValueError):
    """A rule is written wrongly. Raised where the rule is made, that is at import."""

    def __init__(self, message: str, rule_id: str | None = None) -> None:
        super().__init__(message)
        self.rule_id = rule_id


class EventPatternError(StreamError, ValueError):
    """An event pattern is written wrongly.

    Attributes
    ----------
    path
        Where in the pattern: the names of the fields.
    operator
        The operator concerned, where it is one.
    """

    def __init__(self, message: str, *, path: tuple[str, ...] = (), operator: str | None = None) -> None:
        super().__init__(message)
        self.path = path
        self.operator = operator


class SettingError(StreamError, LookupError):
    """A setting that is needed (a table's name, a bus, …) is neither given nor in the environment.

    A configuration error: the record is reported whatever its fault policy.
    """


class UnknownSourceError(StreamError, ValueError):
    """The event that Lambda handed over is of no source that the processor knows."""


class InvalidEventError(StreamError, ValueError):
    """An event does not fit the ``event_model`` of a rule. The message names the fields, never their values."""


class MalformedRecordError(StreamError, ValueError):
    """A record cannot be read: bad JSON, bad base64, not an object."""


class RetryableError(StreamError):
    """Raise it in a rule to have the record reported, and no fault event: the next attempt may succeed."""


class RetryLaterError(RetryableError):
    """A passing error of a call that must not be made again at once: what it began may still be under way."""


class RequestFailedError(StreamError):
    """One request failed inside a call that went through.

    Parameters
    ----------
    code
        The code that the service gave for this entry, e.g. ``InternalFailure``.
    message
        What the service said.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class InvalidRequestError(StreamError, ValueError):
    """A request is written wrongly, so that no service could carry it out: an event without a type, a NaN."""


class EntryTooLargeError(StreamError, ValueError):
    """A request is, on its own, larger than one call of its service may be."""


class HeldBackError(StreamError):
    """The record was not processed, because an earlier record with its order key is reported."""


class DeadlineError(StreamError, TimeoutError):
    """The record was not processed, or not to its end, because the invocation is about to time out."""


class RunError(StreamError, RuntimeError):
    """The engine cannot do what it was asked for, e.g. await a coroutine inside a running event loop."""


class CutOffError(BaseException):
    """Raised inside a user function that still runs at the deadline.

    Not an `Exception`, so that a function's own ``except Exception`` does not swallow it.
    """
