from __future__ import annotations

import fnmatch
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st
from moto.events.models import EventPattern as MotoPattern

from powertools_stream.errors import EventPatternError, StreamError
from powertools_stream.matching import compile_event_pattern
from powertools_stream.rules.rule import Rule

SAMPLE: dict[str, Any] = {
    "version": "0",
    "id": "ddddd4-aaaa-7777-4444-345dd43cc333",
    "detail-type": "EC2 Instance State-change Notification",
    "source": "aws.ec2",
    "time": "2017-10-02T16:24:49Z",
    "resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-000000aaaaaa00000", "other"],
    "detail": {
        "c-count": 5,
        "d-count": 3,
        "x-limit": 301.8,
        "source-ip": "10.0.0.33",
        "state": "running",
        "nothing": None,
        "on": True,
        "empty": [],
        "mixed": ["a", 5, None, True],
        "nested": [["a", ["b"]], "c"],
        "path": "dir/lib/*/a\\b.png",
    },
}


def leaf(alternatives: list[Any], *values: Any) -> bool:
    """Match the field of an event; without a value, the field is missing."""
    return compile_event_pattern({"f": alternatives})(dict.fromkeys("f", *values) if values else {})


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"source": ["aws.ec2"]}, True),
        ({"source": ["aws.s3", "aws.ec2"]}, True),
        ({"source": ["aws.s3"]}, False),
        ({"source": ["aws.ec2"], "detail": {"state": ["initializing", "running"]}}, True),
        ({"source": ["aws.ec2"], "detail": {"state": ["stopped"]}}, False),
        ({"resources": ["other"]}, True),
        ({"time": [{"prefix": "2017-10-02"}]}, True),
        ({"source": [{"suffix": "ec2"}]}, True),
        ({"source": [{"equals-ignore-case": "AWS.Ec2"}]}, True),
        ({"detail": {"state": [{"anything-but": "initializing"}]}}, True),
        ({"detail": {"x-limit": [{"anything-but": [100, 200, 300]}]}}, True),
        ({"detail": {"c-count": [{"numeric": [">", 0, "<=", 5]}]}}, True),
        ({"detail": {"c-count": [{"numeric": [">", 0, "<", 5]}]}}, False),
        ({"detail": {"x-limit": [{"numeric": ["=", 3.018e2]}]}}, True),
        ({"detail": {"source-ip": [{"cidr": "10.0.0.0/24"}]}}, True),
        ({"detail": {"c-count": [{"exists": True}]}}, True),
        ({"detail": {"e-count": [{"exists": False}]}}, True),
        ({"detail": {"path": [{"wildcard": "dir/*/\\*/a\\\\b.*"}]}}, True),
        ({"detail": {"on": [True], "nothing": [None]}}, True),
        ({"detail": {"missing": ["x"]}}, False),
        ({"detail": {"state": {"deeper": ["x"]}}}, False),
        ({"detail": ["running"]}, False),
    ],
)
def test_patterns_match_as_eventbridge_says(pattern: dict[str, Any], expected: bool) -> None:
    assert compile_event_pattern(pattern)(SAMPLE) is expected
    assert compile_event_pattern(json.dumps(pattern))(SAMPLE) is expected


