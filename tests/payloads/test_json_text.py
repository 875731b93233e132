from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from enum import Enum
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, strategies as st
from pydantic import BaseModel, SecretStr

from powertools_stream.errors import InvalidRequestError, StreamError
from powertools_stream.payloads.json_text import from_json, to_json
from powertools_stream.payloads.masking import Masking
from powertools_stream.payloads.safe_json import read_json_texts, safe_json, to_safe, to_safe_json


class Line(BaseModel):
    sku: str
    price: Decimal


@dataclass
class Point:
    x: int
    y: Any = None


class Colour(Enum):
    RED = "red"


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError("no")


class BrokenModel:
    def model_dump(self) -> Any:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, 2.5, None, True], "b": "ä"}, '{"a":[1,2.5,null,true],"b":"ä"}'),
        (Decimal("42"), "42"),
        (Decimal("42.00"), "42"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.1"), "0.1"),
        (Decimal("12345678901234567890"), "12345678901234567890"),
        ({3, 1, 2}, "[1,2,3]"),
        (frozenset({"b", "a"}), '["a","b"]'),
        ({Decimal("2.5"), 1}, "[1,2.5]"),
        ({"a", 1}, '[1,"a"]'),
        (b"\x00\xff", '"AP8="'),
        (bytearray(b"a"), '"YQ=="'),
        (Line(sku="1", price=Decimal("9.5")), '{"sku":"1","price":9.5}'),
        (Point(1, Point(2)), '{"x":1,"y":{"x":2,"y":null}}'),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc), '"2026-01-02T03:04:05+00:00"'),
        (date(2026, 1, 2), '"2026-01-02"'),
        (UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (PurePosixPath("/a"), '"/a"'),
        (Colour.RED, '"red"'),
        (MappingProxyType({"a": 1}), '{"a":1}'),
        (SecretStr("hidden"), '"**********"'),
        ((1, 2), "[1,2]"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_have_their_json(value: Any, text: str) -> None:
    assert to_json(value) == text


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, Decimal("NaN"), Decimal("-Infinity")])
def test_numbers_that_json_does_not_know_are_named_by_their_path(number: Any) -> None:
    with pytest.raises(InvalidRequestError, match=r"at 'order\.lines\.1\.price'"):
        to_json({"id": "1", "order": {"lines": [{"price": 1}, {"price": number}]}})


def test_a_number_inside_a_model_is_named_too() -> None:
    with pytest.raises(ValueError, match=r"at 'point\.x'"):
        to_json({"point": Point(math.nan)})  # type: ignore[arg-type]


def test_a_cycle_is_refused() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)

    with pytest.raises(InvalidRequestError, match="Circular"):
        to_json(cycle)


def test_what_has_no_json_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        to_json({"a": object()})
    with pytest.raises(TypeError, match="ModelMetaclass"):
        to_json(Line)
    with pytest.raises(TypeError):
        to_json({("a",): 1})


