from __future__ import annotations

import re
from itertools import product

from powertools_stream.cli.stack.globs import may_be_equal


def texts(alphabet: str, longest: int) -> list[str]:
    return ["".join(letters) for length in range(longest + 1) for letters in product(alphabet, repeat=length)]


def test_it_agrees_with_trying_all_texts() -> None:
    patterns, tried = texts("ab*", 3), texts("ab", 5)
    matched = {
        pattern: {text for text in tried if re.fullmatch(pattern.replace("*", ".*"), text)} for pattern in patterns
    }
    for left, right in product(patterns, repeat=2):
        assert may_be_equal(left, right) == bool(matched[left] & matched[right]), (left, right)
