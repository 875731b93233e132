from __future__ import annotations

import re

import pytest

from powertools_stream.errors import RuleError
from powertools_stream.flavors import TaskRule
from powertools_stream.matching.backtracking import ambiguous_repeat


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(a|aa)+$",
        "(a*)*",
        r"(\w+\s?)*$",
        "(aa?)+b",
        "^(([a-z])+.)+[A-Z]([a-z])+$",
        "(?:x|(?:a+)+)y",
        "(.*)*x",
        "(a+?)+$",
    ],
)
def test_a_pattern_that_may_take_for_ever_is_told(pattern: str) -> None:
    assert ambiguous_repeat(re.compile(pattern))


@pytest.mark.parametrize(
    "pattern",
    [
        "order-.*",
        "^thing-(created|updated|deleted)$",
        r"^(-\w+)+$",
        r"(\w+\.)*created",
        "(ab)+",
        "(?:foo|foobar)+",
        "[a-z]+-[0-9]{2,5}",
        "(a{3})+",
        ".*created.*",
        "(?i)Order(?!-draft).*",
    ],
)
def test_one_that_may_not_is_fine(pattern: str) -> None:
    assert not ambiguous_repeat(re.compile(pattern))


def test_a_rule_with_such_a_pattern_is_refused_at_import_with_what_to_do() -> None:
    with pytest.raises(
        RuleError, match=r"Rule 'r': the pattern '\(a\+\)\+\$' of the field 'event_type' .* event_pattern"
    ):
        TaskRule(id="r", event_type=re.compile("(a+)+$"), execute=lambda uow: None)
