"""The errors of this library: one root, `StreamError`, and one level below it.

AWS's own errors (botocore's `ClientError` and the like) are raised unchanged: rule authors know them by name.
"""

from __future__ import annotations

__all__ = [
    "ConfigurationError",
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
    "UnmatchedEventError",
]


class StreamError(Exception):
    """The root of every error that this library raises.

    Attributes
    ----------
    record_id
        The identifier of the record concerned, if there is one.
    rule_id
        The id of the rule concerned, if there is one.
    event_type
        The type of an event that could not be read to its end, if known: there may be no rule for it.
    """

    record_id: str | None = None
    rule_id: str | None = None
    event_type: str | None = None


class RuleError(StreamError, ValueError):
    """A rule is invalid. Raised when the rule is made, that is at import."""

    def __init__(self, message: str, rule_id: str | None = None) -> None:
        super().__init__(message)
        self.rule_id = rule_id


class EventPatternError(StreamError, ValueError):
    """An event pattern is invalid.

    Attributes
    ----------
    path
        Where in the pattern: the names of the fields.
    operator
        The operator concerned, if there is one.
    """

    def __init__(self, message: str, *, path: tuple[str, ...] = (), operator: str | None = None) -> None:
        super().__init__(message)
        self.path = path
        self.operator = operator


class SettingError(StreamError, LookupError):
    """A required setting (a table's name, a bus, …) is neither given nor in the environment.

    A configuration error: the record is reported whatever its fault policy.

    Attributes
    ----------
    option
        The argument that would have given it, e.g. ``table_name``, if there is one.
    """

    def __init__(self, message: str, option: str | None = None) -> None:
        super().__init__(message)
        self.option = option


class ConfigurationError(StreamError, RuntimeError):
    """The function is put together wrongly, so that no record is at fault: e.g. the processor is entered a second time.

    The record is reported whatever its fault policy.
    """


class UnknownSourceError(StreamError, ValueError):
    """The event comes from no source that the processor knows."""


class UnmatchedEventError(StreamError, LookupError):
    """No rule matches the event of a record. Raised with ``on_unmatched="fault"`` only; else the record is done."""


class InvalidEventError(StreamError, ValueError):
    """An event does not fit the ``event_model`` of a rule. The message names the fields, never their values."""


class MalformedRecordError(StreamError, ValueError):
    """A record cannot be read: bad JSON, bad base64, not an object."""

    secrets: tuple[str, ...] = ()
    """Paths of secrets in what the record carries, which no fault event may carry."""


class RetryableError(StreamError):
    """Raise it in a rule to have the record reported without a fault event: the next attempt may succeed."""


class RetryLaterError(RetryableError):
    """A passing error of a call that must not be retried at once: what it started may still be running."""


class RequestFailedError(StreamError):
    """One request failed inside a call that succeeded.

    Parameters
    ----------
    code
        The service's error code for this entry, e.g. ``InternalFailure``.
    message
        The service's error message.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class InvalidRequestError(StreamError, ValueError):
    """A request is invalid, so no service could carry it out: an event without a type, a NaN."""


class EntryTooLargeError(StreamError, ValueError):
    """A request on its own exceeds the size limit of its service's call."""


class HeldBackError(StreamError):
    """The record was not processed, because an earlier record with the same order key is reported."""


class DeadlineError(StreamError, TimeoutError):
    """The record was not processed, or not completely, because the invocation is about to time out."""


class RunError(StreamError, RuntimeError):
    """The engine cannot do what it was asked for, e.g. carry out what is no request."""


class CutOffError(BaseException):
    """Raised inside a user function that is still running at the deadline.

    Not an `Exception`, so that a function's own ``except Exception`` does not swallow it.
    """