def test_half_a_surrogate_pair_travels_escaped() -> None:
    text = to_json({"a": "ä\ud83d"})

    assert text == '{"a":"\\u00e4\\ud83d"}'
    assert from_json(text) == {"a": "ä\ud83d"}


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a":-Infinity}', "{", "", b"\xff{", "[" * 200_000])
def test_what_is_no_json_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError) as caught:
        from_json(text)

    assert not isinstance(caught.value, StreamError)


def test_json_is_read_from_text_and_bytes() -> None:
    assert from_json('{"a":"ä"}') == from_json('{"a":"ä"}'.encode()) == from_json(bytearray('{"a":"ä"}', "utf-16"))


def test_a_fault_may_hold_anything() -> None:
    cycle: dict[str, Any] = {"a": 1}
    cycle["self"] = [cycle]
    value = {
        "bytes": b"\xff",
        "set": {2, 1},
        "mixed": {"a", 1},
        "decimal": Decimal("0.1"),
        "huge": 2**63,
        "huge decimal": Decimal("1E+400"),
        "longer than python writes": 10**5000,
        "nan": math.nan,
        "decimal nan": Decimal("NaN"),
        "cycle": cycle,
        "model": Line(sku="1", price=Decimal("1")),
        "broken model": BrokenModel(),
        "broken": Broken(),
        "error": KeyError("x"),
        "surrogate": "\ud83d",
        1: "one",
        "1": "other",
        ("a", "b"): "tuple",
        "enum": Colour.RED,
        "bool": True,
        "point": Point(1),
        "class": Line,
    }

    read = json.loads(to_safe_json(value).encode())

    assert read["bytes"] == "/w=="
    assert read["set"] == [1, 2]
    assert sorted(map(str, read["mixed"])) == ["1", "a"]
    assert read["decimal"] == 0.1
    assert read["huge"] == str(2**63)
    assert read["huge decimal"] == "1E+400"
    assert read["longer than python writes"].startswith("0x")
    assert (read["nan"], read["decimal nan"]) == ("nan", "NaN")
    assert read["cycle"] == {"a": 1, "self": ["<cycle>"]}
    assert read["model"] == {"sku": "1", "price": 1}
    assert "BrokenModel" in read["broken model"]
    assert read["broken"] == "<Broken>"
    assert read["error"] == {"name": "KeyError", "message": "'x'"}
    assert read["surrogate"] == "�"
    assert (read["1"], read["1'"]) == ("one", "other")
    assert read["('a', 'b')"] == "tuple"
    assert (read["enum"], read["bool"], read["point"]) == ("red", True, {"x": 1, "y": None})
    assert "Line" in read["class"]


def test_the_same_value_twice_is_no_cycle() -> None:
    shared = {"a": 1}

    assert to_safe([shared, shared]) == [shared, shared]


def nested(depth: int, innermost: Any = None) -> Any:
    """A value that many levels deep: lists and objects in turn."""
    value = innermost
    for level in range(depth):
        value = [value, level] if level % 2 else {"deeper": value, "level": level}
    return value


@pytest.mark.parametrize("depth", [199, 200, 201, 265, 410, 700])
def test_what_is_nested_deep_comes_back(depth: int) -> None:
    value = nested(depth, [1.5, None, True, "ü", {}, []])

    assert read_json_texts(json.loads(to_safe_json(value))) == value


def levels_of(read: Any) -> tuple[int, Any]:
    levels = 0
    while isinstance(read, list):
        levels, read = levels + 1, read[0]
    return levels, read


def test_what_is_nested_too_deep_for_the_stack_is_kept_as_text() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]

    levels, innermost = levels_of(json.loads(to_safe_json(deep)))

    assert 10 < levels <= 1_000
    assert innermost == {"<json>": "[" * (100_001 - levels) + "]" * (100_001 - levels)}


def test_it_holds_near_the_end_of_the_stack() -> None:
    deep: list[Any] = []
    for _ in range(500):
        deep = [deep]

    def descend(levels: int) -> str:
        return descend(levels - 1) if levels else to_safe_json(deep)

    assert "<cut>" not in (text := descend(700))
    assert read_json_texts(json.loads(text)) == deep


@pytest.mark.parametrize("innermost", [Decimal("1.5"), {1: 2}, {(): 2}, object()])
def test_what_is_no_json_is_cut_below(innermost: Any) -> None:
    safe = safe_json(nested(300, innermost))

    assert '"<cut>"' in safe.text
    assert safe.is_cut


def test_secrets_are_not_kept_below() -> None:
    safe = safe_json(nested(300, "hunter2"), Masking(["hunter2"]))

    assert "hunter2" not in safe.text
    assert safe.is_cut


@pytest.mark.parametrize("text", ["[1]", "not JSON", 5, None])
def test_an_object_that_looks_like_a_text_of_json_comes_back(text: Any) -> None:
    value = {"a": [{"<json>": text}], "b": {"<json>": text, "c": 1}}

    assert read_json_texts(json.loads(to_safe_json(value))) == value


def test_a_cycle_below_is_cut() -> None:
    cycle: list[Any] = []
    cycle.append([cycle] * 2)
    value = nested(300, cycle)

    assert "<cut>" in to_safe_json(value)


def test_a_value_that_unfolds_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("powertools_stream.payloads.safe_json._MAX_VALUES", 1_000)
    value: list[Any] = [1]
    for _ in range(60):
        value = [value, value]

    assert "<cut>" in to_safe_json(value)


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    # Half a surrogate pair is replaced.
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=20,
)


@given(_JSON)
def test_json_comes_back_as_it_went(value: Any) -> None:
    assert from_json(to_json(value)) == value
    assert from_json(to_safe_json(value)) == value


@given(
    st.recursive(
        st.none()
        | st.floats()
        | st.decimals()
        | st.integers()
        | st.binary()
        | st.text()
        | st.datetimes()
        | st.complex_numbers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.integers() | st.text() | st.binary(), inner),
        max_leaves=20,
    )
)
def test_safe_json_is_always_json(value: Any) -> None:
    from_json(to_safe_json(value).encode())


def test_a_signalling_nan_is_refused_on_the_way_out_and_text_in_a_fault_event() -> None:
    with pytest.raises(ValueError, match="total"):
        to_json({"total": Decimal("sNaN")})

    assert to_safe({"total": Decimal("sNaN")}) == {"total": "sNaN"}
