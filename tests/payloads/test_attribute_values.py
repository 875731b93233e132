from __future__ import annotations

import json
import math
import subprocess
import sys
from base64 import b64encode
from decimal import Decimal
from enum import Enum, IntEnum
from types import MappingProxyType
from typing import Any

import pytest
from boto3.dynamodb.types import Binary, TypeDeserializer
from hypothesis import HealthCheck, given, settings, strategies as st
from pydantic import BaseModel

from powertools_stream.payloads.attribute_values import deserialize, deserialize_item, serialize, serialize_item

# A loaded machine is no failure.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

texts = st.text('ab€ "\\\x00', max_size=6)
ints = st.integers(-(10**38) + 1, 10**38 - 1)
decimals = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent),
    st.integers(-(10**28) + 1, 10**28 - 1),
    st.integers(-90, 90),
)
floats = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e120, max_value=1e120).filter(
    lambda number: number == 0 or abs(number) > 1e-120
)
scalars = st.none() | st.booleans() | ints | decimals | floats | texts | st.binary()
sets = (
    st.frozensets(texts, min_size=1)
    | st.frozensets(ints | decimals, min_size=1)
    | st.frozensets(st.binary(), min_size=1)
)
# Kinds and nesting are what matters. Without limits most of the time goes into drawing values that grow too large.
values = st.recursive(
    scalars | sets,
    lambda part: st.lists(part, max_size=4) | st.dictionaries(texts, part, max_size=4),
    max_leaves=10,
)
items = st.dictionaries(texts, values, max_size=4)


@unhurried
@given(items)
def test_what_is_written_is_read_back_without_loss(item: dict[str, Any]) -> None:
    assert deserialize_item(serialize_item(item)) == _shortest(item)


@unhurried
@given(items)
def test_boto3_reads_what_is_written_as_the_same(item: dict[str, Any]) -> None:
    assert TypeDeserializer().deserialize(serialize(item)) == _shortest(item)


@unhurried
@given(items)
def test_a_stream_gives_binary_as_base64_and_it_is_read_as_bytes(item: dict[str, Any]) -> None:
    streamed = json.loads(json.dumps(serialize_item(item), default=lambda binary: b64encode(binary).decode()))

    assert deserialize_item(streamed) == _shortest(item)


@unhurried
@given(floats)
def test_a_float_goes_by_its_shortest_decimal_form(number: float) -> None:
    text = serialize(number)["N"]

    assert Decimal(text) == Decimal(repr(number))
    assert float(text) == number


def _shortest(value: Any) -> Any:
    """Convert floats as a round trip does: to the number that their shortest form stands for."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, dict):
        return {name: _shortest(part) for name, part in value.items()}
    return [_shortest(part) for part in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("42", 42),
        ("-7", -7),
        ("1.0", 1),
        ("1E+2", 100),
        ("0.1", Decimal("0.1")),
        ("99999999999999999999999999999999999999", 10**38 - 1),
        ("12345678901234567890123456789012345678.5", Decimal("12345678901234567890123456789012345678.5")),
        ("1" + "0" * 125, 10**125),
    ],
)
def test_integral_numbers_are_ints_and_others_decimals(text: str, expected: Any) -> None:
    number = deserialize({"N": text})

    assert number == expected
    assert type(number) is type(expected)


@pytest.mark.parametrize("text", ["1E+999999999", "NaN", "Infinity", "one", "", "-1E+126"])
def test_what_is_no_number_of_dynamodb_is_an_error_and_not_a_flood_of_digits(text: str) -> None:
    with pytest.raises(ValueError, match="under 'N'"):
        deserialize({"N": text})


def test_a_number_that_came_as_one_is_read_without_loss() -> None:
    assert deserialize({"N": 42}) == 42
    assert deserialize({"N": 1.5}) == Decimal("1.5")


def test_a_plain_value_in_place_of_an_attribute_value_is_told() -> None:
    with pytest.raises(ValueError, match="found 'street'"):
        deserialize({"street": "Main"})


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, Decimal("NaN"), Decimal("Infinity")])
def test_nan_and_infinity_are_refused(number: Any) -> None:
    with pytest.raises(ValueError, match="number that DynamoDB can hold"):
        serialize(number)
    with pytest.raises(ValueError, match="number that DynamoDB can hold"):
        serialize({number})


@pytest.mark.parametrize("number", [10**38 + 1, Decimal("1E+126"), Decimal("1E-131"), 1e200, Decimal("1." + "1" * 38)])
def test_a_number_that_dynamodb_cannot_hold_is_refused(number: Any) -> None:
    with pytest.raises(ValueError, match="38 significant digits"):
        serialize(number)


def test_zeros_at_either_end_are_not_significant() -> None:
    assert serialize(10**125) == {"N": "1E+125"} or Decimal(serialize(10**125)["N"]) == 10**125
    assert Decimal(serialize(Decimal("1E-130"))["N"]) == Decimal("1E-130")
    assert serialize(-0.0) == {"N": "0"}
    assert serialize(2.0) == {"N": "2"}


def test_sets_are_written_sorted_and_never_empty() -> None:
    assert serialize({"b", "a"}) == {"SS": ["a", "b"]}
    assert serialize({10, 9, Decimal("9.5")}) == {"NS": ["9", "9.5", "10"]}
    assert serialize({0.1, Decimal("0.1")}) == {"NS": ["0.1"]}
    assert serialize(frozenset({b"b", b"a"})) == {"BS": [b"a", b"b"]}
    assert serialize({"a": 1}.keys()) == {"SS": ["a"]}
    with pytest.raises(ValueError, match="empty"):
        serialize(set())
    with pytest.raises(TypeError, match="found members of type int, str"):
        serialize({1, "a"})
    with pytest.raises(TypeError, match="members of type bool"):
        serialize({True})


class _Colour(str, Enum):
    RED = "red"


class _Level(IntEnum):
    HIGH = 3


class _Line(BaseModel):
    price: Decimal


def test_subclasses_enums_models_and_other_mappings_are_written_as_what_they_are() -> None:
    assert serialize(_Colour.RED) == {"S": "red"}
    assert type(serialize(_Colour.RED)["S"]) is str
    assert serialize(_Level.HIGH) == {"N": "3"}
    assert serialize(_Line(price=Decimal("1.50"))) == {"M": {"price": {"N": "1.50"}}}
    assert serialize(MappingProxyType({"a": None})) == {"M": {"a": {"NULL": True}}}
    assert serialize((1, bytearray(b"x"))) == {"L": [{"N": "1"}, {"B": b"x"}]}
    assert serialize(Binary(b"x")) == {"B": b"x"}


def test_a_value_or_key_that_dynamodb_cannot_hold_is_refused() -> None:
    with pytest.raises(TypeError, match="of type object"):
        serialize(object())
    with pytest.raises(TypeError, match="keys to be strings, found one of type int"):
        serialize({1: "a"})


def test_it_does_without_boto3() -> None:
    code = (
        "import sys, aws_lambda_powertools.utilities.batch; theirs = set(sys.modules); "
        "import powertools_stream.payloads.attribute_values; ours = set(sys.modules) - theirs; "
        "sys.exit('boto3' in sys.modules or bool({'botocore', 'botocore.session'} & ours))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
