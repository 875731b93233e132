from __future__ import annotations

import http.client
import socket
import ssl
import urllib.error
from collections.abc import Callable
from email.message import Message
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyAlreadyInProgressError
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError
from botocore.exceptions import ChecksumError, ClientError, IncompleteReadError
from botocore.parsers import ResponseParserError
from urllib3 import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError, ResponseError

from powertools_stream.classification import (
    classify,
    error_code,
    is_configuration_error,
    is_invalid_request,
    is_retryable,
)
from powertools_stream.classification.reasons import retryable_predicate
from powertools_stream.errors import DeadlineError, HeldBackError, RequestFailedError, RetryableError, SettingError
from powertools_stream.outcomes import Reason

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
]


@pytest.mark.parametrize("error", PASSING, ids=repr)
def test_an_outage_is_passing_however_it_is_wrapped(error: Exception) -> None:
    assert is_retryable(error)
    assert is_retryable(_raised_from(error, ValueError("no answer")))
    assert is_retryable(_raised_from(None, ValueError(), context=error))


@pytest.mark.parametrize("error", FAULTS, ids=repr)
def test_what_another_attempt_does_not_mend_is_a_fault(error: Exception) -> None:
    assert classify(error) is Reason.FAULT
    assert classify(_raised_from(error, ValueError())) is Reason.FAULT


def test_a_certificate_that_is_not_trusted_is_a_fault_however_it_is_wrapped() -> None:
    wrapped = _of_library("requests.exceptions", "ConnectionError", "SSLError")
    wrapped.__context__ = ssl.SSLCertVerificationError()

    assert classify(wrapped) is Reason.FAULT


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
