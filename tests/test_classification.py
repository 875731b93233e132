from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ChecksumError, ClientError, IncompleteReadError
from botocore.parsers import ResponseParserError

from powertools_stream.classification import (
    classify,
    error_code,
    is_configuration_error,
    is_invalid_request,
    is_retryable,
)
from powertools_stream.classification.reasons import retryable_predicate
from powertools_stream.errors import DeadlineError, HeldBackError, RequestFailedError
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