@pytest.mark.parametrize(
    ("alternatives", "value", "expected"),
    [
        # Equality is that of JSON values: strings, numbers, true, false and null are five kinds.
        (["1"], 1, False),
        ([1], "1", False),
        ([1], True, False),
        ([True], 1, False),
        ([0], False, False),
        ([None], False, False),
        ([None], None, True),
        ([False], False, True),
        ([300], 300.0, True),
        ([3.0e2], 300, True),
        ([300], Decimal("300.0"), True),
        ([2**60], 2**60, True),
        (["a", 5], 5, True),
        (["a", 5], "a", True),
        (["a"], {"a": 1}, False),
        (["a"], b"a", False),
        ([5], float("nan"), False),
        ([5], Decimal("sNaN"), False),
        ([5], 10**400, False),
        # Any element of an array may match, however deep.
        (["b"], [["a", ["b"]], "c"], True),
        (["a"], ("a", "b"), True),
        (["a"], {"a", "b"}, True),
        (["d"], [["a", ["b"]], "c"], False),
        (["a"], [{"a": "a"}], False),
        (["a"], [], False),
        # Strings only.
        ([{"prefix": "1"}], 10, False),
        ([{"prefix": ""}], "x", True),
        ([{"prefix": {"equals-ignore-case": "Ab"}}], "aBc", True),
        ([{"prefix": {"equals-ignore-case": "Ab"}}], "aCc", False),
        ([{"suffix": {"equals-ignore-case": "BC"}}], "aBc", True),
        ([{"suffix": "x"}], None, False),
        ([{"equals-ignore-case": "STRASSE"}], "straße", False),
        ([{"equals-ignore-case": "ÄÖÜ"}], "äöü", True),
        ([{"equals-ignore-case": "σ"}], "ς", True),
        ([{"equals-ignore-case": "a"}], 5, False),
        # Wildcards.
        ([{"wildcard": "*"}], "", True),
        ([{"wildcard": "a"}], "a", True),
        ([{"wildcard": "a*a"}], "a", False),
        ([{"wildcard": "a*a"}], "aa", True),
        ([{"wildcard": "*b*b*"}], "abab", True),
        ([{"wildcard": "*b*b*"}], "ab", False),
        ([{"wildcard": "a*b*c"}], "abxbxc\nc", True),
        ([{"wildcard": "a\\**"}], "a*b", True),
        ([{"wildcard": "a\\**"}], "ab", False),
        ([{"wildcard": "a*"}], ["b", "ac"], True),
        ([{"wildcard": "*"}], 5, False),
        # Numbers only.
        ([{"numeric": ["<", 5]}], "4", False),
        ([{"numeric": ["<", 5]}], True, False),
        ([{"numeric": ["<=", 5]}], Decimal("5"), True),
        ([{"numeric": [">=", 5, "<", 6]}], 5.5, True),
        ([{"numeric": [">=", 5, "<", 6]}], 6, False),
        ([{"numeric": [">", 5]}], [1, 9], True),
        ([{"numeric": [">", -1e300]}], 0, True),
        # Anything but: every value that is there, of any kind, except for the listed ones.
        ([{"anything-but": "a"}], "b", True),
        ([{"anything-but": "a"}], "a", False),
        ([{"anything-but": "a"}], 5, True),
        ([{"anything-but": "a"}], None, True),
        ([{"anything-but": 5}], 5.0, False),
        ([{"anything-but": 5}], "5", True),
        ([{"anything-but": [5, 6]}], 7, True),
        ([{"anything-but": ["a", "b"]}], "b", False),
        ([{"anything-but": ["a", "b"]}], ["a", "c"], True),
        ([{"anything-but": ["a", "b"]}], ["a", "b"], False),
        ([{"anything-but": ["a"]}], [], False),
        ([{"anything-but": ["a"]}], {"x": 1}, False),
        ([{"anything-but": {"prefix": "a"}}], "ab", False),
        ([{"anything-but": {"prefix": ["a", "b"]}}], "bc", False),
        ([{"anything-but": {"prefix": ["a", "b"]}}], "c", True),
        ([{"anything-but": {"suffix": ".png"}}], "a.png", False),
        ([{"anything-but": {"suffix": [".png", ".jpg"]}}], "a.gif", True),
        ([{"anything-but": {"equals-ignore-case": "a"}}], "A", False),
        ([{"anything-but": {"equals-ignore-case": ["a", "b"]}}], "C", True),
        ([{"anything-but": {"wildcard": "*/lib/*"}}], "x/lib/y", False),
        ([{"anything-but": {"wildcard": ["*/lib/*", "*/bin/*"]}}], "x/src/y", True),
        ([{"anything-but": {"prefix": "a"}}], 5, True),
        # Addresses.
        ([{"cidr": "10.0.0.0/8"}], "10.255.0.1", True),
        ([{"cidr": "10.0.0.0/8"}], "11.0.0.1", False),
        ([{"cidr": "2001:db8::/32"}], "2001:db8::1", True),
        ([{"cidr": "2001:db8::/32"}], "10.0.0.1", False),
        ([{"cidr": "10.0.0.0/8"}], "example.com", False),
        ([{"cidr": "10.0.0.0/8"}], 167772161, False),
        # `exists` applies to a value, not to an object.
        ([{"exists": True}], None, True),
        ([{"exists": True}], {"x": 1}, False),
        ([{"exists": True}], [], False),
        ([{"exists": True}], [{"x": 1}], False),
        ([{"exists": True}], [[1]], True),
        ([{"exists": False}], None, False),
        ([{"exists": False}], {"x": 1}, True),
        ([{"exists": False}], [], True),
        ([{"exists": False}], [{"x": 1}, 5], False),
        # Operators and values in one array are alternatives.
        (["a", {"prefix": "b"}, {"numeric": [">", 5]}], "bc", True),
        (["a", {"prefix": "b"}, {"numeric": [">", 5]}], 6, True),
        (["a", {"exists": False}], "b", False),
        (["a", {"exists": False}], "a", True),
    ],
)
def test_a_field_matches(alternatives: list[Any], value: Any, expected: bool) -> None:
    assert leaf(alternatives, value) is expected


