from __future__ import annotations

from typing import Any

import pytest

from powertools_stream.cli.filters.clauses import ABSENT, Clause, clauses_of, is_covered, pattern_of, takes_all
from powertools_stream.cli.filters.fitting import ImpliedFilter, fitted


@pytest.mark.parametrize(
    ("wide", "narrow", "expected"),
    [
        (["a", "b"], "b", True),
        ([1], True, False),
        ([True], True, True),
        ([5], 5.0, True),
        ([{"prefix": "ab"}], "abc", True),
        ([{"prefix": "ab"}], {"prefix": "abc"}, True),
        ([{"prefix": "abc"}], {"prefix": "ab"}, False),
        ([{"suffix": "c"}], {"suffix": "bc"}, True),
        ([{"exists": True}], {"numeric": [">", 5]}, True),
        ([{"exists": True}], ABSENT, False),
        ([{"exists": False}], ABSENT, True),
        ([{"exists": False}], "a", False),
        ([{"anything-but": "x"}], "a", True),
        ([{"anything-but": "x"}], {"prefix": "a"}, True),
        ([{"anything-but": ["ab", "x"]}], {"prefix": "a"}, False),
        ([{"numeric": [">", 5]}], 6, True),
        ([{"numeric": [">", 5]}], {"numeric": [">", 5]}, True),
        ([{"equals-ignore-case": "A"}], "a", True),
    ],
)
def test_alternatives_are_compared(wide: list[Any], narrow: Any, expected: bool) -> None:
    assert takes_all(wide, narrow) is expected


def test_a_clause_is_covered_by_several_if_each_of_its_alternatives_is() -> None:
    (clause,) = clauses_of({"type": ["a", {"prefix": "b-"}], "size": [1]})
    first, second = clauses_of({"$or": [{"type": ["a"]}, {"type": [{"prefix": "b"}], "size": [{"exists": True}]}]})

    assert is_covered(clause, [first, second])
    assert not is_covered(clause, [first])
    assert not is_covered(Clause({}), [first])
    assert is_covered(first, [Clause({})])


def test_a_field_outside_and_inside_of_or_is_no_cover() -> None:
    pattern = {"type": ["a"], "$or": [{"type": ["a", "b"]}, {"size": [1]}]}
    assert [clause.fields for clause in clauses_of(pattern, exactly=True)] == [{("type",): ("a",), ("size",): (1,)}]
    assert len(clauses_of(pattern)) == 2


def a_filter(*patterns: Any, rule: str = "r") -> ImpliedFilter:
    return ImpliedFilter(tuple(clause for each in patterns for clause in clauses_of(each)), (rule,))


def test_filters_are_united_and_what_others_let_through_is_left_out() -> None:
    found = fitted(
        [
            a_filter({"body": {"type": ["a"]}}, rule="one"),
            a_filter({"body": {"type": ["b", {"prefix": "c"}]}}, rule="two"),
            a_filter({"body": {"type": ["cd"], "size": [1]}}, rule="three"),
            a_filter({"body": {"type": [{"prefix": "ca"}]}}, rule="four"),
        ],
        5,
    )
    assert found is not None
    assert [(each.text, each.rules) for each in found] == [
        ('{"body": {"type": ["a", "b", {"prefix": "c"}]}}', ("one", "two", "four"))
    ]


def test_what_clauses_have_in_common_stands_before_or() -> None:
    one = a_filter({"body": {"type": ["a"], "x": {"y": [1]}}}, {"body": {"type": ["a"], "x": {"z": [True]}}})
    assert one.pattern == {"body": {"type": ["a"], "x": {"$or": [{"y": [1]}, {"z": [True]}]}}}

    other = a_filter({"eventName": ["a"]}, {"dynamodb": {"x": [1]}})
    assert other.pattern == {"$or": [{"eventName": ["a"]}, {"dynamodb": {"x": [1]}}]}


def test_too_many_filters_are_united_by_or_and_those_of_one_rule_first() -> None:
    filters = [a_filter({"body": {name: [1]}}, rule=rule) for name, rule in [("a", "x"), ("b", "y"), ("c", "x")]]
    found = fitted(filters, 2)
    assert found is not None
    assert [each.pattern for each in found] == [{"body": {"$or": [{"a": [1]}, {"c": [1]}]}}, {"body": {"b": [1]}}]


def test_long_lists_are_cut_up_and_longer_ones_shortened() -> None:
    types = [f"order-{number:04}" for number in range(1000)]

    cut = fitted([a_filter({"body": {"type": types[:400]}})], 5)
    assert cut is not None
    assert len(cut) == 2
    assert [name for each in cut for name in each.pattern["body"]["type"]] == types[:400]

    shortened = fitted([a_filter({"body": {"type": types, "size": [1]}})], 1)
    assert shortened is not None
    assert [each.pattern for each in shortened] == [{"body": {"type": [{"prefix": "order-"}]}}]

    assert fitted([a_filter({"body": {"type": [f"{number}o" for number in range(5000)]}})], 2) is None


def test_a_pattern_and_its_clauses_are_the_same() -> None:
    pattern = {"body": {"type": ["a"], "order": {"total": [{"numeric": [">", 5]}]}}}
    assert [pattern_of(clause) for clause in clauses_of(pattern)] == [pattern]
