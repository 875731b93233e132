from __future__ import annotations

import re
from typing import Any

import pytest

from powertools_stream.cli.filters.types import types_of


@pytest.mark.parametrize(
    ("event_type", "expected"),
    [
        ("order-paid", ("order-paid",)),
        (["order-paid", "order-created", "order-paid"], ("order-paid", "order-created")),
        (re.compile("^order-"), ({"prefix": "order-"},)),
        (re.compile("^(order|payment)-"), ({"prefix": "order-"}, {"prefix": "payment-"})),
        (re.compile("^order-|^payment-"), ({"prefix": "order-"}, {"prefix": "payment-"})),
        (re.compile(r"\Aorder-[pc]aid\Z"), ("order-paid", "order-caid")),
        # `$` also matches before a line break.
        (re.compile("-created$"), ({"suffix": "-created"}, {"suffix": "-created\n"})),
        (re.compile(r"-created\Z"), ({"suffix": "-created"},)),
        (re.compile("-created$|^order-"), ({"suffix": "-created"}, {"suffix": "-created\n"}, {"prefix": "order-"})),
    ],
)
def test_a_type_is_told_as_it_is(event_type: Any, expected: Any) -> None:
    assert types_of(event_type) == (expected, "")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"^order-(created|paid)$", ({"prefix": "order-created"}, {"prefix": "order-paid"})),
        (r"^order-\w+$", ({"prefix": "order-"},)),
        (r"^order-(paid|p.*)", ({"prefix": "order-p"},)),
        (r"\w-created$", ({"suffix": "-created"}, {"suffix": "-created\n"})),
    ],
)
def test_of_a_regular_expression_the_beginning_or_the_end_is_told(pattern: str, expected: Any) -> None:
    why = f"filters have only beginnings and ends to compare with its event_type {pattern!r}"
    assert types_of(re.compile(pattern)) == (expected, why)


@pytest.mark.parametrize("pattern", ["order", "(?i)^order-", "(?m)^order-", "^", "^o?", r"\d$", "^a|b"])
def test_of_others_there_is_nothing_to_tell(pattern: str) -> None:
    assert types_of(re.compile(pattern)) == (None, f"filters have no operator for its event_type {pattern!r}")


def test_a_function_and_no_type_are_any() -> None:
    assert types_of(lambda uow: True) == (None, "its event_type is a function")
    assert types_of(None) == types_of("") == (None, "")


def test_an_expression_that_stands_for_many_texts_is_cut_short() -> None:
    types, _ = types_of(re.compile("^[abcdefgh][abcdefgh][abcdefgh]"))
    assert types is not None
    assert len(types) == 8