@pytest.mark.parametrize(
    "alternatives",
    [["a"], [None], [{"prefix": ""}], [{"anything-but": "a"}], [{"exists": True}], [{"wildcard": "*"}]],
)
def test_only_absence_matches_a_field_that_is_not_there(alternatives: list[Any]) -> None:
    assert leaf(alternatives) is False
    assert leaf([*alternatives, {"exists": False}]) is True


ROSTER = {
    "band": {
        "name": "The Beatles",
        "members": [
            {"given": "John", "surname": "Lennon", "role": ["bass", "vocals"], "homes": [{"city": "London"}]},
            {"given": "Paul", "surname": "McCartney", "role": ["bass"], "homes": [{"city": "Liverpool", "own": 1}]},
        ],
        "grid": [[{"x": 1, "y": 1}], [{"x": 2, "y": 2}]],
    }
}


@pytest.mark.parametrize(
    ("band", "expected"),
    [
        ({"members": {"given": ["John"], "surname": ["Lennon"]}}, True),
        # Two fields must not match in different elements of one array.
        ({"members": {"given": ["John"], "surname": ["McCartney"]}}, False),
        ({"members": {"given": ["Paul"], "role": ["vocals"]}}, False),
        ({"members": {"surname": ["Lennon"], "homes": {"city": ["London"]}}}, True),
        ({"members": {"surname": ["Lennon"], "homes": {"city": ["Liverpool"]}}}, False),
        ({"members": {"homes": {"city": ["London"], "own": [1]}}}, False),
        ({"members": {"surname": ["Lennon"]}, "grid": {"x": [2], "y": [2]}}, True),
        ({"grid": {"x": [1], "y": [2]}}, False),
        # Not even if an alternative names the second one.
        ({"members": {"given": ["John"]}, "$or": [{"members": {"surname": ["McCartney"]}}, {"name": ["x"]}]}, False),
        ({"members": {"given": ["John"]}, "$or": [{"members": {"surname": ["Lennon"]}}, {"name": ["x"]}]}, True),
        # An absent field is absent from every element.
        ({"members": {"surname": ["Lennon"], "homes": {"own": [{"exists": False}]}}}, False),
        ({"members": {"surname": ["Lennon"], "age": [{"exists": False}]}}, True),
        ({"fans": {"name": [{"exists": False}]}}, True),
        ({"fans": {"name": [{"exists": False}], "age": [5]}}, False),
    ],
)
def test_fields_of_one_array_agree_on_the_element(band: dict[str, Any], expected: bool) -> None:
    assert compile_event_pattern({"band": band})(ROSTER) is expected


