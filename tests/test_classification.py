from __future__ import annotations

import asyncio
import builtins
import errno
import http.client
import socket
import ssl
import urllib.error
import warnings
from collections.abc import Callable, Sequence
from email.message import Message
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError
from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyAlreadyInProgressError
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError
from boto3.exceptions import RetriesExceededError
from botocore.exceptions import ChecksumError, ClientError, IncompleteReadError
from botocore.parsers import ResponseParserError
from urllib3 import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError, ProxyError, ResponseError, SSLError

from powertools_stream import FaultPolicy, RuleRegistry, UnitOfWork
from powertools_stream.classification import (
    classify,
    error_code,
    is_configuration_error,
    is_invalid_request,
    is_retryable,
)
from powertools_stream.classification.reasons import retryable_predicate
from powertools_stream.errors import (
    CutOffError,
    DeadlineError,
    HeldBackError,
    RequestFailedError,
    RetryableError,
    SettingError,
)
from powertools_stream.flavors import task
from powertools_stream.outcomes import Reason
from powertools_stream.testing import run, to_sqs_records

# -- What an answer that is not to be believed means -----------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        RequestFailedError("MissingResponse", "nothing of this entry"),
        RequestFailedError("MalformedResponse", "no JSON"),
        ResponseParserError("invalid XML received"),
        IncompleteReadError(actual_bytes=1, expected_bytes=2),
        ChecksumError(checksum_type="crc32", expected_checksum="1", actual_checksum="2"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_answer_that_breaks_off_or_proves_nothing_is_a_passing_error(error: Exception) -> None:
    assert classify(error) is Reason.RETRYABLE
    assert not is_configuration_error(error)
    assert not is_invalid_request(error), "no entry of the call has spoiled it"


def test_a_call_that_cannot_be_written_is_repeated_in_parts_like_a_rejected_one() -> None:
    assert is_invalid_request(RecursionError())
    assert classify(RecursionError()) is Reason.FAULT


# -- Whatever an error looks like ------------------------------------------------------------------------------------


class _RaisesOnAnythingError(Exception):
    @property
    def response(self) -> Any:
        raise ValueError("no response")

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("not comparable")

    __hash__ = None  # type: ignore[assignment]


class _PretendsToBeAnotherError(Exception):
    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        raise ValueError("no class")


class _WithoutModuleError(Exception):
    __module__ = None  # type: ignore[assignment]


class CircuitBreakerOpenError(Exception):
    __module__ = None  # type: ignore[assignment]


class IncompleteReadOfNoModuleError(Exception):
    pass


IncompleteReadOfNoModuleError.__name__ = "IncompleteReadError"
IncompleteReadOfNoModuleError.__module__ = 5  # type: ignore[assignment]


class _HostileClass(type):
    def __getattribute__(cls, name: str) -> Any:
        raise ValueError(f"no {name}")


class _OfAHostileClassError(Exception, metaclass=_HostileClass):
    pass


class _HostileMapping(dict[str, Any]):
    def __getitem__(self, name: str) -> Any:
        raise KeyError("no items")

    def get(self, *_: Any) -> Any:
        raise ValueError("no items")


def _with_response(response: Any) -> Exception:
    error = Exception("e")
    error.response = response  # type: ignore[attr-defined]
    return error


def _with_code(code: Any) -> Exception:
    error = RequestFailedError("Code", "e")
    error.code = code
    return error


# By name, since pytest itself would look at them.
HOSTILE: dict[str, Callable[[], BaseException]] = {
    "raises on anything": _RaisesOnAnythingError,
    "pretends to be another": _PretendsToBeAnotherError,
    "class without a module": _WithoutModuleError,
    "breaker without a module": CircuitBreakerOpenError,
    "botocore's name, another's module": IncompleteReadOfNoModuleError,
    "hostile class": lambda: type.__call__(_OfAHostileClassError),
    "hostile mapping": lambda: _with_response(_HostileMapping()),
    **{
        f"response {response!r}": partial(_with_response, response)
        for response in (
            5,
            "text",
            ["Error"],
            {"Error": "boom"},
            {"Error": ["boom"]},
            {"Error": None},
            {"Error": {"Code": ["x"]}},
            {"Error": {"Code": {"a": 1}}, "ResponseMetadata": 5},
            {"Error": {"Code": "X"}, "ResponseMetadata": {"HTTPStatusCode": "500"}},
            {"Error": {"Code": "X"}, "ResponseMetadata": {"HTTPStatusCode": None}},
        )
    },
    **{f"code {code!r}": partial(_with_code, code) for code in (5, None, ["x"], {"a": 1}, b"Throttling")},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_an_error_that_nobody_expects_is_a_fault(name: str) -> None:
    error = HOSTILE[name]()

    code = error_code(error)

    assert code is None or type(code) is str
    assert classify(error) is Reason.FAULT
    assert classify(error, retryable_predicate(KeyError)) is Reason.FAULT
    assert (is_retryable(error), is_configuration_error(error), is_invalid_request(error)) == (False, False, False)


def test_a_code_that_is_a_special_text_is_a_text() -> None:
    class Code(str):
        __hash__ = None  # type: ignore[assignment]

    assert error_code(_with_code(Code("Throttling"))) == "Throttling"
    assert is_retryable(_with_code(Code("Throttling")))


def test_what_is_known_of_an_error_is_still_seen() -> None:
    def error_of(code: str, status: int) -> ClientError:
        return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "PutEvents")

    assert error_code(error_of("Throttling", 400)) == "Throttling"
    assert classify(error_of("Throttling", 400)) is Reason.RETRYABLE
    assert classify(error_of("Unheard", 503)) is Reason.RETRYABLE
    assert classify(error_of("AccessDenied", 403)) is Reason.CONFIGURATION
    assert is_invalid_request(error_of("ValidationException", 400))
    assert is_invalid_request(error_of("Unheard", 413))
    assert classify(HeldBackError()) is Reason.HELD_BACK
    assert classify(DeadlineError()) is Reason.UNFINISHED
    assert classify(KeyError(), retryable_predicate(KeyError)) is Reason.RETRYABLE


# -- What passes by itself is never poison ---------------------------------------------------------------------------


class _StatusError(Exception):
    def __init__(self, **attributes: Any) -> None:
        super().__init__()
        self.__dict__.update(attributes)


def _of_library(module: str, *names: str) -> BaseException:
    """Make an error of a library that need not be installed, by the names of its classes, the base first."""
    kind: type[BaseException] = Exception
    for name in names:
        kind = type(name, (kind,), {"__module__": module})
    return kind()


def _raised_from(cause: BaseException | None, error: Exception, context: BaseException | None = None) -> Exception:
    error.__context__ = context or cause
    if cause is not None:
        error.__cause__ = cause
    return error


PASSING = [
    ConnectionResetError(),
    TimeoutError(),
    socket.gaierror(-3, "Temporary failure in name resolution"),
    http.client.RemoteDisconnected(""),
    http.client.IncompleteRead(b""),
    urllib.error.URLError(ConnectionRefusedError()),
    urllib.error.HTTPError("http://x", 503, "Unavailable", Message(), None),
    _of_library("requests.exceptions", "ConnectionError", "ProxyError"),
    _of_library("requests.exceptions", "Timeout", "ReadTimeout"),
    _of_library("httpx", "TimeoutException", "ConnectTimeout"),
    _of_library("httpx", "NetworkError", "ConnectError"),
    _of_library("aiohttp.client_exceptions", "ClientConnectionError", "ServerDisconnectedError"),
    _of_library("urllib3.exceptions", "ProtocolError"),
    _of_library("urllib3.exceptions", "PoolError", "EmptyPoolError"),
    MaxRetryError(HTTPConnectionPool("shop"), "/", ResponseError("too many 503 error responses")),
    _StatusError(response=SimpleNamespace(status_code=502)),
    _StatusError(status=429),
    _StatusError(code=408),
    IdempotencyAlreadyInProgressError(),
    OSError(errno.EHOSTUNREACH, "No route to host"),
    OSError(errno.ENETUNREACH, "Network is unreachable"),
    OSError(errno.ENETDOWN, "Network is down"),
    OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address"),
    OSError(errno.EMFILE, "Too many open files"),
    OSError("Multiple exceptions: [Errno 111] Connect call failed ('::1', 1), [Errno 101] Network is unreachable"),
    urllib.error.URLError(OSError(errno.EHOSTUNREACH, "No route to host")),
    ssl.SSLZeroReturnError(),
    RetriesExceededError(IncompleteReadError(actual_bytes=1, expected_bytes=2)),
    ProxyError("Unable to connect to proxy", OSError("Tunnel connection failed: 502 Bad Gateway")),
    MaxRetryError(HTTPConnectionPool("shop"), "/", ProxyError("Unable to connect to proxy", OSError("gone"))),
]
FAULTS = [
    urllib.error.HTTPError("http://x", 404, "Not Found", Message(), None),
    urllib.error.URLError(ssl.SSLCertVerificationError()),
    _of_library("requests.exceptions", "ConnectionError2"),
    _of_library("shop", "Timeout"),
    _StatusError(response=SimpleNamespace(status_code=422)),
    _StatusError(code="503"),
    _StatusError(status=True, code=600),
    MaxRetryError(HTTPConnectionPool("shop"), "/", ResponseError("too many 404 error responses")),
    MaxRetryError(HTTPConnectionPool("shop"), "/", ResponseError("too many redirects")),
    ssl.SSLCertVerificationError(),
    SSLError(ssl.SSLCertVerificationError()),
    SSLError("no protocols available"),
    RetriesExceededError(ValueError()),
    OSError(errno.ENOENT, "No such file or directory"),
    OSError(errno.EACCES, "Permission denied"),
    OSError("Multiple exceptions: [Errno 111] Connect call failed ('::1', 1), [Errno 13] Permission denied"),
    OSError("Multiple exceptions: none with a number"),
    OSError("[Errno 111] not of asyncio"),
]


@pytest.mark.parametrize("error", PASSING, ids=repr)
def test_an_outage_is_passing_however_it_is_wrapped(error: Exception) -> None:
    assert is_retryable(error)
    assert is_retryable(_raised_from(error, ValueError("no answer")))
    assert is_retryable(_raised_from(None, ValueError(), context=error))


class _ResponseError(Exception):
    """As aiohttp's `ClientResponseError`."""

    status = 503

    @property
    def code(self) -> int:
        warnings.warn("code property is deprecated, use status instead", DeprecationWarning, stacklevel=2)
        return self.status


def test_a_status_counts_though_its_older_name_warns() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        assert is_retryable(_ResponseError())


@pytest.mark.parametrize("error", FAULTS, ids=repr)
def test_what_another_attempt_does_not_mend_is_a_fault(error: Exception) -> None:
    assert classify(error) is Reason.FAULT
    assert classify(_raised_from(error, ValueError())) is Reason.FAULT


def test_a_certificate_that_is_not_trusted_is_a_fault_however_it_is_wrapped() -> None:
    wrapped = _of_library("requests.exceptions", "ConnectionError", "SSLError")
    wrapped.__context__ = ssl.SSLCertVerificationError()

    assert classify(wrapped) is Reason.FAULT


def test_the_certificate_of_a_proxy_is_a_certificate() -> None:
    # As urllib3 wraps it, and requests that: the proxy's error names it as its cause, the one of TLS in its text only.
    untrusted = SSLError(ssl.SSLCertVerificationError("self-signed certificate"))
    of_proxy = _raised_from(untrusted, ProxyError("Unable to connect to proxy", untrusted))

    assert classify(of_proxy) is Reason.FAULT
    assert classify(_raised_from(of_proxy, MaxRetryError(HTTPConnectionPool("shop"), "/", of_proxy))) is Reason.FAULT
    assert classify(_raised_from(of_proxy, _requests_error())) is Reason.FAULT


def _requests_error() -> Any:
    return _of_library("requests.exceptions", "ConnectionError", "ProxyError")


def test_a_suppressed_context_says_nothing() -> None:
    error = _raised_from(None, ValueError(), context=ConnectionError())
    error.__suppress_context__ = True

    assert classify(error) is Reason.FAULT


def test_the_outermost_that_is_known_decides() -> None:
    invalid = ClientError({"Error": {"Code": "ValidationException"}}, "PutItem")

    assert classify(_raised_from(None, invalid, context=ConnectionError())) is Reason.FAULT
    assert classify(_raised_from(ConnectionError(), SettingError("no table"))) is Reason.CONFIGURATION
    assert classify(_raised_from(invalid, RetryableError("not yet"))) is Reason.RETRYABLE


def test_an_error_of_powertools_is_what_it_wraps() -> None:
    denied = ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetParameter")
    throttled = ClientError({"Error": {"Code": "ThrottlingException"}}, "GetParameter")

    assert classify(_raised_from(denied, GetParameterError())) is Reason.CONFIGURATION
    assert classify(_raised_from(throttled, GetParameterError())) is Reason.RETRYABLE
    assert classify(_raised_from(denied, ValueError())) is Reason.FAULT


def test_causes_may_go_round_in_circles() -> None:
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first

    assert classify(first) is Reason.FAULT


def test_types_of_the_users_own_are_looked_for_wherever_those_of_the_table_are() -> None:
    passes = retryable_predicate((KeyError, IndexError))

    assert passes(_raised_from(KeyError(), ValueError()))
    assert passes(_raised_from(ConnectionError(), ValueError()))
    assert not passes(_raised_from(TypeError(), ValueError()))


# -- A transaction is what has cancelled it ----------------------------------------------------------------------------


def _cancelled_by(*codes: Any, status: int = 400) -> ClientError:
    response: Any = {
        "Error": {"Code": "TransactionCanceledException", "Message": "Transaction cancelled"},
        "CancellationReasons": [{"Code": code} for code in codes],
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "TransactWriteItems")


@pytest.mark.parametrize(
    ("codes", "reason"),
    [
        (["TransactionConflict", "None"], Reason.RETRYABLE),
        (["None", "ThrottlingError", "ProvisionedThroughputExceeded"], Reason.RETRYABLE),
        (["TransactionConflict", "ConditionalCheckFailed"], Reason.FAULT),
        (["ConditionalCheckFailed", "None"], Reason.FAULT),
        (["AccessDenied", "None"], Reason.CONFIGURATION),
        (["TransactionConflict", "AccessDenied"], Reason.CONFIGURATION),
        (["ConditionalCheckFailed", "AccessDenied"], Reason.FAULT),
        (["None", "None"], Reason.FAULT),
        ([], Reason.FAULT),
        (["TransactionConflict", 5], Reason.FAULT),
        ([["TransactionConflict"]], Reason.FAULT),
    ],
    ids=repr,
)
def test_a_cancelled_transaction_is_what_has_cancelled_it(codes: Sequence[Any], reason: Reason) -> None:
    assert classify(_cancelled_by(*codes)) is reason


def test_a_cancelled_transaction_without_reasons_says_nothing() -> None:
    error = ClientError({"Error": {"Code": "TransactionCanceledException"}}, "TransactWriteItems")

    assert classify(error) is Reason.FAULT
    assert classify(_cancelled_by(status=503)) is Reason.RETRYABLE


@pytest.mark.parametrize("code", ["ProvisionedThroughputExceeded", "ThrottlingError", "TransactionConflict"])
def test_the_code_of_a_statement_in_a_batch_has_no_suffix(code: str) -> None:
    # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchStatementError.html
    assert classify(RequestFailedError(code, "not now")) is Reason.RETRYABLE


# -- A group is the worst that it holds --------------------------------------------------------------------------------


class _BackportOfGroupsError(Exception):
    """As the package `exceptiongroup` has it for Python 3.10."""

    def __init__(self, message: str, exceptions: Any) -> None:
        super().__init__(message)
        self.exceptions = exceptions


_BackportOfGroupsError.__name__ = "BaseExceptionGroup"
_BackportOfGroupsError.__module__ = "exceptiongroup"


class _GroupOfTheUsersOwnError(_BackportOfGroupsError):
    pass


_KINDS: list[Any] = [_BackportOfGroupsError, _GroupOfTheUsersOwnError]
if hasattr(builtins, "BaseExceptionGroup"):  # since Python 3.11
    _KINDS.append(builtins.BaseExceptionGroup)

_DENIED = ClientError({"Error": {"Code": "AccessDeniedException"}}, "PutItem")


@pytest.mark.parametrize("make", _KINDS, ids=lambda kind: f"{kind.__module__}.{kind.__qualname__}")
@pytest.mark.parametrize(
    ("errors", "reason"),
    [
        ([ConnectionResetError(), TimeoutError()], Reason.RETRYABLE),
        ([ConnectionResetError(), _raised_from(TimeoutError(), ValueError())], Reason.RETRYABLE),
        ([ConnectionResetError(), RetryableError()], Reason.RETRYABLE),
        ([ConnectionResetError(), ValueError()], Reason.FAULT),
        ([ConnectionResetError(), ssl.SSLCertVerificationError()], Reason.FAULT),
        ([ConnectionResetError(), _DENIED], Reason.CONFIGURATION),
        ([_DENIED, ValueError()], Reason.FAULT),
        ([DeadlineError(), ConnectionResetError()], Reason.RETRYABLE),
        ([DeadlineError(), ValueError()], Reason.FAULT),
        ([CutOffError(), CutOffError()], Reason.UNFINISHED),
        ([HeldBackError()], Reason.HELD_BACK),
    ],
    ids=repr,
)
def test_a_group_is_the_worst_that_it_holds(make: Any, errors: list[BaseException], reason: Reason) -> None:
    assert classify(make("all", errors)) is reason
    assert classify(make("nested", [make("all", errors), make("all", errors[:1])])) is reason


@pytest.mark.parametrize("make", _KINDS, ids=lambda kind: f"{kind.__module__}.{kind.__qualname__}")
def test_what_was_raised_from_a_group_is_passing_if_all_in_it_are(make: Any) -> None:
    passing = make("all", [ConnectionResetError(), TimeoutError()])
    mixed = make("all", [ConnectionResetError(), KeyError()])
    untrusted = make("all", [ssl.SSLCertVerificationError()])

    assert is_retryable(_raised_from(passing, OSError("All connection attempts failed")))
    assert not is_retryable(_raised_from(mixed, OSError("All connection attempts failed")))
    assert not is_retryable(_raised_from(untrusted, ConnectionError()))
    assert retryable_predicate(KeyError)(_raised_from(mixed, ValueError()))


def test_what_the_user_says_of_an_error_holds_in_a_group_too() -> None:
    group = _BackportOfGroupsError("all", [KeyError(), KeyError()])

    assert classify(group, retryable_predicate(KeyError)) is Reason.RETRYABLE
    assert classify(group, retryable_predicate(lambda error: type(error) is KeyError)) is Reason.RETRYABLE
    assert classify(group, retryable_predicate(IndexError)) is Reason.FAULT


@pytest.mark.parametrize(
    ("error", "reason"),
    [(ConnectionError(), Reason.RETRYABLE), (_DENIED, Reason.CONFIGURATION), (ValueError(), Reason.FAULT)],
    ids=repr,
)
def test_a_batch_within_a_rule_is_the_worst_of_its_records(error: Exception, reason: Reason) -> None:
    children: list[Any] = [(type(one), one, None) for one in (ConnectionError(), error)]

    assert classify(BatchProcessingError("all failed", children)) is reason
    assert classify(BatchProcessingError("all failed")) is Reason.FAULT


def test_a_group_that_leads_to_itself_says_nothing() -> None:
    member = ValueError()
    group = _BackportOfGroupsError("all", [member, ConnectionError()])
    group.exceptions.append(group)
    member.__context__ = group  # by `raise group.exceptions[0]` in the handler of the group

    assert classify(member) is Reason.FAULT
    assert classify(group) is Reason.FAULT


@pytest.mark.parametrize("exceptions", [(), None, 5, ["text", 5]], ids=repr)
def test_a_group_that_holds_no_errors_is_a_fault(exceptions: Any) -> None:
    assert classify(_BackportOfGroupsError("all", exceptions)) is Reason.FAULT
    assert classify(_raised_from(_BackportOfGroupsError("all", exceptions), ValueError())) is Reason.FAULT


def test_groups_in_groups_take_no_more_time_than_there_are_errors() -> None:
    error: BaseException = ConnectionError()
    for _ in range(1_000):
        error = _BackportOfGroupsError("both", [error, error])
    assert is_retryable(error)

    for _ in range(40):
        error = _BackportOfGroupsError("both", [_raised_from(error, ValueError()), _raised_from(error, KeyError())])
    assert is_retryable(error)

    for _ in range(1_000):
        error = _BackportOfGroupsError("both", [_raised_from(error, ValueError()), ConnectionError()])
    assert not is_retryable(error)


@pytest.mark.skipif(not hasattr(asyncio, "TaskGroup"), reason="since Python 3.11")
def test_passing_errors_of_a_task_group_set_no_record_aside() -> None:
    rules = RuleRegistry()

    async def reset() -> None:
        raise ConnectionResetError

    @rules.register(task, on_fault=FaultPolicy.PUBLISH)
    async def ask(uow: UnitOfWork) -> None:
        async with asyncio.TaskGroup() as tasks:  # type: ignore[attr-defined]
            tasks.create_task(reset())
            tasks.create_task(reset())

    event = to_sqs_records([{"id": "1"}, {"id": "2"}])
    outcome = run(rules, event, raise_on_entire_batch_failure=False)

    reported = [{"itemIdentifier": record["messageId"]} for record in event["Records"]]
    assert (outcome.response, list(outcome.events)) == ({"batchItemFailures": reported}, [])