@pytest.mark.parametrize(
    ("pattern", "event", "expected"),
    [
        ({"$or": [{"a": [1]}, {"b": [2]}]}, {"b": 2}, True),
        ({"$or": [{"a": [1]}, {"b": [2]}]}, {"b": 1}, False),
        ({"s": ["x"], "$or": [{"a": [1]}, {"b": [2]}]}, {"a": 1}, False),
        ({"s": ["x"], "$or": [{"a": [1]}, {"b": [2]}]}, {"a": 1, "s": "x"}, True),
        ({"d": {"$or": [{"a": [1]}, {"b": [2]}]}}, {"d": {"b": 2}}, True),
        ({"$or": [{"a": [1], "b": [2]}, {"c": [3]}]}, {"a": 1}, False),
        ({"$or": [{"a": [1], "$or": [{"b": [2]}, {"c": [3]}]}, {"e": [5]}]}, {"a": 1, "c": 3}, True),
        ({"$or": [{"a": [1]}, {"b": [2]}], "d": {"$or": [{"x": [1]}, {"y": [1]}]}}, {"a": 1, "d": {"y": 1}}, True),
        ({"$or": [{"a": [1]}, {"b": [2]}], "d": {"$or": [{"x": [1]}, {"y": [1]}]}}, {"a": 1, "d": {}}, False),
        # Otherwise it is a field with this name.
        ({"$or": {"a": [1]}}, {"$or": {"a": 1}}, True),
        ({"$or": ["a", "b"]}, {"$or": "b"}, True),
        ({"$or": [{"prefix": "a"}, {"prefix": "b"}]}, {"$or": "bc"}, True),
    ],
)
def test_or_takes_one_of_several_objects(pattern: Any, event: Any, expected: bool) -> None:
    assert compile_event_pattern(pattern)(event) is expected


@pytest.mark.parametrize(
    ("alternatives", "operator", "expected"),
    [
        ([{"prefix": 5}], "prefix", "a string"),
        ([{"prefix": {"wildcard": "a"}}], "prefix", "equals-ignore-case"),
        ([{"prefix": {"equals-ignore-case": 5}}], "prefix", "a string"),
        ([{"suffix": None}], "suffix", "a string"),
        ([{"suffix": ["a"]}], "suffix", "a string"),
        ([{"equals-ignore-case": ["a"]}], "equals-ignore-case", "a string"),
        ([{"wildcard": 5}], "wildcard", "a string"),
        ([{"wildcard": "a**b"}], "wildcard", "two '*' in a row"),
        ([{"wildcard": "a\\b"}], "wildcard", "backslashes"),
        ([{"wildcard": "a\\"}], "wildcard", "backslashes"),
        ([{"anything-but": []}], "anything-but", "a list of strings or of numbers"),
        ([{"anything-but": ["a", 5]}], "anything-but", "a list of strings or of numbers"),
        ([{"anything-but": [None]}], "anything-but", "a list of strings or of numbers"),
        ([{"anything-but": True}], "anything-but", "a string, a number"),
        ([{"anything-but": {}}], "anything-but", "one of 'prefix'"),
        ([{"anything-but": {"numeric": ["=", 5]}}], "anything-but", "one of 'prefix'"),
        ([{"anything-but": {"prefix": ""}}], "anything-but", "not empty"),
        ([{"anything-but": {"suffix": []}}], "anything-but", "a list of strings"),
        ([{"anything-but": {"prefix": "a", "suffix": "b"}}], "anything-but", "one of"),
        ([{"anything-but": {"wildcard": "**"}}], "anything-but", "two '*' in a row"),
        ([{"numeric": 5}], "numeric", "a list such as"),
        ([{"numeric": []}], "numeric", "a list such as"),
        ([{"numeric": ["="]}], "numeric", "a list such as"),
        ([{"numeric": ["!=", 5]}], "numeric", "an operator among"),
        ([{"numeric": ["=", "5"]}], "numeric", "a number"),
        ([{"numeric": ["=", True]}], "numeric", "a number"),
        ([{"numeric": ["=", float("nan")]}], "numeric", "a number"),
        ([{"numeric": ["=", 5, "<", 6]}], "numeric", "after >"),
        ([{"numeric": ["<", 5, ">", 1]}], "numeric", "after >"),
        ([{"numeric": [">", 5, "<", 5]}], "numeric", "a greater number"),
        ([{"numeric": [5, "="]}], "numeric", "an operator among"),
        ([{"cidr": "10.0.0.0"}], "cidr", "a range of addresses"),
        ([{"cidr": "10.0.0.0/33"}], "cidr", "a range of addresses"),
        ([{"cidr": "example.com/8"}], "cidr", "a range of addresses"),
        ([{"cidr": 5}], "cidr", "a range of addresses"),
        ([{"exists": "true"}], "exists", "true or false"),
        ([{"exists": 1}], "exists", "true or false"),
        ([{"exists": None}], "exists", "true or false"),
        ([{"contains": "a"}], "contains", "one of the operators"),
        ([{"prefix": "a", "suffix": "b"}], None, "one operator in an object"),
        ([{}], None, "one operator in an object"),
        ([["a"]], None, "a string, a number"),
        ([float("nan")], None, "a string, a number"),
        ([], None, "an array with values or operators"),
    ],
)
def test_a_mistake_names_the_operator_and_the_path(alternatives: Any, operator: str | None, expected: str) -> None:
    with pytest.raises(EventPatternError) as caught:
        compile_event_pattern({"detail": {"order": alternatives}})

    message = str(caught.value)
    assert "'detail.order'" in message
    assert expected in message
    assert caught.value.path == ("detail", "order")
    assert caught.value.operator == operator
    assert operator is None or repr(operator) in message
    assert isinstance(caught.value, StreamError)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ({}, "at the top to have an object with fields, but found an empty one"),
        ({"detail": {}}, "at 'detail' to have an object with fields"),
        ({"source": "aws.ec2"}, r"at 'source'.*an array.*'aws\.ec2'\. Put it in \[\]"),
        ({"source": None}, "at 'source'.*an array"),
        ({5: ["a"]}, "names of fields to be strings, but found 5"),
        ([], "to be an object"),
        ("[]", "to be an object"),
        ("{", "text of a JSON object"),
        ('{"a": ["x"], "a": ["y"]}', "'a' twice"),
        ({"$or": [{"a": ["x"]}]}, "takes two objects or more"),
        ({"a": [{"prefx": "x"}]}, r"found 'prefx'\. Did you mean 'prefix'\?"),
        ({f"f{n}": ["x", {"exists": False}] for n in range(10)}, "at most 1000 combinations"),
    ],
)
def test_a_pattern_that_is_none_is_told(pattern: Any, message: str) -> None:
    with pytest.raises(EventPatternError, match=message):
        compile_event_pattern(pattern)


# -- Properties --------------------------------------------------------------------------------------------------------

TEXTS = st.text(alphabet="ab*\\ß", max_size=8)
NUMBERS = st.one_of(st.integers(-1000, 1000), st.floats(-1000, 1000), st.decimals(-1000, 1000))
SCALARS = st.one_of(TEXTS, NUMBERS, st.booleans(), st.none())
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3))
WILDCARDS = st.lists(st.sampled_from(["a", "b", "*", "\\*", "\\\\"]), max_size=8).map("".join)
WILDCARDS = WILDCARDS.filter(lambda text: "**" not in text.replace("\\\\", "").replace("\\*", "x"))
TESTS = st.one_of(
    SCALARS,
    st.builds(lambda text: {"prefix": text}, TEXTS),
    st.builds(lambda text: {"suffix": text}, TEXTS),
    st.builds(lambda text: {"wildcard": text}, WILDCARDS),
    st.builds(lambda value: {"anything-but": value}, st.one_of(TEXTS, st.integers(-5, 5))),
    st.builds(lambda bound: {"numeric": [">", bound]}, st.integers(-5, 5)),
    st.builds(lambda value: {"exists": value}, st.booleans()),
)
PATTERNS = st.dictionaries(st.sampled_from("fgh"), st.lists(TESTS, min_size=1, max_size=3), min_size=1, max_size=3)
EVENTS = st.dictionaries(st.sampled_from("fgh"), VALUES, max_size=3)


@given(WILDCARDS, TEXTS)
def test_a_wildcard_matches_as_its_regular_expression_does(wildcard: str, text: str) -> None:
    pieces = re.findall(r"\\.|.", wildcard)
    expression = "".join(".*" if piece == "*" else re.escape(piece[-1]) for piece in pieces)

    assert leaf([{"wildcard": wildcard}], text) is bool(re.fullmatch(expression, text, re.DOTALL))


@given(st.text(alphabet="ab*", max_size=8).filter(lambda text: "**" not in text), st.text(alphabet="ab", max_size=8))
def test_a_wildcard_without_escapes_matches_as_a_shell_does(wildcard: str, text: str) -> None:
    assert leaf([{"wildcard": wildcard}], text) is fnmatch.fnmatchcase(text, wildcard)


@given(SCALARS, st.integers(-1000, 1000), st.integers(1, 1000))
def test_a_range_holds_numbers_as_python_compares_them(value: Any, low: int, width: int) -> None:
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)

    expected = is_number and low < float(value) <= low + width

    assert leaf([{"numeric": [">", low, "<=", low + width]}], value) is expected


@given(SCALARS, TEXTS)
def test_anything_but_is_the_complement_for_a_value_that_is_there(value: Any, text: str) -> None:
    assert leaf([{"anything-but": text}], value) is not leaf([text], value)


@given(VALUES)
def test_a_field_exists_or_does_not(value: Any) -> None:
    assert leaf([{"exists": True}], value) is not leaf([{"exists": False}], value)


@given(PATTERNS, PATTERNS, EVENTS)
def test_or_matches_where_either_of_two_patterns_does(first: Any, second: Any, event: Any) -> None:
    either = compile_event_pattern({"$or": [first, second]})(event)

    assert either is (compile_event_pattern(first)(event) or compile_event_pattern(second)(event))


@given(st.text(max_size=30), st.text(max_size=30))
def test_case_is_ignored_whichever_side_has_it(text: str, other: str) -> None:
    assert leaf([{"equals-ignore-case": text}], text)
    assert leaf([{"equals-ignore-case": text}], other) is leaf([{"equals-ignore-case": other}], text)


@given(PATTERNS.filter(lambda pattern: "Decimal" not in repr(pattern)), EVENTS)
def test_the_text_of_a_pattern_is_the_same_pattern(pattern: Any, event: Any) -> None:
    assert compile_event_pattern(json.dumps(pattern))(event) is compile_event_pattern(pattern)(event)


# -- Compared with moto ------------------------------------------------------------------------------------------------

# Only cases in which moto agrees with EventBridge: fields that are plain values or arrays of them. It is wrong about
# arrays of objects, `exists` (for objects and empty arrays), null and numbers that Python equates with booleans,
# Decimals, and prefix, suffix and anything-but for a value that is not a string.
PLAIN = st.one_of(st.text(alphabet="ab*", max_size=5), st.integers(2, 9))
MOTO_TESTS = st.one_of(
    PLAIN,
    st.builds(lambda text: {"prefix": text}, st.text(alphabet="ab", max_size=2)),
    st.builds(lambda text: {"suffix": text}, st.text(alphabet="ab", max_size=2)),
    st.builds(lambda text: {"prefix": {"equals-ignore-case": text}}, st.text(alphabet="aB", max_size=2)),
    st.builds(lambda text: {"equals-ignore-case": text}, st.text(alphabet="aB", max_size=2)),
    st.builds(lambda text: {"wildcard": text}, WILDCARDS),
    st.builds(lambda value: {"anything-but": value}, PLAIN),
    st.builds(lambda values: {"anything-but": values}, st.lists(st.integers(2, 9), min_size=1, max_size=3)),
    st.builds(lambda low: {"numeric": [">=", low, "<", low + 3]}, st.integers(2, 9)),
)
MOTO_FIELDS = st.dictionaries(st.sampled_from("fgh"), st.lists(MOTO_TESTS, min_size=1, max_size=3), min_size=1)
MOTO_PATTERNS = st.one_of(
    MOTO_FIELDS,
    st.builds(lambda fields: {"detail": fields}, MOTO_FIELDS),
    st.builds(lambda a, b: {"$or": [a, b]}, MOTO_FIELDS, MOTO_FIELDS),
)
MOTO_VALUES = st.one_of(PLAIN, st.lists(PLAIN, min_size=1, max_size=3))
MOTO_INNER = st.dictionaries(st.sampled_from("fgh"), MOTO_VALUES, min_size=1)


@given(MOTO_PATTERNS, MOTO_INNER, MOTO_INNER)
def test_moto_says_the_same_where_it_is_right(pattern: Any, event: Any, detail: Any) -> None:
    event = {**event, "detail": detail}

    assert compile_event_pattern(pattern)(event) is MotoPattern(None, pattern).matches_event(event)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ({"a": [1, 2], "$or": [{"a": [2]}, {"b": [3]}]}, "a"),
        ({"d": {"a": [1]}, "$or": [{"d": {"a": [2]}}, {"b": [3]}]}, "d.a"),
        ({"d": {"a": [1], "$or": [{"a": [2]}, {"b": [3]}]}}, "d.a"),
        ({"a": [{"exists": False}], "$or": [{"a": [2]}, {"b": [3]}]}, "a"),
        ({"$or": [{"a": [1], "$or": [{"a": [2]}, {"c": [3]}]}, {"e": [5]}]}, "a"),
        ({"$or": [{"d": {"a": [1]}}, {"b": [2]}], "d": {"$or": [{"a": [1]}, {"c": [1]}]}}, "d.a"),
    ],
)
def test_a_field_outside_and_inside_of_or_is_warned_of(pattern: dict[str, Any], path: str) -> None:
    says = rf"he event pattern names the field '{path}' both outside and inside of \$or"
    with pytest.warns(UserWarning, match=f"^T{says}") as alone:
        compile_event_pattern(pattern)
    with pytest.warns(UserWarning, match=f"^Rule 'r': the field 'record_pattern': t{says}") as of_a_rule:
        Rule(id="r", flavor=lambda uow, rule: uow, record_pattern=pattern)

    assert (len(alone), len(of_a_rule)) == (1, 1)
    assert alone[0].filename == __file__


@pytest.mark.parametrize(
    "pattern",
    [
        {"a": [1], "$or": [{"b": [2]}, {"c": [3]}]},
        {"$or": [{"a": [1]}, {"a": [2], "b": [1]}]},
        {"d": {"a": [1]}, "a": [1], "$or": [{"d": {"b": [1]}}, {"c": [3]}]},
        {"a": [{"exists": False}, 1, {"prefix": "x"}]},
    ],
)
def test_a_field_on_one_side_of_or_is_not_warned_of(pattern: dict[str, Any]) -> None:
    compile_event_pattern(pattern)
